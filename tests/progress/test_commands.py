"""``workbook progress`` and ``workbook tick`` as a learner types them, and the evidence that ticks by itself."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT, Result, one_sentence, run, workbook

from workbook import paths, predictions, runinfo
from workbook.course import lessons
from workbook.course.lessons import Lesson
from workbook.grading import grades
from workbook.predictions import store
from workbook.progress import learner, proofs, report
from workbook.progress.page import Page

SCRIPT = "step1_basic_llama"
BOXES = (ROOT / "notes" / "templates" / "progress.md").read_text(encoding="utf-8").count("- [ ]")
PAGE = """---
lesson: "1.1"
title: {en: The first inference, zh: 第一次推理}
minutes: 40
week: 1
script: step1_basic_llama
predictions:
  - id: steps
    ask: {en: "How many engine steps?", zh: "多少个调度步？"}
    answer: len(recording.steps)
    why: {en: "{measured}", zh: "{measured}"}
exercises: [sampling]
checkpoints:
  - {box: c1-token-life, ask: {en: "Why?", zh: "为什么？"}}
proves:
  w01-first-run: [run, predictions]
  w01-token-life: [exercise sampling]
---
# The first inference
"""

Cli = Callable[..., Result]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return lambda *arguments, **env: workbook(*arguments, **{"WORKBOOK_NOTES": str(tmp_path), "COLUMNS": "80", **env})


def test_ticking_and_looking(cli: Cli, tmp_path: Path) -> None:
    result = cli("tick", "w01-first", "k2-rope")
    assert result.returncode == 0, result.stderr
    assert "[x] w01-first-run  Run the first LLaMA inference" in result.stdout
    assert f"2 of {BOXES} boxes" in result.stdout
    text = (tmp_path / "progress.md").read_text(encoding="utf-8")
    assert text.count("- [x]") == 2

    value = json.loads(cli("progress", "--json").stdout)
    assert value["ticked"] == 2
    assert [box["id"] for box in value["boxes"] if box["ticked"]] == ["w01-first-run", "k2-rope"]
    assert sum(bar["boxes"] for bar in value["stages"]) == sum(bar["boxes"] for bar in value["topics"]) == BOXES

    undone = cli("tick", "--undo", "w01-first-run")
    assert "[ ] w01-first-run" in undone.stdout
    assert (tmp_path / "progress.md").read_text(encoding="utf-8").count("- [x]") == 1


def test_unknown_and_ambiguous_ids_tick_nothing(cli: Cli, tmp_path: Path) -> None:
    one_sentence(cli("tick", "k2-rope", "w01-frist-run"), "no box 'w01-frist-run': did you mean w01-first-run")
    one_sentence(cli("tick", "k2-r"), "Several boxes begin with 'k2-r': choose one of k2-rope, k2-rmsnorm")
    one_sentence(cli("tick", "@"), "workbook progress --boxes lists them")
    assert "[x]" not in (tmp_path / "progress.md").read_text(encoding="utf-8").replace("`[x]`", "")


def test_a_box_that_was_taken_out_stays_out_until_restored(cli: Cli, tmp_path: Path) -> None:
    cli("progress")
    file = tmp_path / "progress.md"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "id: w07-tp4" not in line), encoding="utf-8")
    assert "Boxes that you took out: w07-tp4" in cli("progress").stdout
    one_sentence(cli("tick", "w07-tp4"), "workbook progress --restore puts it back")
    assert "New boxes: w07-tp4" in cli("progress", "--restore").stdout
    assert file.read_text(encoding="utf-8") == "".join(lines)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_everything_fits_the_terminal(cli: Cli, width: int, language: str) -> None:
    from rich.cells import cell_len

    for arguments in (["progress"], ["progress", "--boxes"], ["progress", "c21-block-size"]):
        result = cli(*arguments, COLUMNS=str(width), WORKBOOK_LANG=language)
        assert result.returncode == 0, result.stderr
        paths_apart = [line for line in result.stdout.splitlines() if str(paths.NOTES.parent) not in line]
        assert max(map(cell_len, paths_apart)) <= width


LOCALES: list[dict[str, str]] = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "zh_CN.GBK", "PYTHONUTF8": "0", "PYTHONIOENCODING": "gbk"},
    {"LC_ALL": "C.UTF-8"},
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_file_is_the_same_under_every_locale(tmp_path: Path, end: str) -> None:
    texts = []
    for n, locale in enumerate(LOCALES):
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / "progress.md").write_bytes(learner.template().replace("\n", end).encode())
        for arguments in (["tick", "w01-first-run"], ["progress", "--boxes"], ["progress", "--json"]):
            result = subprocess.run(
                [sys.executable, "-c", "from workbook.cli import main; main()", *arguments],
                env={**os.environ, "WORKBOOK_NOTES": str(folder), "WORKBOOK_LANG": "zh", **locale},
                capture_output=True,
                check=False,
            )
            assert result.returncode == 0, result.stderr
        texts.append((folder / "progress.md").read_bytes())
    assert texts[0] == texts[1] == texts[2]
    assert texts[0].decode().count("\r") == (texts[0].decode().count("\n") if end == "\r\n" else 0)


def test_two_ticks_at_once_are_both_kept(tmp_path: Path) -> None:
    names = list(Page(learner.template()).boxes())[:6]
    command = [sys.executable, "-c", "from workbook.cli import main; main()", "tick"]
    env = {**os.environ, "WORKBOOK_NOTES": str(tmp_path)}
    running = [subprocess.Popen([*command, name], env=env, stdout=subprocess.DEVNULL) for name in names]
    assert [process.wait() for process in running] == [0] * 6
    boxes = Page((tmp_path / "progress.md").read_text(encoding="utf-8")).boxes()
    assert [name for name, box in boxes.items() if box.ticked] == names
    assert [path.name for path in tmp_path.iterdir()] == ["progress.md"]


def test_run_sh_makes_the_file_and_leaves_one_that_is_there(tmp_path: Path) -> None:
    line = next(line for line in (ROOT / "scripts/run.sh").read_text().splitlines() if "workbook.progress" in line)
    line = line.replace(".venv/bin/python", shlex.quote(sys.executable))
    for _ in range(2):
        result = run("bash", "-euc", f"cd '{ROOT}'; {line}", WORKBOOK_NOTES=str(tmp_path))
        assert (result.returncode, result.stdout + result.stderr) == (0, "")
        file = tmp_path / "progress.md"
        assert "<!-- id: w01-first-run -->" in file.read_text(encoding="utf-8")
        file.write_text(file.read_text(encoding="utf-8") + "mine", encoding="utf-8")
    assert file.read_text(encoding="utf-8").endswith("minemine")


# Evidence: the runs, predictions and grades are written by the parts that write them for a learner.


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    monkeypatch.setattr(paths, "NOTES", tmp_path)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(grades, "FILE", tmp_path / "grades.json")
    monkeypatch.setattr(learner, "FILE", tmp_path / "progress.md")
    page = tmp_path / "stages" / "1_basics" / "1.1_first_inference.md"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE, encoding="utf-8")
    return Lesson(page)


def ran(lesson: Lesson, fast: bool = False) -> Path:
    """A run of the script that ended well: run.json as the script writes it, beside a recording of the engine."""
    folder = paths.RUNS / SCRIPT / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    info = runinfo.new(SCRIPT, [], "smollm2", fast, False)
    info.ended = "ok"
    runinfo.write(folder, info)
    for file in (ROOT / "tests" / "recordings" / "first").iterdir():
        if file.name.startswith("recording"):
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def state(lesson: Lesson) -> learner.State:
    return learner.update(lambda: proofs.proved(proofs.gather([lesson])))


def ticked(name: str) -> bool:
    return Page(learner.FILE.read_text(encoding="utf-8")).boxes()[name].ticked


def what_next(*lessons: Lesson) -> report.Next:
    evidence = proofs.gather(lessons)
    page = learner.update(lambda: proofs.proved(evidence)).page
    then = report.what_next(report.entries(page, learner.template(), evidence), list(lessons))
    assert then
    return then


def next_command(lesson: Lesson) -> str:
    return what_next(lesson).command


def test_the_first_command_of_the_readme_leads_to_the_first_lesson(lesson: Lesson) -> None:
    """It runs without questions; the lesson's own boxes stay open until its questions and exercises are done."""
    first = lessons.find("1.1")
    info = runinfo.read(ran(lesson))
    assert info
    runinfo.write(paths.RUNS / SCRIPT / "first", msgspec.structs.replace(info, arguments=["--no-questions"]))
    then = what_next(*proofs.lessons_with_boxes())
    assert ticked("w01-environment")
    assert ticked("w01-first-run")
    assert (then.lesson, then.box, then.command) == (first, "l11-done", "workbook predict 1.1")


