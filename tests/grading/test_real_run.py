"""From the run of the lesson's script to the passed exercise: all of it real."""

from pathlib import Path

import pytest
from conftest import SCRIPTS, python

from grading.course import Course
from workbook.grading import grader
from workbook.grading.evidence import runs


@pytest.mark.engine
def test_a_run_of_the_script_grades_the_lesson(course: Course, smollm2: Path) -> None:
    for folder in (course.notes / "runs").rglob("2026-*"):
        folder.rename(course.notes / "away")  # only what is run now counts
    ran = python(SCRIPTS / "step1_basic_llama.py", **course.environment())
    assert ran.returncode == 0, ran.stderr
    (run,) = runs("step1_basic_llama")
    assert run.caches[0].bytes == 23040 * 129 * 32  # 30 layers, 3 KV heads of 64, K and V, bfloat16
    assert run.caches[0].dtype == "bfloat16"
    assert f"{run.caches[0].bytes / 1024**2:.1f} MiB" in ran.stdout
    assert len(list(grader.load("kv_blocks").cases(run))) == sum(len(step.rows) for step in run.recording.steps)
    course.solve("kv_blocks")
    course.solve("kv_bytes")
    graded = course.command("grade", "1.1")
    assert graded.returncode == 0, graded.stdout
    assert graded.stdout.count(f"agree with what vLLM did in {run.name}") == 2
    assert "recordings (2 cases)" in graded.stdout  # one run alone would let a constant pass kv_bytes


@pytest.mark.engine
def test_a_short_run_is_no_evidence(course: Course, tiny: Path) -> None:
    (course.notes / "runs").rename(course.notes / "away")
    ran = python(SCRIPTS / "step1_basic_llama.py", "--fast", **course.environment())
    assert ran.returncode == 0, ran.stderr
    course.solve("kv_bytes")
    result = course.command("grade", "kv_bytes")
    assert "There is no whole run of step1_basic_llama" in result.stderr
    named = course.command("grade", "kv_bytes", "--run", "last")  # the tiny model: other numbers, same rule
    assert named.returncode == 0, named.stdout + named.stderr
