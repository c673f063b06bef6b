"""The exercises on planted problems: graded by what runs left that hung, failed or were refused."""

import json
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from rich.console import Console

from workbook import paths
from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.grading import grade, grader, report
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.exercises import Exercise
from workbook.grading.sandbox import Outcome
from workbook.grading.values import normal

RUNS = Path(__file__).parent / "runs"
SOLUTIONS = ROOT / "stages" / "1_basics" / "solutions"
PROBLEMS = ("hang", "shape", "memory")
each = pytest.mark.parametrize("problem", PROBLEMS)


def answer(problem: str) -> Any:
    name = f"find_{problem}"
    return normal(runpy.run_path(str(SOLUTIONS / f"{name}.py"))[name]())


def case(problem: str, folder: Path | None = None) -> grader.Case:
    (found,) = grader.load(f"find_{problem}").cases(Evidence(folder or RUNS / problem))
    return found


@each
def test_the_solution_says_what_the_run_shows(problem: str) -> None:
    assert answer(problem) == normal(case(problem).expected)


@pytest.mark.parametrize(
    ("problem", "wrong", "word"),
    [
        ("hang", {1: "threading:Event.wait"}, "below Event.wait"),
        ("hang", {1: "vllm.v1.engine.core_client:SyncMPClient.get_output"}, "the script waits there"),
        ("hang", {2: "vllm.v1.executor.multiproc_executor:WorkerProc.worker_busy_loop"}, "the worker waits there"),
        ("hang", {2: "vllm.v1.engine.core:EngineCoreProc.process_input_sockets"}, "waits for messages"),
        ("hang", {1: "workbook.problems.metering:MeteredScheduler.schedule"}, "has called the one that waits"),
        ("hang", {1: 2, 2: 1}, "the other way round"),
        ("shape", {0: "model.layers.18.mlp.down_proj"}, "where the error was noticed"),
        ("shape", {0: "model.layers.18.mlp.gate_up_proj"}, "twice the width"),
        ("shape", {0: "model.layers.17.mlp.act_fn"}, "which layer"),
        ("shape", {1: [15350]}, "the right module"),
        ("shape", {1: 2, 2: 1}, "the other way round"),
        ("memory", {0: "max_model_len"}, "makes one token larger"),
        ("memory", {0: "kv_cache_memory_bytes=53084160"}, "makes one token larger"),
        ("memory", {0: "seed"}, "Initializing a V1 LLM engine"),
        ("memory", {1: 47185920}, "needed before"),
        ("memory", {1: 96636764}, "the message rounds"),
        ("memory", {1: 2, 2: 1}, "the other way round"),
    ],
)
def test_a_wrong_cause_is_named(problem: str, wrong: dict[int, Any], word: str) -> None:
    right = answer(problem)
    got = [
        right[wrong[i]] if isinstance(wrong.get(i), int) and wrong[i] < 3 else wrong.get(i, right[i]) for i in range(3)
    ]
    marker = grader.load(f"find_{problem}")
    assert marker.reason
    said = marker.reason(case(problem), got)
    assert said is not None
    assert word in said.en
    assert said.zh != said.en


@each
def test_a_report_does_not_tell_the_answer(problem: str) -> None:
    marker, found = grader.load(f"find_{problem}"), case(problem)
    result = grade.Result(_exercise(problem), "failed", cases=1)
    values = {0: ["nothing", found.expected[1], found.expected[2]]}
    grade._judge(result, marker, [found], Outcome("done", values, imported=True), 20.0)
    console = Console(record=True, width=100)
    report.one(result, console)
    shown = console.export_text()
    assert "()" not in shown
    assert "nothing" in shown
    assert str(found.expected[0]) not in shown.replace("At process", "")


@each
def test_too_few_values_are_said(problem: str) -> None:
    marker = grader.load(f"find_{problem}")
    assert marker.reason
    said = marker.reason(case(problem), ["one"])
    assert said is not None
    assert "three" in said.en


@each
def test_without_such_a_run_the_learner_is_told_how_to_make_one(
    problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    with pytest.raises(WorkbookError, match=f"workbook run step1_debugging --problem {problem}"):
        grade._evidence(_exercise(problem), grader.load(f"find_{problem}"), None)


@each
def test_the_newest_run_with_the_problem_counts_however_it_ended(
    problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    for number in range(8):  # later runs with other problems, and good ones
        other = PROBLEMS[(PROBLEMS.index(problem) + 1) % 3]
        shutil.copytree(RUNS / other, tmp_path / "step1_debugging" / f"2026-01-02T00-00-0{number}")
    shutil.copytree(RUNS / problem, tmp_path / "step1_debugging" / "2026-01-01T00-00-00")
    found, cases, _ = grade._evidence(_exercise(problem), grader.load(f"find_{problem}"), None)
    assert found.folder.name == "2026-01-01T00-00-00"
    assert len(cases) == 1


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        (
            "hang",
            {"threads": [["zmq.sugar.poll:Poller.poll", "vllm.v1.engine.core:EngineCoreProc.process_input_sockets"]]},
        ),
        ("shape", {"outputs": {"model.layers.0.mlp": [10, 576], "model.layers.1.mlp": [10, 576]}}),
        ("memory", {"dtype": "bfloat16"}),
        ("memory", {"needed": "many"}),
    ],
)
def test_a_run_that_shows_no_fault_proves_nothing(problem: str, change: dict[str, Any], tmp_path: Path) -> None:
    file = f"{problem}.json"
    kept = json.loads((RUNS / problem / file).read_text()) | change
    (tmp_path / file).write_text(json.dumps(kept))
    with pytest.raises(LackingError):
        case(problem, tmp_path)


def _exercise(problem: str) -> Exercise:
    return Exercise(Lesson(ROOT / "stages" / "1_basics" / "1.6_debugging.md"), f"find_{problem}")
