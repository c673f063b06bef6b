"""Lesson 1.4's exercises on activations of the real model: ours pass, each known mistake is out of bounds and named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SCRIPTS, python

from grading.course import begun
from workbook import paths, runinfo, weights
from workbook.course.header import Text
from workbook.course.lessons import Lesson
from workbook.grading import exercises, grade, grader, grades, sandbox
from workbook.grading.evidence import Evidence
from workbook.grading.llama_layer import frequencies
from workbook.grading.sandbox import Outcome
from workbook.grading.values import normal

SCRIPT = "step1_llama_architecture"
NAMES = ("rms_norm", "rope", "gqa_attention", "swiglu", "decoder_layer")
STAGE = ROOT / "stages" / "1_basics"
HEADER = f"""---
lesson: "1.4"
title: {{en: LLaMA, zh: LLaMA}}
minutes: 60
week: 2
script: {SCRIPT}
exercises: [{", ".join(NAMES)}]
---
"""


def run_of(notes: Path, *flags: str) -> Evidence:
    ran = python(SCRIPTS / f"{SCRIPT}.py", *flags, WORKBOOK_NOTES=str(notes))
    assert ran.returncode == 0, ran.stderr
    (folder,) = (notes / "runs" / SCRIPT).iterdir()
    return Evidence(folder)


@pytest.fixture(scope="module")
def run(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The pretrained model, in bfloat16."""
    return run_of(tmp_path_factory.mktemp("bfloat16"))


@pytest.fixture(scope="module")
def exact(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The tiny model in float32, with Llama 3's RoPE."""
    return run_of(tmp_path_factory.mktemp("float32"), "--fast", "--dtype", "float32", "--llama3-rope")


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Evidence) -> Lesson:
    """The lesson as a learner has it who has not begun, and the run."""
    monkeypatch.setattr(paths, "RUNS", run.folder.parent.parent)
    return begun(tmp_path, STAGE, HEADER)


def solve(lesson: Lesson) -> None:
    for name in NAMES:
        exercise = exercises.Exercise(lesson, name)
        shutil.copy(exercise.solution, exercise.path)


@pytest.mark.engine
@pytest.mark.parametrize("name", NAMES)
def test_the_starter_is_not_started_and_the_solution_passes(lesson: Lesson, name: str) -> None:
    exercise = exercises.Exercise(lesson, name)
    assert grade.grade(exercise).verdict == "not started"
    solve(lesson)
    result = grade.grade(exercise)
    assert (result.verdict, result.agreed) == ("passed", result.cases), result


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name in NAMES for place in range(len(grader.load(name).mistakes))]
)
def test_each_mistake_is_found_and_named(run: Evidence, exact: Evidence, lesson: Lesson, name: str, place: int) -> None:
    """In the pretrained model's run; what only Llama 3's scaling refutes, in the run that has it."""
    marker = grader.load(name)
    mistake = marker.mistakes[place]
    cases = list(marker.cases(exact if "Llama 3" in mistake.say.en else run))
    values = {index: normal(mistake.function(*case.arguments)) for index, case in enumerate(cases)}
    result = grade.Result(exercises.Exercise(lesson, name), "failed", cases=len(cases))
    grade._judge(result, marker, cases, Outcome("done", values, imported=True), 20.0)
    assert result.verdict == "differs"
    assert str(mistake.say) in result.likely


def test_a_layer_that_differs_leads_to_its_parts_that_have_not_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "NOTES", tmp_path)
    monkeypatch.setattr(grades, "FILE", tmp_path / "grades.json")
    marker = grader.load("decoder_layer")
    assert marker.reason
    case = grader.Case((), [], Text("", ""))
    assert "first `workbook grade rms_norm`" in str(marker.reason(case, []))
    for name in ("rms_norm", "gqa_attention", "swiglu"):
        with grades.change(name) as record:
            record.passed_at = 1.0
    assert str(marker.reason(case, [])) == ("a part of it: rope has not passed yet; first `workbook grade rope`.")
    with grades.change("rope") as record:
        record.passed_at = 1.0
    assert marker.reason(case, []) is None