def test_every_lesson_has_a_box_that_its_predictions_and_exercises_prove() -> None:
    for there in lessons.all_lessons():
        head = there.header
        wanted = ["predictions"] * bool(head.predictions) + [f"exercise {name}" for name in head.exercises]
        assert not wanted or head.proves[f"l{head.lesson.replace('.', '')}-done"] == wanted


def test_a_box_ticks_itself_when_all_its_evidence_is_there(lesson: Lesson) -> None:
    assert state(lesson).proved == []
    assert next_command(lesson) == "workbook predict 1.1"
    store.keep("1.1", "steps", 51, after_run=False)
    assert next_command(lesson) == f"workbook run {SCRIPT}"
    ran(lesson, fast=True)
    assert state(lesson).proved == []
    assert "--fast" in proofs.gather([lesson])["w01-first-run"][0].says

    time.sleep(1.1)
    folder = ran(lesson)
    predictions.compare_run(lesson, next(folder.glob("recording*")))
    run_, predicted = proofs.gather([lesson])["w01-first-run"]
    assert run_.met
    assert f"{SCRIPT}/{folder.name}" in run_.says
    assert "smollm2" in run_.says
    assert predicted.met, predicted
    assert predicted.says == "0 of 1 right"
    assert state(lesson).proved == ["w01-first-run"]
    assert ticked("w01-first-run")
    assert next_command(lesson) == "workbook grade sampling"

    with grades.change("sampling") as record:
        record.result, record.passed_at, record.hints = "passed", time.time(), 1
    assert state(lesson).proved == ["w01-token-life"]
    assert "hints: 1" in proofs.gather([lesson])["w01-token-life"][0].says
    then = what_next(lesson)
    assert (then.lesson, then.command) == (lesson, "workbook tick c1-token-life")
    assert then.first == "when you can answer the lesson's 1 checkpoint question on it:"

    learner.update(set, lambda page: page.tick(["c1-token-life"]))
    then = what_next(lesson)
    assert (then.lesson, then.box, then.first) == (
        None,
        "w01-environment",
        "no lesson yet for this box; if you know it already:",
    )


