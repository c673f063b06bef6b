"""Lesson 1.5 on a run of the pretrained model: what the page says of it, and its two exercises."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, SCRIPTS, python

from grading.course import begun
from workbook import paths, runinfo
from workbook.course.lessons import Lesson
from workbook.grading import compare, exercises, grade, grader
from workbook.grading.evidence import Evidence
from workbook.grading.sandbox import Outcome
from workbook.grading.values import normal

pytestmark = pytest.mark.engine
SCRIPT = "step1_sampling"
NAMES = ("top_p", "penalties")
STAGE = ROOT / "stages" / "1_basics"
HEADER = f"""---
lesson: "1.5"
title: {{en: Sampling, zh: 采样}}
minutes: 60
week: 2
script: {SCRIPT}
exercises: [{", ".join(NAMES)}]
---
"""


@pytest.fixture(scope="module")
def run(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    notes = tmp_path_factory.mktemp("sampling")
    ran = python(SCRIPTS / f"{SCRIPT}.py", WORKBOOK_NOTES=str(notes))
    assert ran.returncode == 0, ran.stderr
    (folder,) = (notes / "runs" / SCRIPT).iterdir()
    return Evidence(folder)


@pytest.fixture(scope="module")
def results(run: Evidence) -> dict[str, Any]:
    info = runinfo.read(run.folder)
    assert info
    return info.results


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Evidence) -> Lesson:
    """The lesson as a learner has it who has not begun, and the run."""
    monkeypatch.setattr(paths, "RUNS", run.folder.parent.parent)
    return begun(tmp_path, STAGE, HEADER)


@pytest.mark.parametrize("name", NAMES)
def test_the_starter_is_not_started_and_the_solution_passes(lesson: Lesson, name: str) -> None:
    exercise = exercises.Exercise(lesson, name)
    assert grade.grade(exercise).verdict == "not started"
    shutil.copy(exercise.solution, exercise.path)
    result = grade.grade(exercise)
    assert (result.verdict, result.agreed) == ("passed", result.cases), result
    assert result.cases >= 5


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name in NAMES for place in range(len(grader.load(name).mistakes))]
)
def test_each_mistake_is_found_and_named(lesson: Lesson, run: Evidence, name: str, place: int) -> None:
    marker = grader.load(name)
    cases, mistake = list(marker.cases(run)), marker.mistakes[place]
    values = {index: normal(mistake.function(*case.arguments)) for index, case in enumerate(cases)}
    result = grade.Result(exercises.Exercise(lesson, name), "failed", cases=len(cases))
    grade._judge(result, marker, cases, Outcome("done", values, imported=True), 20.0)
    assert result.verdict == "differs"
    assert str(mistake.say) in result.likely


def test_which_of_equal_logits_stays_does_not_matter_and_how_many_does(run: Evidence) -> None:
    marker = grader.load("top_p")
    assert marker.normal_form
    cut = 0
    for case in marker.cases(run):
        logits, expected = case.arguments[0], np.array(case.expected)
        edge = logits[np.isfinite(expected)].min()
        tied = np.flatnonzero(logits == edge)
        kept = np.isfinite(expected[tied])
        if kept.all():
            continue
        cut += 1
        other = expected.copy()
        other[tied] = expected[tied[::-1]]
        assert compare.difference(case, marker.normal_form(case, normal(other)), marker.tolerance) is None
        other[tied] = expected[tied].max()  # one or more too many
        assert compare.difference(case, marker.normal_form(case, normal(other)), marker.tolerance)
    assert cut  # bfloat16 has so few different logits that a cut falls between equal ones


def test_temperature_comes_before_the_filters(results: dict[str, Any]) -> None:
    for rows in results["settings"].values():
        left = {row["setting"]: row["left"] for row in rows}
        assert left["temperature=0.5, top_p=0.9"] < left["top_p=0.9"] < left["temperature=1.5, top_p=0.9"]
        assert left["top_k=10"] == 10
        assert left["temperature=0, top_p=0.9"] == 1


def test_what_a_processed_logprob_is(results: dict[str, Any]) -> None:
    for rows in results["settings"].values():
        first = rows[0]
        assert first["logprob"] == pytest.approx(first["raw"], abs=1e-4)  # the defaults change nothing
        assert len({round(row["raw"], 4) for row in rows if row["drawn"] == first["drawn"]}) <= 2


def test_a_seed_and_n(results: dict[str, Any], run: Evidence) -> None:
    zero, one, two, alone, crowd, *unseeded = results["texts"]
    assert one == alone == crowd  # child 1 of seed=7 has seed 8
    assert len({zero, one, two}) == 3
    assert unseeded[0] != unseeded[1]
    children = run.recording.requests[24:27]
    assert [(child.prompt_tokens, child.hit) for child in children] == [(68, 0), (68, 64), (68, 64)]


def test_the_three_ends(results: dict[str, Any], run: Evidence) -> None:
    string, token, neither = results["ends"]
    assert string[1:] == [7, " Wednesday, Thursday, ", "stop", "Friday, Saturday"]
    assert token[1:4] == [7, " Wednesday, Thursday, Friday,", "stop"]
    assert neither[3] == "length"
    assert [request.reason for request in run.recording.requests[-3:]] == ["abort", "stop", "length"]
