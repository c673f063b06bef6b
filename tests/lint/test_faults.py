"""A good little course has no finding; each fault planted in it is found, with file, line and remedy."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from lint import tree
from lint.tree import ANSWER, BOXES, EXERCISE, GRADER, HINTS, MOVED, ORDER, PAGE, RECORDING, SCRIPT, ZH, edit
from workbook.lint import check


class Fault(NamedTuple):
    """An edit, ``old`` to ``new`` in ``file``, and the finding: in ``where`` (the same file) at the first line with ``at``."""

    name: str
    file: str
    old: str
    new: str
    what: str
    remedy: str
    at: str | None = None  # where ``new`` begins, unless said otherwise; "" for line 1
    where: str | None = None


SCHEDULE = "vllm.v1.core.sched.scheduler:Scheduler.schedule"
FAULTS = [
    # headers
    Fault("header missing", PAGE, "---\nlesson", "lesson", "no header", "header.py", ""),
    Fault("header no YAML", PAGE, "minutes: 30", "minutes: [30", "expected", "header.py", "week"),
    Fault("field unknown", PAGE, "    when: len", "    whem: len", "whem", "header.py", "- at:"),
    Fault("field of a wrong type", PAGE, "minutes: 30", "minutes: many", "Expected `int`", "header.py"),
    Fault("number differs", PAGE, 'lesson: "1.1"', 'lesson: "1.2"', "lesson 1.2 in a file of lesson 1.1", "make the two"),
    Fault("week impossible", PAGE, "week: 1", "week: 13", "week: 13", "one of the 12"),
    Fault("minutes impossible", PAGE, "minutes: 30", "minutes: 3", "minutes: 3", "10 to 240"),
    Fault("text empty", PAGE, 'zh: "多少个块？"', 'zh: ""', "empty text", "both languages"),
    Fault("not translated", PAGE, 'zh: "最后一块没有写满。"', 'zh: "The last block is not full."', "Chinese is the English", "translate"),
    Fault("script missing", PAGE, "script: step1_blocks", "script: step1_x", "no script my_debug_scripts/step1_x.py", "write it"),
    # stops
    Fault("stop vanished", PAGE, f"at: {SCHEDULE}", f"at: {SCHEDULE}r", "defines no scheduler", "workbook where"),
    Fault("stop inherited", PAGE, f"at: {SCHEDULE}", "at: vllm.v1.core.sched.async_scheduler:AsyncScheduler.schedule", "not defined there", f"write {SCHEDULE}"),
    Fault("stop imported", PAGE, f"at: {SCHEDULE}", "at: vllm.v1.core.sched.async_scheduler:Scheduler.schedule", "not defined there", f"write {SCHEDULE}"),
    Fault("stop in a class", PAGE, f"at: {SCHEDULE}", "at: vllm.v1.core.sched.scheduler:Scheduler", "is a class", "function or method"),
    Fault("stop in a variable", PAGE, f"at: {SCHEDULE}", "at: vllm.v1.core.sched.scheduler:logger", "is a variable", "function or method"),
    Fault("stop, no module", PAGE, f"at: {SCHEDULE}", "at: vllm.v1.core.scheduler:Scheduler.schedule", "no module", "workbook where"),
    Fault("hit 0", PAGE, "    when: len", "    hit: 0\n    when: len", "hit: 0", "count from 1"),
    Fault("when broken", PAGE, "when: len(self.waiting) > 0", "when: len(self.waiting", "when:", "expression over the function's"),
    Fault("when of a stranger", PAGE, "when: len(self.waiting) > 0", "when: len(queue) > 0", "unknown queue", "function's arguments"),
    Fault("expect broken", PAGE, "expect: len(self.waiting) == 2", "expect: len(self.waiting) = 2", "expect:", "expression"),
    # predictions
    Fault("answer broken", PAGE, "answer: sum(", "answer: sum((", "answer:", "recording, run, math"),
    Fault("answer of a stranger", PAGE, "in recording.steps for", "in steps for", "unknown steps", "recording, run, math", "answer: sum"),
    Fault("wrong.when broken", PAGE, "when: yours == measured - 1", "when: yours = 1", "when:", "yours, measured"),
    Fault("why with a stranger", PAGE, "you said {yours}", "you said {answer}", "{answer}", "{measured} and {yours}", "why:"),
    Fault("say with a stranger", PAGE, 'en: "The last block is', 'en: "The {last} block is', "{last}", "{measured} and {yours}"),
    Fault("id twice", PAGE, "- id: kind\n    ask", "- id: blocks\n    ask", "id blocks twice", "rename", "- id: blocks\n    ask: {en: \"Which"),
    Fault("one choice", PAGE, "choices: [{en: one, zh: 一}, {en: two, zh: 二}]", "choices: [{en: one, zh: 一}]", "choice of one", "two or more"),
    Fault("tolerance", PAGE, "    choices:", "    tolerance: 20\n    choices:", "tolerance: 20", "0 to 1"),
    Fault("about of a stranger", PAGE, "predictions:\n", "about: len(steps) == 5\npredictions:\n", "unknown steps", "lesson's own run", "about:"),
    Fault("answers by no run", PAGE, "script: step1_blocks\n", "", "without a script", "whose run answers", "predictions:"),
    # boxes, papers, code
    Fault("checkpoint without a box", PAGE, "box: w01-first-run", "box: w01-nowhere", "no box w01-nowhere", "correct the id"),
    Fault("proof without a box", PAGE, "  w01-first-run: [run", "  w01-nowhere: [run", "no box w01-nowhere", "correct the id"),
    Fault("box gone", BOXES, "id: w01-first-run", "id: other", "no box w01-first-run", "add it there", "box:", PAGE),
    Fault("proof unknown", PAGE, "predictions, exercise count_blocks]", "walked]", "'walked'", "write run", "w01-first-run: ["),
    Fault("paper's symbol", PAGE, "symbol: vllm.v1.core.block_pool:BlockPool", "symbol: vllm.v1.core.block_pool:Pool", "no Pool", "workbook where"),
    Fault("paper's address", PAGE, "url: https://", "url: http://", "http://arxiv", "https://"),
    Fault("code's symbol", PAGE, "- vllm.v1.core.kv_cache_manager:KV", "- vllm.v1.core.sched.scheduler:KV", "not defined there", "write vllm.v1.core.kv_cache_manager:K"),
    # two languages
    Fault("heading's level", ZH, "## 运行", "### 运行", "heading of level 3", "as in 1.1_blocks.md"),
    Fault("heading more", ZH, "## 运行", "## 另一节\n\n## 运行", "3 headings", "as in 1.1_blocks.md", ""),
    Fault("code differs", ZH, "workbook run step1_blocks ", "workbook run step1_block ", "code block differs", "change both"),
    Fault("code block more", ZH, "然后", "```bash\nls\n```\n\n然后", "3 code blocks", "as in 1.1_blocks.md", ""),
    Fault("code's language", ZH, "```bash", "```python", "`python`", "change both"),
    Fault("symbol on one page", ZH, "块池是", "`vllm.v1.request:Request` 与", "symbol vllm.v1.request:Request is not in", "both pages"),
    Fault("image on one page", PAGE, "![Blocks](images/blocks.svg)", "![B](images/blocks.svg) ![B](images/blocks.svg)", "image images/blocks.svg", "both pages"),
    Fault("link on one page", ZH, "然后", "见[文档](https://docs.vllm.ai)，然后", "link https://docs.vllm.ai", "both pages"),
    Fault("fold on one page", ZH, "然后", "<details>\n</details>\n\n然后", "1 folded", "change both", ""),
    Fault("header in Chinese", ZH, "# 1.1", "---\nlesson: x\n---\n\n# 1.1", "header of its own", "delete it", ""),
    # text
    Fault("symbol in text", PAGE, "pool is `vllm.v1.core.block_pool:BlockPool`", "pool is `vllm.v1.core.block_pool:Pool`", "no Pool", "workbook where"),
    Fault("symbol in a header's text", PAGE, "en: The waiting queue", "en: In vllm.v1.request:Nothing the queue", "no Nothing", "workbook where", "    look:"),
    Fault("line number in a header's text", PAGE, "en: The waiting queue", "en: In scheduler.py:12 the queue", "scheduler.py:12 goes by", "name the symbol", "    look:"),
    Fault("symbol in a script", SCRIPT, "Scheduler.schedule", "Scheduler.run", "defines no run", "workbook where", ""),
    Fault("symbol in an exercise", EXERCISE, "allocate_slots", "allocate", "defines no allocate", "workbook where", '    """Blocks'),
    Fault("line number", PAGE, "Then [run", "See `v1/core/sched/scheduler.py:123`. Then [run", "scheduler.py:123 goes by", "name the symbol"),
    Fault("line number in a link", PAGE, "Then [run", "[x](https://github.com/v/x.py#L12). Then [run", "x.py#L12 goes by", "name the symbol"),
    Fault("link to nowhere", PAGE, "Then [run it again](#run)", "Then [run](../2_core/2.1_x.md)", "leads nowhere", "correct the path"),
    Fault("fragment to nowhere", PAGE, "(#run)", "(#walk)", "no heading #walk", "what follows the #"),
    Fault("image to nowhere", ZH, "images/blocks.zh.svg", "images/block.zh.svg", "leads nowhere", "add the file", "![块]"),
    Fault("bold that is not", ZH, "然后[再", "**先看：**然后[再", "makes nothing bold", "no punctuation"),
    # exercises
    Fault("exercise without docstring", EXERCISE, tree.TASK, "", "count_blocks has no docstring", "shapes, units", "def count"),
    Fault("exercise solved", EXERCISE, "raise NotImplementedError", "return 0", "nothing is left", "raise NotImplementedError", ""),
    Fault("signatures differ", ANSWER, "block_size: int)", "size: int)", "block_size: int) -> int, in the solution", "same signature", "def count", EXERCISE),
    Fault("exercise renamed", EXERCISE, "def count_blocks", "def count", "nothing here is called count_blocks", "like the file", ""),
    Fault("exercise no Python", EXERCISE, "-> int:", "-> int", "expected ':'", "mend", "def count"),
    Fault("two hints", HINTS, "- {en: hint 2, zh: 提示 2}\n", "", "2 hints", "write 3 hints", ""),
    Fault("hint in one language", HINTS, "en: hint 1, zh: 提示 1", "en: hint 1", "missing required field", "write 3 hints", ""),
    # data
    Fault("reading order's symbol", ORDER, "Scheduler.schedule", "Scheduler.plan", "defines no plan", "workbook where", "        - vllm"),
    Fault("reading order's field", ORDER, "note:", "notes:", "notes", "codemap/page.py", ""),
    Fault("what moved to nowhere", MOVED, 'symbol: "vllm.v1.core.sched.scheduler:', 'symbol: "vllm.v1.core.scheduler:', "no module", "workbook where", "  holds"),
    Fault("what moved without a proof", MOVED, "  fails: [{path: vllm/v1/core/scheduler.py}]\n", "", "nothing to try", "add fails and holds", ""),
    Fault("what moved twice", MOVED, "- older", tree.MOVED_TEXT + "- older", "twice", "keep one", ""),
    Fault("what moved, kind", MOVED, "kind: path", "kind: file", "Invalid enum value 'file'", "codemap/moved.py", ""),
    Fault("pages of what moved", MOVED, "a folder of its own", "its own folder", "not what what_moved.yaml makes", "workbook check --write", "", "stages/what_moved.md"),
    # transcripts and numbers
    Fault("transcript of no script", PAGE, tree.COMMAND, "step9_x", "no script step9_x", "workbook …", "```text"),
    Fault("transcript empty", PAGE, "…block_pool.py…\n", "", "an empty transcript", "paste", "```text"),
    Fault("output of unknown origin", PAGE, f"<!-- transcript: {tree.COMMAND} -->\n", "", "without a source", "<!-- transcript: COMMAND -->", "```text"),
    Fault("transcript alone", PAGE, "Then [run", "<!-- transcript: step1_blocks -->\n\nThen [run", "without a block", "right before"),
    Fault("number differs", PAGE, "5<!-- from", "6<!-- from", "6 on the page, 5 in the recording", "write 5", "The pool is"),
    Fault("number of no recording", ZH, "from few:", "from many:", "many", "recording's name", "块池是"),
    Fault("number's expression", ZH, "len(recording.requests)", "len(recording.request)", "has no attribute", "mend the expression", "块池是"),
    Fault("source without a number", PAGE, "5<!-- from", "five <!-- from", "without a number", "right behind", "The pool is"),
]  # fmt: skip