def test_a_hand_s_word_stands_against_evidence(lesson: Lesson) -> None:
    with grades.change("sampling") as record:
        record.result, record.passed_at = "passed", time.time()
    assert state(lesson).proved == ["w01-token-life"]
    text = learner.FILE.read_text(encoding="utf-8")
    learner.FILE.write_text(text.replace("- [x] Follow a token", "- [ ] Follow a token"), encoding="utf-8")
    assert state(lesson).proved == []
    assert not ticked("w01-token-life")
    learner.update(set, lambda page: page.tick(["w01-token-life", "k2-rope"]))
    grades.FILE.unlink()
    assert state(lesson).proved == []
    assert ticked("w01-token-life")  # evidence that is gone takes no tick away
    assert ticked("k2-rope")


def test_a_hand_tick_that_evidence_confirms_later_can_be_taken_back(lesson: Lesson) -> None:
    learner.update(set, lambda page: page.tick(["w01-token-life"]))
    with grades.change("sampling") as record:
        record.result, record.passed_at = "passed", time.time()
    assert state(lesson).proved == []
    learner.update(set, lambda page: page.tick(["w01-token-life"], ticked=False))
    state(lesson)
    assert not ticked("w01-token-life")


def test_records_that_cannot_be_read_are_no_evidence_and_say_why(lesson: Lesson) -> None:
    grades.FILE.write_text("{", encoding="utf-8")
    (proof,) = proofs.gather([lesson])["w01-token-life"]
    assert not proof.met
    assert "grades.json" in proof.says
    assert state(lesson).proved == []
