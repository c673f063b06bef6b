"""Lesson 1.3's exercise against what the real engine streamed."""

from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from grading.course import solution
from workbook.grading import grader
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.values import normal
from workbook.recorder import streams

STAGE = ROOT / "stages" / "1_basics"
LIFE = Evidence(STAGE / "recordings" / "life")


def test_the_solution_gives_what_the_engine_sent() -> None:
    [case] = grader.load("stream_text").cases(LIFE)
    assert solution(STAGE, "stream_text")(*case.arguments) == case.expected
    assert case.expected.count("") == 10
    assert case.arguments[0][-2:] == [b" \xf0\x9f", b"\x90"]  # half a panda, which is never sent
    assert case.expected[-2:] == ["", ""]


def test_each_mistake_differs_from_the_engine_and_from_the_others() -> None:
    marker = grader.load("stream_text")
    [case] = marker.cases(LIFE)
    answers = [normal(mistake.function(*case.arguments)) for mistake in marker.mistakes]
    assert case.expected not in answers
    assert all(answer not in answers[:place] for place, answer in enumerate(answers))


@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        ([], []),
        ([b"caf", b"\xc3", b"\xa9 "], ["caf", "", "\u00e9 "]),
        (
            [b"\xff", b"a"],
            ["", "\ufffda"],
        ),  # a byte that is no character anywhere: it is sent once it no longer ends the text
    ],
)
def test_the_solution_by_hand(pieces: list[bytes], texts: list[str]) -> None:
    assert solution(STAGE, "stream_text")(pieces) == texts


def test_the_engines_own_decoder_does_the_same_with_stray_bytes(smollm2: Path) -> None:
    from tokenizers.decoders import DecodeStream
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(str(smollm2))
    tokens = [tokenizer.convert_tokens_to_ids(token) for token in ("\u012e", "\u00ac", ",")]
    pieces = [streams.piece(tokenizer, token) for token in tokens]
    assert pieces == [b"\x8c", b"\xac", b","]  # the middle of two characters, without their beginnings
    stream = DecodeStream(skip_special_tokens=True)
    sent = [stream.step(tokenizer._tokenizer, token) or "" for token in tokens]
    assert solution(STAGE, "stream_text")(pieces) == sent == ["", "", "\ufffd\ufffd,"]


def test_a_run_without_a_stream_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LackingError, match="run it again with `workbook run"):
        list(grader.load("stream_text").cases(Evidence(tmp_path / "step1_token_lifecycle" / "now")))
