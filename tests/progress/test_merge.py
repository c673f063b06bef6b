"""Merging and ticking, whatever the learner did to the file: hypothesis makes templates, edits and their order."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbook.progress import faults, learner
from workbook.progress.merge import RETIRED, merge
from workbook.progress.page import Page, box_of

SECTIONS = ["s1", "s2", "s3"]
IDS = [f"box-{letter}" for letter in "abcdefgh"]


def template_of(places: dict[str, tuple[str, str]]) -> str:
    """A template: id -> (section, words)."""
    parts = ["# Progress\n\nIntroduction.\n"]
    for section in SECTIONS:
        lines = [f"- [ ] {words} <!-- id: {name} -->" for name, (at, words) in places.items() if at == section]
        if lines:
            parts.append(
                f"\n### {section.upper()} <!-- section: {section}, stage: 1, topic: x -->\n\n" + "\n".join(lines) + "\n"
            )
    return "".join(parts)


@st.composite
def templates(draw: st.DrawFn) -> str:
    names = draw(st.lists(st.sampled_from(IDS), unique=True, min_size=1))
    place = st.tuples(st.sampled_from(SECTIONS), st.sampled_from(["one", "two", "three"]))
    return template_of({name: (at, f"{name[-1]} {words} · 词") for name in names for at, words in [draw(place)]})


# A learner's line: nothing that reads as an id, the ledger or a conflict marker, else anything, ends of lines apart.
LINES = st.one_of(
    st.sampled_from(
        [
            "",
            "  ",
            "\t",
            "my note",
            "  indented note  ",
            "## My heading",
            "- [ ] my own box",
            "- [x] mine <!-- id: my-own -->",
            "> quoted",
            "```",
            "=======",
            "1. first",
            "\x0cform feed",
            "a\u2028b",
            "笔记 ✓\u00a0",
            "- plain item",
            "<!-- my comment -->",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12).filter(
        lambda text: not re.search(r"id|workbook|<{3}|>{3}|\|{3}", text)
    ),
)


@dataclass(frozen=True)
class Edit:
    kind: str
    where: int
    text: str


EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(
            [
                "tick",
                "untick",
                "insert",
                "note",
                "words",
                "rest",
                "delete",
                "move",
                "indent",
                "crlf",
                "bom",
                "chop",
                "forget",
                "append",
            ]
        ),
        st.integers(0, 10_000),
        LINES,
    ),
    max_size=12,
)


def edited(text: str, edits: list[Edit]) -> str:
    """What a learner's editor would have left."""
    for edit in edits:
        page = Page(text)
        lines, boxes = page.lines, [n for n, line in enumerate(page.lines) if box_of(line)]
        end = edit.where % (len(lines) - len(page.ledger_place()) + 1)
        if edit.kind == "insert" and not ("my-own" in edit.text and "my-own" in text):
            lines.insert(end, edit.text + page.end)
        elif edit.kind == "crlf":
            text = re.sub(r"\r\n|\n", "\r\n" if edit.where % 2 else "\n", text)
            continue
        elif edit.kind == "bom":
            text = "\ufeff" + text.removeprefix("\ufeff")
            continue
        elif edit.kind == "forget" and edit.where % 3 == 0:
            text = text.partition("<!-- workbook:")[0]
            continue
        elif edit.kind == "append":
            text += edit.text.replace("my-own", "my-other") if "my-other" not in text else ""
            continue
        elif edit.kind == "chop":
            text = text.rstrip("\r\n")
            continue
        elif boxes:
            place = boxes[edit.where % len(boxes)]
            box = box_of(lines[place])
            assert box
            if edit.kind in ("tick", "untick"):
                page.tick([box.id], edit.kind == "tick")
            elif edit.kind == "words":
                lines[place] = lines[place].replace(box.words, "my words " + edit.text.strip().replace("<", "("), 1)
            elif edit.kind == "rest":
                lines[place] = re.sub(r"(\r?\n?)$", r" done on Monday\1", lines[place], count=1)
            elif edit.kind == "note":
                lines.insert(place + 1, "  " + edit.text.strip() + page.end)
            elif edit.kind == "delete":
                del lines[place]
            elif edit.kind == "move":
                line = lines.pop(place)
                lines.insert(edit.where % (len(lines) - len(page.ledger_place()) + 1), line.rstrip("\r\n") + page.end)
            elif edit.kind == "indent":
                lines[place] = "  " + lines[place] if not lines[place].startswith("\ufeff") else lines[place]
        text = page.text
    return text


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str]:
    """A learner's file based on one template, and perhaps merged with a second, and edited; with its template."""
    old = draw(templates())
    text = edited(merge(old, old)[0], draw(EDITS))
    if draw(st.booleans()):
        newer = draw(templates())
        if not faults.find(text, newer):
            text = edited(merge(text, newer)[0], draw(EDITS))
            old = newer
    return text, old


