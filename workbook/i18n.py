"""Messages in the learner's language: English, or Chinese where the locale is Chinese."""

import os
from collections.abc import Iterable
from typing import TypeVar

# The order in which a POSIX system looks for the language of messages; ours goes first.
_VARIABLES = ("WORKBOOK_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def chinese() -> bool:
    """Whether the first set variable of the locale names Chinese (``zh_CN.UTF-8``, ``zh``, ...)."""
    value = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), "")
    return value.lower().startswith("zh")


_Text = TypeVar("_Text", str, list[str])


def tr(en: _Text, zh: _Text) -> _Text:
    """Return ``zh`` where the locale is Chinese, else ``en``."""
    return zh if chinese() else en


def some(count: int, one: str, many: str = "") -> str:
    """In English, a count and what is counted: "1 row", "1,234 rows"; ``many``: a plural that is not ``one`` and an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def listed(names: Iterable[str]) -> str:
    """Names in a row, with the comma of the learner's language."""
    return tr(", ", "、").join(names)
