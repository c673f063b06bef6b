"""Lesson 2.4's exercise against the engines whose budgets and thresholds differ."""

import pytest
from conftest import ROOT

from grading.course import solution
from workbook.grading import grader
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case

STAGE = ROOT / "stages" / "2_core_techniques"
RECORDINGS = ("chunk_64", "chunk_128", "chunk_both", "chunk_capped")


def cases(*names: str) -> list[Case]:
    marker = grader.load("chunk_sizes")
    return [case for name in names for case in marker.cases(Evidence(STAGE / "recordings" / name))]


def test_the_solution_gives_what_every_engine_did() -> None:
    found = cases(*RECORDINGS)
    assert [solution(STAGE, "chunk_sizes")(*case.arguments) for case in found] == [case.expected for case in found]
    assert {budget for _, _, budget, _ in (case.arguments for case in found)} == {64, 96, 128, 4096}
    assert {decoding for _, decoding, _, _ in (case.arguments for case in found)} == {0, 4}


def test_an_engine_that_cuts_nothing_proves_nothing() -> None:
    assert cases("chunk_off") == []


@pytest.mark.parametrize("mistake", grader.load("chunk_sizes").mistakes, ids=lambda mistake: mistake.say.en[:40])
def test_each_mistake_is_refuted_by_a_whole_run_and_by_our_recordings(mistake: grader.Mistake) -> None:
    run = cases("chunk_128", "chunk_capped")  # the first and the third engine of one run
    refuted = [case for case in run if mistake.function(*case.arguments) != case.expected]
    assert refuted or not mistake.must_differ
    assert any(mistake.function(*case.arguments) != case.expected for case in cases(*RECORDINGS))
