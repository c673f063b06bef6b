"""Paragraphs that mix Chinese and English in lines of a given width: Chinese breaks between any two characters.

Rich and the terminal know only spaces, and would tear a command in two or begin a line with a full stop.
"""

import itertools
import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_NOT_FIRST = "，。；：、！？）》”…」』】"  # a line does not begin with these
_NOT_LAST = "（《“「『【"  # nor end with these, or with an arrow
_WIDE = r"[\u2e80-\u9fff\uff00-\uffef]"
# What stays together: a word with the space after it, or a Chinese character with the punctuation around it.
_UNIT = re.compile(
    rf"(?:[{_NOT_LAST}]|→ )*(?:{_WIDE}|(?:(?![{_NOT_LAST}]|{_WIDE})\S)+)[{_NOT_FIRST}]*\s*|\S+\s*|\s+",
)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` cells; a word wider than that, as a path, has a line of its own."""
    text = text.strip()
    starts = [0, *_starts(text, width), len(text)]
    return [text[start:end].rstrip() for start, end in itertools.pairwise(starts) if text[start:end]]


class Prose:
    """A text that rich breaks in this way, in a table or on its own; a word wider than the column is cut."""

    def __init__(self, text: str | Text, style: str = "") -> None:
        self.text = text if isinstance(text, Text) else Text(text, style=style)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for paragraph in self.text.split("\n", allow_blank=True):
            for line in paragraph.divide(_starts(paragraph.plain, options.max_width, cut=True)):
                line.rstrip()
                line.no_wrap, line.overflow = True, "ignore"
                yield line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        words = (cell_len(unit.group().rstrip()) for unit in _UNIT.finditer(self.text.plain))
        lines = (cell_len(line) for line in self.text.plain.splitlines())
        return Measurement(max(words, default=0), max(lines, default=0)).with_maximum(options.max_width)


def _starts(text: str, width: int, *, cut: bool = False) -> Iterator[int]:
    """Where a new line begins, after the first one. ``cut``: also inside a word that is wider than a line."""
    start = 0
    for unit in _UNIT.finditer(text):
        if unit.start() > start and cell_len(text[start : unit.end()].rstrip()) > width:
            yield (start := unit.start())
        while cut and cell_len(text[start : unit.end()].rstrip()) > max(width, 2):
            fits = next(end for end in range(unit.end(), start, -1) if cell_len(text[start:end]) <= max(width, 2))
            yield (start := text.rfind("/", start + 1, fits) + 1 or fits)  # a path rather between its folders