def plant(root: Path, change: Callable[[], object]) -> list[str]:
    """The findings after a change, as the command prints them, after a check that there were none before."""
    tree.write(root)
    change()
    return [str(finding) for finding in check(root)]


def test_good_tree_has_no_finding(tmp_path: Path) -> None:
    assert plant(tmp_path, lambda: None) == []


@pytest.mark.parametrize("fault", FAULTS, ids=[f.name for f in FAULTS])
def test_fault_is_found(tmp_path: Path, fault: Fault) -> None:
    found = plant(tmp_path, lambda: edit(tmp_path, fault.file, fault.old, fault.new))
    where = fault.where or fault.file
    at = fault.new.splitlines()[0] if fault.at is None else fault.at
    text = (tmp_path / where).read_text(encoding="utf-8")
    line = text[: text.index(at)].count("\n") + 1
    found_here = [f for f in found if f.startswith(f"{where}:{line}: ") and fault.what in f and fault.remedy in f]
    assert found_here, (line, found)


MISSING = [
    (ZH, PAGE, "there is no 1.1_blocks.zh.md", "write the page"),
    (PAGE, ZH, "there is no 1.1_blocks.md", "write the page"),
    (EXERCISE, PAGE, f"there is no {EXERCISE}", "write it"),
    (ANSWER, PAGE, f"there is no {ANSWER}", "write it"),
    (GRADER, PAGE, f"there is no {GRADER}", "write it"),
    (HINTS, HINTS, "cannot be read", "write 3 hints"),
    (SCRIPT, PAGE, f"there is no script {SCRIPT}", "write it"),
    ("stages/1_basics/images/blocks.svg", PAGE, "leads nowhere", "add the file"),
    (BOXES, PAGE, "no box w01-first-run", "add it there"),
    (f"{RECORDING}/recording.jsonl", RECORDING, "recording", "record it again"),
]


