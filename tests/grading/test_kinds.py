"""The kinds of exercise to come, on real evidence: classes replayed step by step, tensors against captured activations."""

import dataclasses
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grading.course import RECORDINGS, Course
from workbook import gpus
from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading import compare, grader, sandbox
from workbook.grading.evidence import Evidence
from workbook.grading.grade import Result, _judge, grade
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.values import Foreign, Tensor, decode, encode, normal


def say(text: str) -> Text:
    return Text(text, text)


def plant(monkeypatch: pytest.MonkeyPatch, course: Course, name: str, marker: Grader, code: str, ours: str) -> Any:
    """An exercise with its grader, as if they were part of the course."""
    module = types.ModuleType(f"workbook.grading.graders.{name}")
    module.GRADER = marker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    course.write(name, code)
    course.exercise(name).solution.write_text(ours)
    return course.exercise(name)


POOL = """
class pool:
    def __init__(self, blocks):
        self.blocks = blocks
    def free(self, held):
        used = set()
        for table in held.values():
            used |= set(table)
        return self.blocks - len(used)
"""


def pool_cases(run: Evidence) -> Iterator[Case]:
    yield Case((run.recording.steps[0].usable,), None, say("the pool"), "__init__")
    for step, state in run.recording.walk():
        held = {request: list(table) for request, table in state.tables.items()}
        yield Case((held,), step.free, say(f"step {step.number}"), "free")