@pytest.mark.engine
@pytest.mark.parametrize("name", NAMES)
def test_solutions_hold_in_float32_and_with_llama_3s_rope(exact: Evidence, name: str) -> None:
    """Far inside the tolerance, which is there for bfloat16's rounding alone."""
    cases = list(grader.load(name).cases(exact))
    outcome = sandbox.run(STAGE / "solutions" / f"{name}.py", name, cases, 60)
    assert outcome.end == "done", outcome
    for index, case in enumerate(cases):
        given = outcome.values[index] if isinstance(outcome.values[index], list) else [outcome.values[index]]
        due = case.expected if isinstance(case.expected, list) else [case.expected]
        for mine, theirs in zip(given, due, strict=True):
            assert np.abs(mine.numpy() - theirs).max() < 1e-4 * max(1.0, np.abs(theirs).max()), case.label.en


@pytest.mark.engine
def test_the_whole_layer_is_as_near_as_the_lesson_says(run: Evidence) -> None:
    cases = list(grader.load("decoder_layer").cases(run))
    outcome = sandbox.run(STAGE / "solutions" / "decoder_layer.py", "decoder_layer", cases, 60)
    for index, case in enumerate(cases):
        for mine, theirs in zip(outcome.values[index], case.expected, strict=True):
            largest = np.abs(theirs).max(-1, keepdims=True)
            assert (np.abs(mine.numpy() - theirs) / largest).max() < 0.009


@pytest.mark.engine
def test_what_the_grader_says_of_a_wrong_pairing(lesson: Lesson) -> None:
    solve(lesson)
    path = exercises.Exercise(lesson, "rope").path
    code = path.read_text().replace("x.chunk(2, dim=-1)", "(x[..., ::2], x[..., 1::2])")
    path.write_text(code)
    result = grade.grade(exercises.Exercise(lesson, "rope"))
    assert result.verdict == "differs"
    assert result.difference
    assert "· the largest of its row" in result.difference.note


@pytest.mark.engine
def test_logits_agree_with_transformers(run: Evidence, exact: Evidence) -> None:
    """In float32 to the fifth decimal, with the same scaled RoPE; in bfloat16 no further than two such programs may be."""
    results = [runinfo.read(evidence.folder) for evidence in (run, exact)]
    assert results[0]
    assert results[1]
    rounded, precise = results[0].results["logits"], results[1].results["logits"]
    assert precise["01"]["max"] < 1e-3
    assert precise["01"]["same"] == rounded["01"]["same"] == 3
    assert rounded["01"]["max"] <= rounded["02"]["max"] + rounded["12"]["max"] + 1e-6
    assert 0.05 < rounded["01"]["max"] < 2
    assert rounded["01"]["kl"] < 0.02


@pytest.mark.engine
def test_the_residual_stream_jumps_on_the_first_token(run: Evidence) -> None:
    info = runinfo.read(run.folder)
    assert info
    stream, jump = info.results["stream"], info.results["jump"]
    assert jump == 11
    assert stream[jump + 1][0] > 100 * stream[jump][0]
    assert all(size < 50 for row in stream for size in row[1:])


def test_llama_3s_frequencies_are_vllms() -> None:
    from vllm.model_executor.layers.rotary_embedding.llama3_rope import Llama3RotaryEmbedding

    layer = Llama3RotaryEmbedding.__new__(Llama3RotaryEmbedding)  # the formula alone: a whole layer needs an engine
    parameters = {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    for name, value in {"scaling_factor": 32.0, **parameters, "orig_max_position": 8192, "rotary_dim": 64}.items():
        object.__setattr__(layer, name, value)
    theirs = layer._compute_inv_freq(500000.0).numpy()
    config = {"rope_theta": 500000.0, "rope_type": "llama3", "original_max_position_embeddings": 8192, **parameters}
    assert np.allclose(frequencies(config, 64), theirs, rtol=1e-5)


def test_weights_are_those_of_the_checkpoint(tiny: Path) -> None:
    from safetensors.torch import load_file

    whole = load_file(tiny / "model.safetensors")
    assert weights.shapes(tiny) == {name: list(tensor.shape) for name, tensor in whole.items()}
    layer = weights.read(tiny, "model.layers.1.")
    assert len(layer) == 9
    for name, tensor in layer.items():
        assert np.array_equal(tensor, whole[f"model.layers.1.{name}"].float().numpy())
