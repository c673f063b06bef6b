"""Lesson 2.3's exercise against every step of real schedulers: with hits, chunks, a threshold, preemptions."""

import copy
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from grading.course import solution
from workbook import paths, runinfo
from workbook.course import lessons
from workbook.course.lessons import Lesson
from workbook.grading import before_step, exercises, grade, grader, grades, sandbox
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.grader import Case
from workbook.grading.values import normal
from workbook.predictions import measure
from workbook.recorder import load

STAGE = ROOT / "stages" / "2_core_techniques"
OWN = "continuous"  # what a learner's own run holds
GRADER = grader.load("schedule")
LESSON = [STAGE / "recordings" / name for name in (OWN, *GRADER.shipped)]
OTHERS = [ROOT / "tests" / "recordings" / name for name in ("first", "chunk_on", "prefix", "preempt")]
SCRIPT = "step2_continuous_batching"
HEADER = f"""---
lesson: "2.3"
title: {{en: Continuous batching, zh: 连续批处理}}
minutes: 60
week: 5
script: {SCRIPT}
exercises: [schedule]
---
"""

each = pytest.mark.parametrize("folder", LESSON + OTHERS, ids=lambda folder: folder.name)
every_mistake = pytest.mark.parametrize("place", range(len(GRADER.mistakes)))


def cases(folder: Path) -> list[Case]:
    return list(GRADER.cases(Evidence(folder)))


@each
def test_the_solution_decides_as_the_engine_did_in_every_step(folder: Path) -> None:
    decide = solution(STAGE, "schedule")
    found = cases(folder)
    assert len(found) == len(load(folder).steps)
    for case in found:
        assert list(decide(*copy.deepcopy(case.arguments))) == case.expected, case.label.en


@each
def test_queues_and_blocks_are_those_that_the_recording_counted(folder: Path) -> None:
    for before in before_step.walk(load(folder)):
        step, admitted = before.step, [row for row in before.step.rows if row.admitted]
        victims = [victim.i for victim in step.preempted]
        assert len(before.running) - len(victims) + len(admitted) == step.running
        assert len(before.waiting) + len(victims) - len(admitted) == step.waiting
        assert [row.request for row in admitted] == [one["id"] for one in before.waiting][: len(admitted)]
        assert victims == [one["id"] for one in before.running][::-1][: len(victims)]
        taken = sum(len(row.new_blocks) for row in step.rows)
        revived = sum(one["hit_free"] for one in before.waiting[: len(admitted)])
        freed = sum(one["frees"] for one in before.running if one["id"] in victims)
        assert before.free + freed - taken - revived == step.free


def test_the_recordings_hold_what_the_lesson_says() -> None:
    recordings = {folder.name: load(folder) for folder in LESSON}
    assert recordings[OWN].summary.preemptions == 0
    assert recordings["small_cache"].summary.preemptions == 1
    assert recordings["schedule_preempt"].summary.preemptions > 5
    assert max(len(step.preempted) for step in recordings["schedule_preempt"].steps) > 1
    assert sum(request.hit > 0 for request in recordings["schedule_prefix"].requests) > 10
    assert any(row.phase == "chunk" for step in recordings["schedule_chunks"].steps for row in step.rows)
    assert recordings["schedule_threshold"].header.engine["long_prefill_token_threshold"] == 40
    assert len({recording.header.token_budget for recording in recordings.values()}) >= 4
    for folder in LESSON:
        assert sum(file.stat().st_size for file in folder.iterdir()) <= 300_000


@every_mistake
def test_each_mistake_is_refuted(place: int) -> None:
    mistake = GRADER.mistakes[place]
    folders = LESSON[:1] if mistake.must_differ else LESSON
    assert any(
        list(mistake.function(*case.arguments)) != case.expected for folder in folders for case in cases(folder)
    ), mistake.say.en


@pytest.fixture
def exercise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> exercises.Exercise:
    """As a learner has it who has run the script and not begun with the exercise."""
    for kind in ("exercises", "solutions"):
        (tmp_path / kind).mkdir()
        shutil.copy(STAGE / kind / "schedule.py", tmp_path / kind)
    (tmp_path / "recordings").symlink_to(STAGE / "recordings")
    page = tmp_path / "2.3_batching.md"
    page.write_text(HEADER, encoding="utf-8")
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(grades, "FILE", tmp_path / "grades.json")
    shutil.copytree(LESSON[0], tmp_path / "runs" / SCRIPT / "2026-01-01T00-00-00")
    return exercises.Exercise(Lesson(page), "schedule")


def test_the_starter_is_unsolved_and_the_solution_passes(exercise: exercises.Exercise) -> None:
    assert grade.grade(exercise).verdict == "not started"
    shutil.copy(exercise.solution, exercise.path)
    result = grade.grade(exercise)
    assert (result.verdict, result.agreed) == ("passed", result.cases), result
    assert result.cases == sum(len(load(folder).steps) for folder in LESSON)


@every_mistake
def test_each_mistake_is_named(exercise: exercises.Exercise, place: int) -> None:
    mistake = GRADER.mistakes[place]
    found = [case for folder in LESSON for case in cases(folder)]
    values = {index: normal(mistake.function(*case.arguments)) for index, case in enumerate(found)}
    result = grade.Result(exercise, "failed", cases=len(found))
    grade._judge(result, GRADER, found, sandbox.Outcome("done", values, imported=True), 20.0)
    assert result.verdict == "differs"
    assert str(mistake.say) in result.likely


def test_the_lesson_s_questions_are_answered_by_its_own_run() -> None:
    head = lessons.find("2.3").header
    info = runinfo.read(LESSON[0])
    assert info
    run = measure.Run([load(LESSON[0])], info)
    assert measure.fits(head, run)
    assert [measure.measured(question, run) for question in head.predictions] == [68, 9, 3, 2]


def test_a_run_with_drafts_is_no_evidence() -> None:
    with pytest.raises(LackingError, match="run it again with `workbook run"):
        cases(ROOT / "tests" / "recordings" / "spec")
