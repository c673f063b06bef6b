"""Paragraphs that mix Chinese and English in lines of a given width: Chinese breaks between any two characters."""

import re

from rich.cells import cell_len

_NOT_FIRST = "，。；：、！？）》”…"  # a line does not begin with these
_NOT_LAST = "（《“"  # nor end with these


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` cells; a word wider than that, as a path, has a line of its own."""
    lines, line = [], ""
    for unit in _units(text):
        if line and cell_len((line + unit).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += unit if line else unit.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _units(text: str) -> list[str]:
    """What stays together: a word with the space after it, or a Chinese character with the punctuation around it."""
    wide = r"[\u2e80-\u9fff\uff00-\uffef]"
    return re.findall(rf"[{_NOT_LAST}]*(?:{wide}|(?:(?!{wide})\S)+)[{_NOT_FIRST}]*\s*|\S+\s*|\s+", text)