def others(text: str, boxes: set[str]) -> list[str]:
    """The lines that are no box of the workbook's and not its ledger."""
    page = Page(text)
    ledger = page.ledger_place()
    lines = [line for n, line in enumerate(page.lines) if n not in ledger]
    return [line for line in lines if not ((box := box_of(line)) and box.id in boxes)]


def is_within(part: list[str], whole: list[str], end: str) -> bool:
    """Whether the lines stand in the others in this order; a last line without an end may have got one."""
    rest = iter(whole)
    return all(any(line in (other, other.removesuffix(end)) for other in rest) for line in part)


@settings(max_examples=400, deadline=None)
@given(files(), templates(), st.booleans())
def test_merging_keeps_what_is_the_learner_s(file: tuple[str, str], new: str, restore: bool) -> None:
    text, old = file
    assume(not faults.find(text, new, restore))
    before, ours = Page(text), set(Page(old).boxes()) | set(Page(new).boxes()) | set(IDS)
    merged, changes = merge(text, new, restore)
    after = Page(merged)
    ledger = before.ledger() or {}

    if text.strip("\ufeff \t\r\n"):
        assert is_within(others(text, ours), others(merged, ours), before.end)
    assert merge(merged, new)[0] == merged
    assert faults.find(merged, new) == []

    for name, box in before.boxes().items():
        if name in after.boxes():
            assert after.boxes()[name].ticked == box.ticked
            assert after.boxes()[name].rest == box.rest
            if name in ledger and box.print != ledger[name].words:  # the learner's own words
                was, now = before.lines[before.places()[name]], after.lines[after.places()[name]]
                assert was.rstrip("\r\n") == now.rstrip("\r\n")
        else:
            assert name in changes.retired
            assert not box.ticked
            assert not box.rest
            assert box.print == ledger[name].words
        below = before.lines[before.places()[name] + 1 :][:1]
        if below and below[0].startswith("  ") and below[0].strip() and not box.indent and not box_of(below[0]):
            beside = after.lines[after.places()[name] + 1]  # a note stays below its box, also below one that is no more
            assert beside.rstrip("\r\n") == below[0].rstrip("\r\n")
    wanted = set(Page(new).boxes())
    taken_out = wanted & set(ledger) - set(before.boxes())
    assert wanted - set(after.boxes()) == (set() if restore else taken_out) == set(changes.missing)
    ids = [found.id for line in after.lines if (found := box_of(line))]
    assert len(ids) == len(set(ids))
    stayed = [name for name in before.boxes() if name in ids and name not in changes.retired]
    assert [name for name in ids if name in stayed] == stayed


@settings(max_examples=300, deadline=None)
@given(files(), templates(), st.sets(st.sampled_from(IDS)), st.booleans())
def test_merging_commutes_with_ticking(file: tuple[str, str], new: str, names: set[str], ticked: bool) -> None:
    text, _ = file
    assume(not faults.find(text, new))
    both = names & set(Page(text).boxes()) & set(Page(new).boxes())

    first = Page(text)
    first.tick(both, ticked)
    then = Page(merge(text, new)[0])
    then.tick(both, ticked)
    assert merge(first.text, new)[0] == then.text


@settings(max_examples=200, deadline=None)
@given(files(), st.lists(st.tuples(st.sampled_from(IDS), st.booleans())))
def test_ticking_changes_nothing_but_the_mark(file: tuple[str, str], ticks: list[tuple[str, bool]]) -> None:
    page = Page(file[0])
    before = list(page.lines)
    for name, ticked in ticks:
        if name in page.boxes():
            page.tick([name], ticked)
    for was, now in zip(before, page.lines, strict=True):
        assert was == now or (
            box_of(was) and re.sub(r"\[[ xX]\]", "[]", was, count=1) == re.sub(r"\[[ xX]\]", "[]", now, count=1)
        )