@pytest.mark.parametrize(("file", "where", "what", "remedy"), MISSING, ids=[m[0] for m in MISSING])
def test_missing_file_is_found(tmp_path: Path, file: str, where: str, what: str, remedy: str) -> None:
    found = plant(tmp_path, lambda: (tmp_path / file).unlink())
    assert [f for f in found if f.startswith(f"{where}:") and what in f and remedy in f], found


UNLISTED = [
    ("my_debug_scripts/step9_lost.py", '"""Lost."""\n'),
    ("stages/1_basics/exercises/lost.py", '"""Lost."""\n'),
    ("stages/1_basics/exercises/lost.hints.yaml", "[]\n"),
    ("stages/1_basics/solutions/lost.py", '"""Lost."""\n'),
    ("stages/1_basics/images/lost.svg", "<svg/>"),
]


@pytest.mark.parametrize(("file", "text"), UNLISTED, ids=[u[0] for u in UNLISTED])
def test_unlisted_file_is_found(tmp_path: Path, file: str, text: str) -> None:
    found = plant(tmp_path, lambda: (tmp_path / file).write_text(text))
    assert [f for f in found if f.startswith(f"{file}:1: no lesson lists this file · ")], found


def test_recordings_are_cited_and_of_the_pinned_version(tmp_path: Path) -> None:
    def change() -> None:
        shutil.copytree(tmp_path / RECORDING, tmp_path / "stages/1_basics/recordings/lost")
        edit(tmp_path, f"{RECORDING}/recording.jsonl", '"vllm":"0.32.0"', '"vllm":"0.31.0"')

    found = plant(tmp_path, change)
    assert [f for f in found if f.startswith("stages/1_basics/recordings/lost:1: nothing uses") and "delete it" in f]
    assert [f for f in found if f.startswith(f"{RECORDING}:1: recorded with vLLM 0.31.0") and "record it again" in f]


def test_a_learners_own_edits_are_no_fault_of_the_course(tmp_path: Path) -> None:
    tree.write(tmp_path)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "course"]):
        subprocess.run([*git, *command], check=True)
    (tmp_path / "my_debug_scripts" / "mine.py").write_text("print()\n")
    edit(tmp_path, EXERCISE, "raise NotImplementedError", "return tokens // block_size")
    assert check(tmp_path) == []
    edit(tmp_path, EXERCISE, "def count_blocks(", "def count_blocks(  # broken")
    assert check(tmp_path) == []
    subprocess.run([*git, "add", "my_debug_scripts/mine.py"], check=True)
    assert [str(f) for f in check(tmp_path) if "no lesson lists" in f.what]


def test_findings_speak_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", "zh")
    found = plant(tmp_path, lambda: edit(tmp_path, PAGE, "week: 1", "week: 13"))
    assert found == [f"{PAGE}:5: week: 13 · 请写 1 到 12"]
