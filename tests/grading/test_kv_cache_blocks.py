"""Lesson 1.2's exercise against engines that were really started."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from grading.course import solution
from workbook.grading import grader
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.grader import Case
from workbook.grading.graders import kv_cache_blocks

STAGE = ROOT / "stages" / "1_basics"


def cases(name: str = "startup") -> list[Case]:
    return list(grader.load("kv_cache_blocks").cases(Evidence(STAGE / "recordings" / name)))


@pytest.mark.parametrize("name", ["startup", "startup_tp2"])
def test_the_solution_gives_what_every_engine_made(name: str) -> None:
    found = cases(name)
    assert found[0].label.en == "your engine"
    assert len(found) == 8
    for case in found:
        blocks, concurrency = solution(STAGE, "kv_cache_blocks")(*case.arguments)
        assert blocks == case.expected[0], case.label
        assert concurrency == pytest.approx(case.expected[1]), case.label


def test_the_engines_differ_in_all_that_the_exercise_is_about() -> None:
    engines = json.loads(kv_cache_blocks.ENGINES.read_text(encoding="utf-8"))
    assert {engine["block_size"] for engine in engines} == {32, 64, 128}
    assert {engine["tensor_parallel_size"] for engine in engines} == {1, 2}
    assert {engine["kv_cache_dtype"] for engine in engines} == {"auto", "fp8"}
    assert len({engine["model"] for engine in engines}) == 2
    for engine in engines:
        assert len(engine["allocated"]) == engine["tensor_parallel_size"]
        assert all(engine["memory"] // 2 < size <= engine["memory"] for size in engine["allocated"])


def test_each_mistake_is_refuted_by_some_engine() -> None:
    for mistake in grader.load("kv_cache_blocks").mistakes:
        assert any(list(mistake.function(*case.arguments)) != case.expected for case in cases()), mistake.say.en


def test_a_run_without_a_trace_is_one_sentence(tmp_path: Path) -> None:
    folder: Any = STAGE / "recordings" / "first"
    with pytest.raises(LackingError, match="run it again with `workbook run"):
        list(grader.load("kv_cache_blocks").cases(Evidence(folder)))