@settings(max_examples=200, deadline=None)
@given(files())
def test_a_file_of_this_template_is_left_byte_for_byte(file: tuple[str, str]) -> None:
    text, template = file
    assume(not faults.find(text, template))
    page = Page(text)
    assume(page.ledger() is not None)
    if all(page.ledger_place()[-1] + 1 < len(page.lines) or line.endswith(("\n", "\r")) for line in page.lines[-1:]):
        assert merge(text, template)[0] == text


@settings(max_examples=300, deadline=None)
@given(files(), templates(), st.integers(0, 10_000), st.integers(1, 60))
def test_a_file_of_which_something_was_cut_keeps_its_ticks_or_is_refused(
    file: tuple[str, str], new: str, at: int, size: int
) -> None:
    """An editor's slip: some characters are gone, anywhere. What still is a box keeps its tick; else a fault says so."""
    text, _ = file
    at %= len(text) + 1
    cut = text[:at] + text[at + size :]
    if not faults.find(cut, new):
        merged = Page(merge(cut, new)[0])
        for name, box in Page(cut).boxes().items():
            assert name not in merged.boxes() or merged.boxes()[name].ticked == box.ticked
            assert name in merged.boxes() or not box.ticked


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_newer_template_in_full(end: str) -> None:
    old = template_of({"box-a": ("s1", "A"), "box-b": ("s1", "B"), "box-c": ("s2", "C"), "box-d": ("s2", "D")})
    new = template_of(
        {
            "box-a": ("s1", "A better"),
            "box-e": ("s1", "E"),
            "box-b": ("s1", "B"),
            "box-f": ("s2", "F"),
            "box-g": ("s3", "G"),
        }
    )
    text = (
        merge(old, old)[0].replace("[ ] A", "[x] A").replace("[ ] D", "[X] D").replace("Introduction.", "My words.  ")
    )
    text = text.replace("id: box-b -->", "id: box-b --> yes\n  my note\n\nA paragraph.").replace("\n", end)
    merged, changes = merge(text, new)
    assert changes.added == ["box-e", "box-f", "box-g"]
    assert changes.reworded == ["box-a"]
    assert changes.retired == ["box-c", "box-d"]
    shown, _, ledger = merged.partition("<!-- workbook:")
    assert shown.replace(end, "\n") == (
        "# Progress\n\nMy words.  \n\n"
        "### S1 <!-- section: s1, stage: 1, topic: x -->\n\n"
        "- [x] A better <!-- id: box-a -->\n- [ ] E <!-- id: box-e -->\n- [ ] B <!-- id: box-b --> yes\n  my note\n\n"
        "A paragraph.\n\n"
        "### S2 <!-- section: s2, stage: 1, topic: x -->\n\n- [ ] F <!-- id: box-f -->\n\n"
        "### S3 <!-- section: s3, stage: 1, topic: x -->\n\n- [ ] G <!-- id: box-g -->\n\n"
        f"{RETIRED}\n\n- [X] D <!-- id: box-d -->\n\n"
    )
    assert len(re.findall(end, merged)) == merged.count("\n")
    assert ledger.count(end) == 7


def test_a_heading_of_an_earlier_version_is_used_again() -> None:
    before = "## No longer in the workbook · 练习册里已不再有的条目"
    old, new = template_of({"box-a": ("s1", "A"), "box-b": ("s1", "B")}), template_of({"box-a": ("s1", "A")})
    text = merge(old, old)[0].replace("[ ] B", "[x] B").replace("<!-- workbook:", f"{before}\n\n<!-- workbook:")
    merged = merge(text, new)[0]
    assert f"{before}\n\n- [x] B" in merged
    assert RETIRED not in merged


def test_plan_of_the_workbook_merges_into_itself() -> None:
    text, changes = merge(learner.template(), learner.template())
    assert text.startswith(learner.template())
    assert changes.added == changes.missing == []
    assert merge(text, learner.template())[0] == text


def test_a_last_line_without_an_end_gets_one_before_a_box_is_put_below_it() -> None:
    old = template_of({"box-a": ("s1", "A")})
    new = template_of({"box-a": ("s1", "A"), "box-b": ("s1", "B")})
    merged = merge(old.rstrip("\n"), new, restore=True)[0]
    assert "- [ ] A <!-- id: box-a -->\n- [ ] B <!-- id: box-b -->\n" in merged
