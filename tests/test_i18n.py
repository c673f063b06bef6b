"""Counts in English: one, or many."""

import pytest

from workbook.i18n import some


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (1234, ("new request",), "1,234 new requests"),
        (1, ("process", "processes"), "1 process"),
        (2, ("process", "processes"), "2 processes"),
    ],
)
def test_a_count_with_what_is_counted(count: int, words: tuple[str, ...], said: str) -> None:
    assert some(count, *words) == said
