"""Lesson 2.6's exercise on a cache that a real run has filled, and on what vLLM's other kernels gave for the same numbers."""

from pathlib import Path

import pytest
import torch
from conftest import ROOT

from grading.course import solution
from workbook.grading import compare, grader
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case
from workbook.grading.values import normal

STAGE = ROOT / "stages" / "2_core_techniques"
MARKER = grader.load("quantize_kv")
CASES: list[Case] = list(MARKER.cases(Evidence(STAGE / "recordings" / "kv_types")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label.en)
def test_the_solution_gives_what_the_kernels_stored(case: Case) -> None:
    kv, kind, scale = case.arguments
    got = solution(STAGE, "quantize_kv")(torch.from_numpy(kv), kind, scale)
    assert compare.difference(case, normal(got), MARKER.tolerance) is None


def test_all_kinds_are_there_and_a_scale_that_is_not_one() -> None:
    assert {case.arguments[1] for case in CASES} == {"fp8", "fp8_e5m2", "int8_per_token_head"}
    assert any(case.arguments[2] != 1.0 for case in CASES)


@pytest.mark.parametrize("mistake", MARKER.mistakes, ids=lambda mistake: mistake.say.en[:40])
def test_each_mistake_is_refuted(mistake: grader.Mistake) -> None:
    assert any(not compare.same(mistake.function(*c.arguments), c.expected, MARKER.tolerance) for c in CASES)


def test_a_run_that_kept_nothing_is_graded_by_ours(tmp_path: Path) -> None:
    assert [str(case.label) for case in MARKER.cases(Evidence(tmp_path))] == [str(c.label) for c in CASES]
