"""Every exercise of the course: written on both sides, unsolved as it is handed out, solved by our solution."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT

from grading.course import Course
from workbook.course import lessons
from workbook.grading import exercises, grade, grader
from workbook.grading.evidence import Evidence
from workbook.grading.sandbox import Outcome
from workbook.grading.values import normal

STARTERS = sorted(path for path in ROOT.glob("stages/*/exercises/*.py"))
LESSON_1_1 = ("kv_blocks", "kv_bytes")

each = pytest.mark.parametrize("starter", STARTERS, ids=lambda path: path.stem)


def solution_of(starter: Path) -> Path:
    return starter.parent.parent / "solutions" / starter.name


def test_nothing_is_unlisted() -> None:
    assert set(STARTERS) == {exercise.path for exercise in exercises.every()}
    assert {path.name for path in ROOT.glob("stages/*/solutions/*.py")} == {path.name for path in STARTERS}
    modules = {path.stem for path in Path(grader.__file__).parent.glob("graders/*.py")} - {"__init__"}
    assert modules == {path.stem for path in STARTERS}


@each
def test_starter_and_solution_have_the_same_signature(starter: Path) -> None:
    nodes = [exercises.definition(path, starter.stem) for path in (starter, solution_of(starter))]
    heads = [
        ast.unparse(node).split(":\n")[0] if isinstance(node, ast.FunctionDef) else exercises.parameters(node)
        for node in nodes
    ]
    assert heads[0] == heads[1]


@each
def test_starter_is_unsolved_and_says_so_by_its_name(starter: Path) -> None:
    node = exercises.definition(starter, starter.stem)
    assert exercises.untouched(node)
    assert f"raise NotImplementedError('{starter.stem}')" in ast.unparse(node)
    assert not exercises.untouched(exercises.definition(solution_of(starter), starter.stem))


@each
def test_docstring_speaks_both_languages(starter: Path) -> None:
    text = ast.get_docstring(exercises.definition(starter, starter.stem)) or ""
    assert "Example:" in text
    assert "Source: vllm." in text
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text)
    assert "例：" in text


@each
def test_three_hints(starter: Path) -> None:
    exercise = exercises.Exercise(lessons.Lesson(starter.parent.parent / "0.0_any.md"), starter.stem)
    hints = exercise.hints()
    assert len(hints) == exercises.LEVELS
    assert all(hint.en and hint.zh for hint in hints)


@pytest.mark.parametrize("name", LESSON_1_1)
def test_solution_passes_and_starter_does_not(course: Course, name: str) -> None:
    untouched = course.grade(name)
    assert untouched.verdict == "not started"
    assert untouched.what.startswith(f"{name} is not written yet")
    course.solve(name)
    solved = course.grade(name)
    assert (solved.verdict, solved.agreed) == ("passed", solved.cases)
    assert solved.run == "step1_basic_llama/2026-01-01T00-00-00"


def test_kv_blocks_is_asked_for_every_step_of_every_request(course: Course) -> None:
    cases = list(grader.load("kv_blocks").cases(Evidence(course.notes / "runs/step1_basic_llama/2026-01-01T00-00-00")))
    assert len(cases) == 108  # 50 passes, 50 passes, and 8 of the answer
    assert {case.expected for case in cases} == {1, 2}
    at_the_edge = next(case for case in cases if case.arguments == (5, 28, 32))
    assert (at_the_edge.expected, at_the_edge.label.en) == (1, "step 28, request 0")


@pytest.mark.parametrize("recording", ["prefix", "chunk_on", "preempt", "spec"])
def test_kv_blocks_holds_in_every_kind_of_run(course: Course, recording: str) -> None:
    """Where requests share blocks, are cut in chunks, preempted or speculate, too: what is not the lesson is left out."""
    folder = course.add_run(recording, "2026-02-02T00-00-00")
    cases = list(grader.load("kv_blocks").cases(Evidence(folder)))
    assert cases
    for case in cases:
        prompt, forward_pass, size = case.arguments
        assert -(-(prompt + forward_pass - 1) // size) == case.expected, case


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name in LESSON_1_1 for place in range(len(grader.load(name).mistakes))]
)
def test_each_mistake_is_found_and_named(course: Course, name: str, place: int) -> None:
    marker = grader.load(name)
    cases = list(marker.cases(Evidence(course.notes / "runs/step1_basic_llama/2026-01-01T00-00-00")))
    mistake = marker.mistakes[place]
    values = {index: normal(mistake.function(*case.arguments)) for index, case in enumerate(cases)}
    result = grade.Result(course.exercise(name), "failed", cases=len(cases))
    grade._judge(result, marker, cases, Outcome("done", values, imported=True), 20.0)
    assert result.verdict == "differs"
    assert str(mistake.say) in result.likely  # another one may give the same values
