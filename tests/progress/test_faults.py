"""A mangled file: each fault by its line, with the remedy; nothing is written."""

import codecs
import shutil
from pathlib import Path

import pytest

from workbook.errors import WorkbookError
from workbook.progress import faults, learner
from workbook.progress.merge import merge

WHOLE = merge(learner.template(), learner.template())[0]
FIRST_RUN = "- [ ] Run the first LLaMA inference · 运行第一个 LLaMA 推理示例 <!-- id: w01-first-run -->"
LINE = WHOLE[: WHOLE.index(FIRST_RUN)].count("\n") + 1


def without(text: str) -> str:
    assert text in WHOLE
    return WHOLE.replace(text, "", 1)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (FIRST_RUN.replace("[ ] ", ""), "has an id but no box"),
        (FIRST_RUN.replace("[ ]", "[✓]"), "has an id but no box"),
        (FIRST_RUN.replace("[ ]", "[]"), "has an id but no box"),
        (FIRST_RUN.replace("- [ ]", ""), "has an id but no box"),
        (FIRST_RUN.replace("-run -->", ""), "holds an id that is damaged"),
        (FIRST_RUN.replace(" -->", ""), "holds an id that is damaged"),
        (FIRST_RUN.replace("<!-- ", ""), "holds an id that is damaged"),
        (FIRST_RUN.replace("w01-first-run", ""), "holds an id that is damaged"),
        (FIRST_RUN.replace("-run -->", " run -->"), "holds an id that is damaged"),
        (FIRST_RUN.replace("-first-run", "-first"), "lost its id: it ends in `<!-- id: w01-first-run -->`"),
        (FIRST_RUN.replace("w01-first-run", "w01-frist-run"), "lost its id: it ends in `<!-- id: w01-first-run -->`"),
        (FIRST_RUN.partition(" <!--")[0], "lost its id: it ends in `<!-- id: w01-first-run -->`"),
        (FIRST_RUN + " <!-- id: w01-read-llama -->", "holds two ids"),
    ],
)
def test_a_damaged_box(line: str, says: str) -> None:
    found = faults.find(WHOLE.replace(FIRST_RUN, line), learner.template())
    assert any(fault.line == LINE and says in fault.says for fault in found), found


def test_a_line_has_one_fault() -> None:
    """A box that reads as none has lost its place in the count as well: its first fault is the one to mend."""
    for mangled in ("-[x]", "- [✓]", "-[ ]"):
        found = faults.find(WHOLE.replace(FIRST_RUN, FIRST_RUN.replace("- [ ]", mangled)), learner.template())
        assert [(fault.line, "has an id but no box" in fault.says) for fault in found] == [(LINE, True)]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", ">>>>>>> theirs", "||||||| base"])
def test_conflict_markers(marker: str) -> None:
    found = faults.find(WHOLE.replace(FIRST_RUN, f"{marker}\n{FIRST_RUN}"), learner.template())
    assert [(fault.line, "conflict marker" in fault.says) for fault in found] == [(LINE, True)]


def test_an_id_that_stands_twice() -> None:
    found = faults.find(WHOLE.replace(FIRST_RUN, f"{FIRST_RUN}\nmine\n{FIRST_RUN}"), learner.template())
    assert [fault.line for fault in found] == [LINE + 2]
    assert f"has the id w01-first-run of line {LINE}" in found[0].says


def test_a_ledger_that_was_written_into() -> None:
    lines = WHOLE.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("<!-- workbook:"))
    lines.insert(start + 3, "my note")
    assert [fault.line for fault in faults.find("\n".join(lines), learner.template())] == [start + 4]
    for end in ("", "--> my note"):  # not closed, or with something behind it
        damaged = WHOLE.removesuffix("-->\n") + end
        assert [fault.line for fault in faults.find(damaged, learner.template())] == [start + 1]


@pytest.mark.parametrize("kept", [0, 5, 30, 60])
def test_a_file_that_was_cut_off(kept: int) -> None:
    text = "".join(line + "\n" for line in WHOLE.split("\n")[:kept])
    (fault,) = faults.find(text, learner.template())
    assert fault.line == max(1, kept)
    assert "workbook progress --restore" in fault.says
    assert faults.find(text, learner.template(), restore=True) == []
    assert faults.find(merge(text, learner.template(), restore=True)[0], learner.template()) == []


def test_what_is_no_fault() -> None:
    for text in (
        without(FIRST_RUN + "\n"),  # taken out by the learner
        WHOLE.replace("\n", "\r\n"),
        "\ufeff" + WHOLE,
        WHOLE.replace(
            FIRST_RUN, f"Title\n=======\n{FIRST_RUN}\n> id: none\n<!-- ideas -->\n- [ ] mine <!-- id: my-own -->"
        ),
        WHOLE.replace(FIRST_RUN, FIRST_RUN.replace("- [ ]", "  * [X]") + " on Monday"),
        WHOLE.replace(FIRST_RUN, FIRST_RUN.replace("<!-- id: w01-first-run -->", "<!--id:w01-first-run-->")),
    ):
        assert faults.find(text, learner.template()) == []


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(learner, "FILE", tmp_path / "my notes" / "progress.md")
    learner.create()
    return learner.FILE


@pytest.mark.parametrize(
    "damaged",
    [
        WHOLE.encode().replace("运行第一个".encode(), "运行第一个".encode("gbk")),
        codecs.BOM_UTF16_LE + WHOLE.encode("utf-16-le"),
        WHOLE.replace(FIRST_RUN, f"<<<<<<< HEAD\n{FIRST_RUN}").encode(),
        b"",
    ],
)
def test_a_mangled_file_is_reported_by_line_and_left(file: Path, damaged: bytes) -> None:
    file.write_bytes(damaged)
    with pytest.raises(WorkbookError, match=rf"{file}:\d+ "):
        learner.update(lambda: {"w01-first-run"}, lambda page: page.tick(["k2-rope"]))
    assert file.read_bytes() == damaged


def test_a_read_only_file_is_one_sentence(file: Path) -> None:
    file.chmod(0o444)
    before = file.read_bytes()
    with pytest.raises(WorkbookError, match=r"cannot be written .*chmod u\+w"):
        learner.update(set, lambda page: page.tick(["k2-rope"]))
    assert file.read_bytes() == before
    learner.update(set)  # nothing to write, nothing to say


def test_a_folder_in_its_place_and_a_file_for_its_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    with pytest.raises(WorkbookError, match="cannot be read"):
        learner.update(set)
    shutil.rmtree(file.parent)
    file.parent.write_text("in the way")
    with pytest.raises(WorkbookError, match="cannot be"):
        learner.update(set)


def test_a_file_that_vanished_is_made_again(file: Path) -> None:
    file.unlink()
    assert learner.update(set).made
    assert file.read_text(encoding="utf-8") == WHOLE


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.md"
    shutil.move(file, target)
    file.symlink_to(target)
    learner.update(set, lambda page: page.tick(["k2-rope"]))
    assert file.is_symlink()
    assert "- [x] RoPE" in target.read_text(encoding="utf-8")
