"""Lesson 2.5 on workers of the real engine: what they hold, what they exchanged, and its three exercises."""

import shutil
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT, SCRIPTS, one_sentence, python

from grading.course import begun
from workbook import paths, ranks, runinfo
from workbook.architecture import Architecture
from workbook.course.lessons import Lesson
from workbook.drawing import shards
from workbook.grading import exercises, grade, grader
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.sandbox import Outcome
from workbook.grading.values import normal
from workbook.ranks import files
from workbook.wire import collectives

SCRIPT = "step2_tensor_parallel"
NAMES = ("shard_weight", "layer_from_shards", "tp_bytes")
STAGE = ROOT / "stages" / "2_core_techniques"
RECORDED = ("tp2", "tp4_kv2", "float32", "smollm2_tp3")
HEADER = f"""---
lesson: "2.5"
title: {{en: TP, zh: TP}}
minutes: 60
week: 7
script: {SCRIPT}
exercises: [{", ".join(NAMES)}]
---
"""


@pytest.fixture(scope="module")
def run(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Two workers, each with half of the tiny model; a whole run, since its short form has the same evidence."""
    notes = tmp_path_factory.mktemp("notes")
    ran = python(SCRIPTS / f"{SCRIPT}.py", "--no-questions", WORKBOOK_NOTES=str(notes))
    assert ran.returncode == 0, ran.stderr
    assert "The ranks counted alike; the formula gives each of them." in ran.stdout
    (folder,) = (notes / "runs" / SCRIPT).iterdir()
    return Evidence(folder)


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Evidence) -> Lesson:
    """The lesson as a learner has it who has not begun, and the run."""
    monkeypatch.setattr(paths, "RUNS", run.folder.parent.parent)
    return begun(tmp_path, STAGE, HEADER)


def architecture(numbers: dict[str, int]) -> Architecture:
    return Architecture.from_config({"max_position_embeddings": 0, "tie_word_embeddings": True, **numbers})


def check_against_the_rules(evidence: Evidence) -> None:
    """Every parameter's shape by the rule that ``workbook draw`` uses, every step's bytes by the formula."""
    told = ranks.read(evidence.folder)
    model = architecture(evidence.recording.header.architecture)
    rules = [*shards.attention(model, len(told)), *shards.mlp(model, len(told))]
    embedding = shards.vocabulary(model, len(told), "embed_tokens")
    for rank in told:
        shapes = {p.name.removesuffix(".weight"): tuple(p.shape) for p in rank.parameters}
        assert shapes["model.embed_tokens"] == embedding.shape(rank.rank)
        assert len(shapes) == 2 + 6 * model.layers
        for layer in range(model.layers):
            for module in ("self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"):
                parts = [w.shape(rank.rank) for w in rules if w.module == module.split(".")[1]]
                assert shapes[f"model.layers.{layer}.{module}"] == (sum(p[0] for p in parts), parts[0][1])
        assert [(p.name, p.cut) for p in rank.parameters if "layernorm" in p.name and p.cut != "nothing"] == []
    info = runinfo.read(evidence.folder)
    assert info
    for rank in told:
        assert len(rank.steps) == len(evidence.recording.steps)
        for step, counted in zip(evidence.recording.steps, rank.steps, strict=True):
            rule = collectives(
                model.layers,
                model.hidden,
                model.vocab,
                tokens=sum(row.scheduled for row in step.rows),
                tp=len(told),
                element_bytes=info.results["element_bytes"],
                requests=len(step.rows),
            )
            assert counted.all_reduces == rule.all_reduces == 1 + 2 * model.layers
            assert counted.reduced == rule.all_reduces * rule.all_reduce
            assert (counted.all_gathers, counted.gathered) == (1, rule.all_gather)
    assert info.results["agree"]


@pytest.mark.engine
def test_the_workers_hold_and_exchange_what_the_rules_say(run: Evidence) -> None:
    check_against_the_rules(run)


@pytest.mark.parametrize("name", RECORDED)
def test_so_they_did_in_the_recordings(name: str) -> None:
    """Two, three and four ranks, bfloat16 and float32, KV heads for each rank and shared ones."""
    check_against_the_rules(Evidence(STAGE / "recordings" / name))


@pytest.mark.engine
def test_ranks_agree_with_one_rank_up_to_rounding(run: Evidence) -> None:
    info = runinfo.read(run.folder)
    assert info
    logits = info.results["logits"]
    assert 0 < logits["apart"][0] < 0.05 * logits["largest"]


def test_in_float32_they_agree_to_the_fourth_decimal() -> None:
    info = runinfo.read(STAGE / "recordings" / "float32")
    assert info
    assert max(info.results["logits"]["apart"]) < 1e-4
    assert set(info.results["logits"]["same"]) == {info.results["logits"]["length"]}


@pytest.mark.engine
@pytest.mark.parametrize("name", NAMES)
def test_the_starter_is_not_started_and_the_solution_passes(lesson: Lesson, name: str) -> None:
    exercise = exercises.Exercise(lesson, name)
    assert grade.grade(exercise).verdict == "not started"
    shutil.copy(exercise.solution, exercise.path)
    result = grade.grade(exercise)
    assert (result.verdict, result.agreed) == ("passed", result.cases), result


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name in NAMES for place in range(len(grader.load(name).mistakes))]
)
def test_each_mistake_is_found_and_named(run: Evidence, lesson: Lesson, name: str, place: int) -> None:
    marker = grader.load(name)
    mistake = marker.mistakes[place]
    exercise = exercises.Exercise(lesson, name)
    own = list(marker.cases(run))
    assert mistake.must_differ == (not grade._agrees(mistake, own, marker))
    cases = own + list(grade._shipped(exercise, marker))
    values = {index: normal(mistake.function(*case.arguments)) for index, case in enumerate(cases)}
    result = grade.Result(exercise, "failed", cases=len(cases))
    grade._judge(result, marker, cases, Outcome("done", values, imported=True), 20.0)
    assert result.verdict == "differs"
    assert str(mistake.say) in result.likely


def test_a_run_without_its_tensors_says_what_to_run(tmp_path: Path) -> None:
    folder = tmp_path / SCRIPT / "2026-01-01T00-00-00"
    shutil.copytree(STAGE / "recordings" / "tp4_kv2", folder)
    with pytest.raises(LackingError, match=rf"has no whole mlp-rank0.*workbook run {SCRIPT}"):
        list(grader.load("layer_from_shards").cases(Evidence(folder)))


def test_what_a_rank_says_survives_its_file(tmp_path: Path) -> None:
    told = ranks.read(STAGE / "recordings" / "tp2")
    assert ranks.save(tmp_path, list(reversed(msgspec.to_builtins(told)))) == told == ranks.read(tmp_path)
    packed = next(p for p in told[1].parameters if "qkv" in p.name)
    assert (packed.whole, packed.shape, packed.cut) == ([512, 256], [256, 256], "outputs")
    assert [name.split(".")[-2] for name in packed.parts] == ["q_proj", "k_proj", "v_proj"]
    assert files.file_name(files.EDGE, 1) == "shards-rank1.safetensors"


@pytest.mark.engine
def test_nine_heads_refuse_two_ranks_in_one_sentence(smollm2: Path, tmp_path: Path) -> None:
    refused = python(SCRIPTS / f"{SCRIPT}.py", "--model", "smollm2", WORKBOOK_NOTES=str(tmp_path))
    one_sentence(refused, "9 attention heads", "tensor parallel size of 1, 3", "--model tiny")
