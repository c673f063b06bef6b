"""A newer template merged into the learner's file: text in, text out.

New boxes go where the template has them, reworded boxes get the new words unless the learner changed the line's words,
a box that the learner took out stays out, and a box that the template no longer has goes, or, where the learner ticked
it or wrote on it, moves below a heading of its own. No other line changes.
"""

import re
from dataclasses import dataclass, field

from workbook.progress.page import LEDGER_START, Came, Page, box_of, is_heading, reword, section_of

_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]")
RETIRED = "## No longer in the workbook · 手册里已不再有的条目"
_RETIRED_BEFORE = "## No longer in the workbook · 练习册里已不再有的条目"  # as earlier versions wrote it: it stays


@dataclass
class Changes:
    """Ids of boxes, by what the merge did with them. ``missing``: taken out by the learner, and left out."""

    added: list[str] = field(default_factory=list)
    reworded: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def merge(text: str, template: str, restore: bool = False) -> tuple[str, Changes]:
    """The learner's text with what a newer template brings. With ``restore`` boxes that were taken out come back.

    The text must have no faults (``workbook.progress.faults``).
    """
    page, new, changes = Page(text if text.strip("\ufeff \t\r\n") else template), Page(template), Changes()
    came, wanted = page.ledger() or {}, new.boxes()
    for name, box in page.boxes().items():
        if name not in wanted and name in came:
            _retire(page, name, came[name])
            changes.retired.append(name)
        elif name in wanted and wanted[name].print != box.print == (came[name].words if name in came else None):
            place = page.places()[name]
            page.lines[place] = reword(page.lines[place], wanted[name].words)
            changes.reworded.append(name)
    for name in wanted:
        if name in page.boxes():
            continue
        if name in came and not restore:
            changes.missing.append(name)
            continue
        _add(page, new, name)
        changes.added.append(name)
    proved = {name for name, entry in came.items() if entry.proved}
    page.write_ledger({name: Came(box.print, name in proved) for name, box in wanted.items()})
    return page.text, changes


def _add(page: Page, new: Page, name: str) -> None:
    """Put a box of the template where it belongs: beside its neighbours, else below its heading, else with its heading."""
    line = new.lines[new.places()[name]].rstrip("\r\n")
    heading, siblings = _home(new, name)
    places, at = page.places(), siblings.index(name)
    if before := next((s for s in reversed(siblings[:at]) if s in places), None):
        page.insert(_below(page, places[before]), [line])
    elif after := next((s for s in siblings[at:] if s in places), None):
        page.insert(places[after], [line])
    else:
        section = section_of(heading)
        assert section, "a template's boxes stand below headings with a section"
        if section.id not in page.sections():
            _add_heading(page, heading, section.id, list(new.sections()))
        _put_below(page, page.sections()[section.id], line)


def _add_heading(page: Page, heading: str, name: str, order: list[str]) -> None:
    """A section's heading, after the section that the template has before it."""
    here, at = page.sections(), order.index(name)
    if before := next((s for s in reversed(order[:at]) if s in here), None):
        place = here[before] + 1
        while place < len(page.lines) and not is_heading(page.lines[place]) and place != _end(page):
            place += 1
    else:
        place = next((here[s] for s in order[at:] if s in here), _end(page))
    _put_heading(page, place, heading.rstrip("\r\n"))


def _retire(page: Page, name: str, came: Came) -> None:
    """Take out a box that the template no longer has; what the learner made of it moves below a heading."""
    place = page.places()[name]
    line, box = page.lines[place], page.boxes()[name]
    if _below(page, place) > place + 1:
        return  # with notes of the learner's below it: it stays where they are
    del page.lines[place]
    if box.ticked or box.print != came.words or box.rest:
        headings = (RETIRED, _RETIRED_BEFORE)
        if not any(text.strip() in headings for text in page.lines):
            _put_heading(page, _end(page), RETIRED)
        heading = next(n for n, text in enumerate(page.lines) if text.strip() in headings)
        _put_below(page, heading, line.rstrip("\r\n"))


def _put_heading(page: Page, place: int, heading: str) -> None:
    above = [""] if place and page.lines[place - 1].strip() else []
    page.insert(place, [*above, heading, ""])


def _put_below(page: Page, heading: int, line: str) -> None:
    """A box below a heading and the boxes that begin there, apart from what the learner wrote below them."""
    place = heading + 1
    if place < len(page.lines) and not page.lines[place].strip():
        place += 1
        above = []
    else:
        above = [""]
    while place < len(page.lines) and box_of(page.lines[place]):
        place = _below(page, place)
    crowded = place < len(page.lines) and page.lines[place].strip()
    page.insert(place, [*above, line, *([""] if crowded else [])])


def _home(new: Page, name: str) -> tuple[str, list[str]]:
    """The heading below which the template has a box, and the ids of all boxes there."""
    heading, ids = "", list[str]()
    for line in new.lines:
        if is_heading(line):
            if name in ids:
                break
            heading, ids = line, []
        elif box := box_of(line):
            ids.append(box.id)
    return heading, ids


def _below(page: Page, place: int) -> int:
    """The place after a box and the learner's lines that belong to it: all up to a blank line, a heading, the next item."""
    box = box_of(page.lines[place])
    assert box
    for below in range(place + 1, len(page.lines)):
        line = page.lines[below]
        outside = len(line) - len(line.lstrip(" \t")) <= box.indent
        begins = (outside and _ITEM.match(line)) or is_heading(line) or line.startswith(LEDGER_START)
        if not line.strip() or begins or box_of(line):
            return below
    return len(page.lines)


def _end(page: Page) -> int:
    """The end of the text, before the ledger."""
    return page.ledger_place().start