def test_a_class_is_replayed_against_a_recording(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course.add_run("prefix", "2026-02-02T00-00-00")
    exercise = plant(monkeypatch, course, "pool", Grader(pool_cases), POOL, POOL)
    assert grade(exercise).verdict == "passed"
    exercise.path.write_text(
        POOL.replace("used |= set(table)", "used |= {(held_by, b) for held_by in [id(table)] for b in table}")
    )
    result = grade(exercise)  # whoever does not know that requests share blocks
    assert result.verdict == "differs"
    assert result.agreed >= 1  # making the pool
    assert result.case
    assert result.case.method == "free"
    exercise.path.write_text(POOL.replace("self.blocks = blocks", "raise NotImplementedError"))
    assert grade(exercise).verdict == "not started"
    exercise.path.write_text(POOL.replace("def free", "def freed"))
    assert "AttributeError" in grade(exercise).what


NORM = (
    "import torch\ndef norm(x, weight):\n    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight\n"
)


@pytest.fixture
def norm(course: Course, monkeypatch: pytest.MonkeyPatch, tiny: Path) -> Any:
    """RMSNorm on what vLLM's first layer of the tiny model got and gave."""
    from safetensors.numpy import load_file
    from safetensors.torch import load_file as load_torch

    assert load_file(RECORDINGS / "captured" / "captured.safetensors")
    weight = load_torch(tiny / "model.safetensors")["model.layers.0.input_layernorm.weight"].float().numpy()

    def cases(run: Evidence) -> Iterator[Case]:
        module = "model.layers.0.input_layernorm"
        for call in range(run.captured.calls(module)):
            x, y = (run.captured(module, call, which) for which in ("in.0", "out.0"))
            yield Case((x, weight), y, say(f"call {call}"))

    marker = Grader(
        cases,
        [
            Mistake(
                lambda x, w: x / np.abs(x).mean(-1, keepdims=True) * w,
                say("the mean of the squares, not of the values"),
            ),
            Mistake(
                lambda x, w: (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True) * w, say("that is LayerNorm")
            ),
        ],
        tolerance=Tolerance(relative=1e-2, absolute=1e-3),
    )
    shutil.copy(
        RECORDINGS / "captured" / "captured.safetensors", course.notes / "runs/step1_basic_llama/2026-01-01T00-00-00"
    )
    return plant(monkeypatch, course, "norm", marker, NORM, NORM)


def test_tensors_are_compared_with_captured_activations(norm: Any) -> None:
    result = grade(norm)
    assert (result.verdict, result.cases) == ("passed", 2), result


def test_where_tensors_part(norm: Any) -> None:
    norm.path.write_text(NORM.replace("return x *", "x = x - x.mean(-1, keepdim=True)\n    return x *"))
    result = grade(norm)
    assert result.difference
    assert result.likely == "that is LayerNorm"
    assert result.difference.place.startswith("[0, ")
    assert " elements differ, by up to " in result.difference.note
    norm.path.write_text(NORM.replace("mean(-1, keepdim=True)", "mean(-1)[:, None, None]"))
    result = grade(norm)
    assert result.difference
    assert "the shapes differ" in result.difference.note
    norm.path.write_text(NORM.replace("return", "return float('nan') *"))
    result = grade(norm)
    assert result.difference
    assert " of yours are NaN" in result.difference.note
    # The scale of x does not matter to the norm, but x itself to the caller.
    norm.path.write_text(NORM.replace("return", "x *= 1.5\n    return"))
    assert "norm changes its argument `x`" in grade(norm).what


def on_a_card(norm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[f"workbook.grading.graders.{norm.name}"]
    monkeypatch.setattr(module, "GRADER", dataclasses.replace(module.GRADER, gpu=True))


def test_without_a_card_an_exercise_for_one_says_so(norm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_card(norm, monkeypatch)
    monkeypatch.setattr(gpus, "detect", lambda: (None, [], []))
    with pytest.raises(WorkbookError, match="norm runs on an NVIDIA card, and there is none here"):
        grade(norm)


@pytest.mark.gpu
@pytest.mark.skipif(not gpus.detect()[1], reason="needs an NVIDIA card")
def test_on_a_card_tensors_arrive_there(norm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_card(norm, monkeypatch)
    norm.path.write_text(NORM.replace("return", "assert x.is_cuda and weight.is_cuda\n    return"))
    assert grade(norm).verdict == "passed"


def test_a_missing_or_cut_capture_is_no_evidence(norm: Any, course: Course) -> None:
    path = course.notes / "runs/step1_basic_llama/2026-01-01T00-00-00/captured.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(Exception, match=r"has no whole captured\.safetensors: run it again"):
        grade(norm)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1,
        2**63 - 1,
        -(2**63),
        2**63,
        -(2**64),
        10**30,
        1.5,
        "块",
        b"\x00",
        [],
        [1, [2, {}]],
        {"a": [1], 2: None},
    ],
)
def test_values_arrive_as_they_are(value: Any) -> None:
    arrived = decode(encode(value))
    assert arrived == value
    assert type(arrived) is type(value)


def test_tensors_arrive_as_they_are() -> None:
    import torch

    for dtype in (
        torch.float32,
        torch.bfloat16,
        torch.float16,
        torch.int64,
        torch.uint8,
        torch.bool,
        torch.float8_e4m3fn,
    ):
        tensor = torch.tensor([[0.0, 1.0], [2.0, 0.5]]).to(dtype).T  # not contiguous
        arrived = decode(encode(tensor), "cpu")
        assert arrived.dtype == dtype
        assert torch.equal(arrived.float(), tensor.float())
        there = decode(encode(tensor))
        assert isinstance(there, Tensor)
        assert np.array_equal(there.numpy().astype(np.float32), tensor.float().numpy())
    assert decode(encode(torch.zeros(0, 3)), "cpu").shape == (0, 3)
    assert decode(encode(torch.tensor(3.0)), "cpu").shape == ()
    assert isinstance(normal(np.float32(1.5)), float)
    assert normal((1, (2,))) == [1, [2]]
    assert isinstance(normal({1, 2}), Foreign)


def test_a_list_says_where_it_parts() -> None:
    case = Case((), [1, [2, 3]], say("x"), parts=(say("first"), say("second")))
    found = compare.difference(case, [1, [2, 4]], Tolerance())
    assert found
    assert (found.place, found.part, found.expected, found.got) == ("[1][1]", "second", "3", "4")
    shorter = compare.difference(case, [1], Tolerance())
    assert shorter
    assert shorter.note == "yours has 1 item, vLLM's 2"
    missing = compare.difference(Case((), {"a": 1}, say("x")), {"b": 1}, Tolerance())
    assert missing
    assert missing.note == "'a' is missing"
    assert compare.difference(Case((), 1.0, say("x")), 1, Tolerance()) is None
    assert compare.difference(Case((), 1.0, say("x")), 1.00000001, Tolerance()) is None
    assert compare.difference(Case((), 1.0, say("x")), 1.1, Tolerance())


def test_a_reason_for_what_no_mistake_gives(course: Course) -> None:
    marker = Grader(lambda run: [], reason=lambda case, got: say("twice") if got == 2 * case.expected else None)
    cases = [Case((), 1, say("a")), Case((), 5, say("b"))]
    result = Result(course.exercise("kv_blocks"), "failed")
    _judge(result, marker, cases, sandbox.Outcome("done", {0: 1, 1: 10}, imported=True), 1.0)
    assert (result.agreed, result.likely) == (1, "twice")


def test_an_exercise_without_a_grader_says_so() -> None:
    with pytest.raises(Exception, match=r"has no grader: add workbook/grading/graders/nothing\.py"):
        grader.load("nothing")
