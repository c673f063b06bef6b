"""The text of a progress file: its lines, boxes, sections and the ledger. Changes a line, leaves all others byte for byte.

Knows no file and no evidence. A line keeps its own end (LF, CRLF, none), and the text its byte order mark.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")  # str.splitlines would split at form feeds and U+2028 as well
_BOX = re.compile(
    r"(?P<before>[\ufeff \t]*(?:[-*+]|\d+[.)])[ \t]+\[)(?P<mark>[ xX])(?P<gap>\](?:[ \t]+|(?=<!--)))"
    r"(?P<words>.*?)(?P<space>[ \t]*<!--[ \t]*id:[ \t]*)(?P<id>[a-z0-9][a-z0-9-]*)(?P<after>[ \t]*-->.*)",
    re.DOTALL,
)
_SECTION = re.compile(r"[\ufeff ]{0,3}#{1,6}[ \t]+(?P<title>.*?)[ \t]*<!--[ \t]*section:[ \t]*(?P<fields>.*?)[ \t]*-->")
_HEADING = re.compile(r"\ufeff?#{1,6}[ \t]")
LEDGER = "<!-- workbook: how each box came, by which your words are told from ours (leave this comment as it is)"
LEDGER_START = "<!-- workbook:"
_ENTRY = re.compile(r"([a-z0-9][a-z0-9-]*) ([0-9a-f]{8})( proved)?")


@dataclass(frozen=True)
class Box:
    """A line with a box that has an id. ``rest`` is what the line says after its comment."""

    id: str
    ticked: bool
    words: str
    indent: int
    rest: str

    @property
    def print(self) -> str:
        """A fingerprint of the words."""
        return hashlib.sha256(self.words.strip().encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Section:
    """A heading with a comment ``section: ID, weeks: 1-2, stage: 1, topic: NAME``; all but the id may be missing."""

    id: str
    title: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Came:
    """What the ledger knows of a box: the fingerprint of the words that the workbook gave, and whether evidence ticked it."""

    words: str
    proved: bool = False


def split(text: str) -> list[str]:
    """The lines with their ends; joined they are the text again."""
    return _LINE.findall(text)


def box_of(line: str) -> Box | None:
    """The box on a line; None on any other line."""
    found = _BOX.fullmatch(line)
    if not found:
        return None
    before = found["before"]
    indent = len(before) - len(before.lstrip("\ufeff \t"))
    rest = found["after"].partition("-->")[2].strip()
    return Box(found["id"], found["mark"] != " ", found["words"], indent, rest)


def section_of(line: str) -> Section | None:
    """The section that a heading begins; None on any other line, and for a heading of the learner's."""
    found = _SECTION.match(line)
    if not found:
        return None
    name, *pairs = [part.strip() for part in found["fields"].split(",")]
    fields = {key.strip(): value.strip() for key, _, value in (pair.partition(":") for pair in pairs)}
    return Section(name, found["title"], fields)


def is_heading(line: str) -> bool:
    """Whether the line is a heading, with or without a section. An indented one may belong to the item above it."""
    return bool(_HEADING.match(line))


def retick(line: str, ticked: bool) -> str:
    """The box's line with its mark set."""
    found = _BOX.fullmatch(line)
    assert found
    if (found["mark"] != " ") == ticked:
        return line
    return line[: found.start("mark")] + ("x" if ticked else " ") + line[found.end("mark") :]


def reword(line: str, words: str) -> str:
    """The box's line with other words."""
    found = _BOX.fullmatch(line)
    assert found
    return line[: found.start("words")] + words + line[found.end("words") :]


class Page:
    """The lines of a progress file, to be changed; ``text`` is what they are now."""

    def __init__(self, text: str) -> None:
        self.lines = split(text)
        ends = [line[len(line.rstrip("\r\n")) :] for line in self.lines]
        self.end = max(("\n", "\r\n", "\r"), key=ends.count)  # what most lines end with

    @property
    def text(self) -> str:
        """All lines."""
        return "".join(self.lines)

    def boxes(self) -> dict[str, Box]:
        """By id, in the order of the file; of an id that stands twice the first."""
        found: dict[str, Box] = {}
        for box in filter(None, map(box_of, self.lines)):
            found.setdefault(box.id, box)
        return found

    def places(self) -> dict[str, int]:
        """The place of each box's line."""
        found: dict[str, int] = {}
        for place, line in enumerate(self.lines):
            if box := box_of(line):
                found.setdefault(box.id, place)
        return found

    def sections(self) -> dict[str, int]:
        """The place of each section's heading."""
        found: dict[str, int] = {}
        for place, line in enumerate(self.lines):
            if section := section_of(line):
                found.setdefault(section.id, place)
        return found

    def tick(self, ids: Iterable[str], ticked: bool = True) -> None:
        """Set or remove the marks of boxes; KeyError for an id that is not there."""
        places = self.places()
        for name in ids:
            self.lines[places[name]] = retick(self.lines[places[name]], ticked)

    def insert(self, place: int, lines: list[str]) -> None:
        """Put lines (without ends) before the line at ``place``; a last line without an end gets one."""
        if place and place <= len(self.lines) and self.lines[place - 1] == self.lines[place - 1].rstrip("\r\n"):
            self.lines[place - 1] += self.end
        self.lines[place:place] = [line + self.end for line in lines]

    def ledger_place(self) -> range:
        """The ledger's lines, from its first to its ``-->``; empty, at the end, where there is none."""
        starts = [place for place, line in enumerate(self.lines) if line.startswith(LEDGER_START)]
        if not starts:
            return range(len(self.lines), len(self.lines))
        last = next((n for n in range(starts[0], len(self.lines)) if "-->" in self.lines[n]), len(self.lines) - 1)
        return range(starts[0], last + 1)

    def ledger(self) -> dict[str, Came] | None:
        """How each box came; None where the file has no ledger."""
        place = self.ledger_place()
        entries = (_ENTRY.fullmatch(self.lines[n].strip()) for n in place[1:-1])
        return {found[1]: Came(found[2], bool(found[3])) for found in entries if found} if place else None

    def stray_entries(self) -> list[int]:
        """Places in the ledger of lines that are no entry."""
        return [n for n in self.ledger_place()[1:-1] if not _ENTRY.fullmatch(self.lines[n].strip())]

    def write_ledger(self, ledger: dict[str, Came]) -> None:
        """Replace the ledger where it stands, or put it at the end."""
        if self.ledger() == ledger:
            return
        entries = [f"{name} {came.words}{' proved' * came.proved}" for name, came in ledger.items()]
        place = self.ledger_place()
        if not place and self.lines and self.lines[-1].strip():
            self.insert(len(self.lines), [""])
            place = self.ledger_place()
        del self.lines[place.start : place.stop]
        self.insert(place.start, [LEDGER, *entries, "-->"])
