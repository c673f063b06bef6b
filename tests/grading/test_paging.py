"""Lesson 2.1's exercises on its recordings of the real engine: ours pass, each known mistake is named, other runs replay too."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from grading.course import begun
from workbook import paging, paths
from workbook.course.lessons import Lesson
from workbook.grading import exercises, grade, grader
from workbook.grading.evidence import Evidence
from workbook.grading.graders import block_allocator
from workbook.grading.sandbox import Outcome
from workbook.grading.values import normal
from workbook.recorder import load

STAGE = ROOT / "stages" / "2_core_techniques"
SCRIPT = "step2_paged_attention"
NAMES = ("slot_mapping", "block_allocator", "paged_attention")
PURE = ("slot_mapping", "paged_attention")  # functions, whose mistakes are functions too
HEADER = f"""---
lesson: "2.1"
title: {{en: PagedAttention, zh: PagedAttention}}
minutes: 90
week: 3
script: {SCRIPT}
exercises: [{", ".join(NAMES)}]
---
"""
RECORDED = [
    *(ROOT / "tests" / "recordings").glob("*/recording.jsonl"),
    *ROOT.glob("stages/*/recordings/*/recording.jsonl"),
]


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """The lesson as a learner has it who has not begun, and our run as the learner's."""
    shutil.copytree(STAGE / "recordings" / "paging", tmp_path / "runs" / SCRIPT / "2026-01-01T00-00-00")
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    return begun(tmp_path, STAGE, HEADER)


def write(lesson: Lesson, name: str, old: str = "", new: str = "") -> grade.Result:
    """The solution, with one place changed, as the learner's; graded."""
    exercise = exercises.Exercise(lesson, name)
    code = exercise.solution.read_text()
    assert old in code
    exercise.path.write_text(code.replace(old, new) if old else code)
    return grade.grade(exercise)


@pytest.mark.parametrize("name", NAMES)
def test_the_starter_is_not_started_and_the_solution_passes(lesson: Lesson, name: str) -> None:
    assert grade.grade(exercises.Exercise(lesson, name)).verdict == "not started"
    result = write(lesson, name)
    assert (result.verdict, result.agreed) == ("passed", result.cases), result
    assert result.shipped


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name in PURE for place in range(len(grader.load(name).mistakes))]
)
def test_each_mistake_is_found_and_named(lesson: Lesson, name: str, place: int) -> None:
    marker = grader.load(name)
    cases = list(marker.cases(Evidence(STAGE / "recordings" / "paging")))
    mistake = marker.mistakes[place]
    values = {index: normal(mistake.function(*case.arguments)) for index, case in enumerate(cases)}
    result = grade.Result(exercises.Exercise(lesson, name), "failed", cases=len(cases))
    grade._judge(result, marker, cases, Outcome("done", values, imported=True), 20.0)
    assert result.verdict == "differs"
    assert str(mistake.say) in result.likely


ALLOCATORS = {
    "null block": ("range(1, num_blocks)", "range(num_blocks)"),
    "from the end": (
        "taken, self.queue = self.queue[:new], self.queue[new:]",
        "taken = [self.queue.pop() for _ in range(new)]",
    ),
    "all to the end": ("(end if place < cached else front)", "end"),
    "all to the front": ("(end if place < cached else front)", "front"),
    "in order": ("reversed(list(enumerate(self.tables.pop(request))))", "enumerate(self.tables.pop(request))"),
    "one by one": ("self.queue = front +", "self.queue = front[::-1] +"),
    "no counts": ("if not self.holders[block]:\n                (end", "if True:\n                (end"),
    "left in queue": ("self.queue.remove(block)", "pass"),
}


@pytest.mark.parametrize("name", block_allocator.MISTAKES)
def test_each_wrong_allocator_is_found_and_named(lesson: Lesson, name: str) -> None:
    result = write(lesson, "block_allocator", *ALLOCATORS[name])
    assert result.verdict == "differs", result
    assert str(block_allocator.MISTAKES[name]) in result.likely  # another one may give the same numbers there


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.parent.name)
def test_block_numbers_agree_in_every_recording(path: Path) -> None:
    """Whatever the run: chunks, drafts, prefix hits; up to a preemption."""
    if load(path).header.kv_groups != 1 or load(path).header.scheduler != "Scheduler":
        pytest.skip("another pool, or steps that overlap")
    pool: Any = None
    for case in block_allocator.cases(Evidence(path.parent)):
        if case.method == "__init__":
            pool = block_allocator.Pool("", *case.arguments)
        else:
            assert getattr(pool, str(case.method))(*case.arguments) == case.expected, case.label.en


def test_allocator_is_asked_for_what_the_lesson_shows() -> None:
    calls = [
        case for case in block_allocator.cases(Evidence(STAGE / "recordings" / "paging")) if case.method != "__init__"
    ]
    assert [(case.method, case.arguments) for case in calls[:2]] == [
        ("allocate", ("long", [], 2)),
        ("allocate", ("short", [], 1)),
    ]
    assert ("ref_count", (1,), 2) in [(case.method, case.arguments, case.expected) for case in calls]
    assert ("append", ("short", 1), [5]) in [(case.method, case.arguments, case.expected) for case in calls]


def test_a_cpus_blocks_keep_keys_transposed() -> None:
    import torch

    key, value = torch.randn(2, 3, 4, 8, 5).unbind(0)  # [blocks, heads, slots, head_dim]
    cache = torch.cat((key.transpose(2, 3).flatten(2), value.flatten(2)), dim=-1).reshape(3, 4, 8, 10)
    found = paging.blocks(cache, [2, 0])
    assert torch.equal(found[0], key[[2, 0]].transpose(1, 2))
    assert torch.equal(found[1], value[[2, 0]].transpose(1, 2))


def test_positions_are_the_last_of_each_request() -> None:
    assert paging.positions([0, 3, 4], [3, 40]) == [0, 1, 2, 39]
