"""Notes and pictures: what is copied and never overwritten, which run is drawn, and whether the pictures tell the truth."""

import json
import os
import re
import subprocess
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ROOT, Result, one_sentence, python, workbook

from workbook import models, paths, runinfo, wire
from workbook.architecture import Architecture
from workbook.course import lessons
from workbook.drawing import blocksizes, budget, memory, model, notes, shards, split
from workbook.errors import WorkbookError
from workbook.recorder import Recording, load

RECORDINGS = ROOT / "tests" / "recordings"
TEMPLATES = ROOT / "notes" / "templates"
NAMES = sorted(notes.PICTURES)


def recorded(name: str) -> Recording:
    return load(RECORDINGS / name)


def words(svg: str) -> list[str]:
    """The texts of a picture, from the top."""
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty notes."""
    monkeypatch.setattr(paths, "NOTES", tmp_path)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    return tmp_path


def ran(script: str, recording: str, stamp: str, ended: str = "ok", fast: bool = False) -> str:
    """A run in the notes, with the recording of a real one; its name is returned."""
    folder = paths.RUNS / script / stamp
    folder.mkdir(parents=True)
    (folder / "recording.jsonl").write_bytes((RECORDINGS / recording / "recording.jsonl").read_bytes())
    info = runinfo.RunInfo(script, [], "tiny", fast, False, time.time())
    info.ended = ended  # type: ignore[assignment]
    runinfo.write(folder, info)
    return f"{script}/{stamp}"


# The templates, and the learner's copies.


@pytest.mark.parametrize("language", ["", ".zh"])
@pytest.mark.parametrize("name", [*NAMES, "lesson"])
def test_a_template_asks_leaves_room_and_asks_three_times(name: str, language: str) -> None:
    text = (TEMPLATES / f"{name}{language}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## ", text, re.MULTILINE)
    assert text.startswith("# ")
    assert len(re.findall(r"^\d\. .+\n   -$", text, re.MULTILINE)) == 3
    assert re.search(r"```text\n\n{3,}```", text)
    other = (TEMPLATES / f"{name}{'' if language else '.zh'}.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^## ", other, re.MULTILINE)) == len(headings)
    if name in notes.PICTURES:
        assert f"(pictures/{name}.svg)" in text
        assert f"`workbook draw {name.split('_')[0]}`" in text


def test_every_template_has_its_picture() -> None:
    names = {path.name.removesuffix(".md").removesuffix(".zh") for path in TEMPLATES.glob("*.md")}
    assert names - {"progress", "lesson"} == set(notes.PICTURES)


def test_what_is_tracked_and_what_is_the_learners() -> None:
    def ignored(name: str) -> bool:
        return subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False).returncode == 0

    theirs = ["predictions.json", "pictures/a.svg", "2.1_memory_layout.md", "1.1_notes.md", "photo.jpg", "progress.md"]
    assert [name for name in theirs if not ignored(f"notes/{name}")] == []
    ours = ["README.md", "README.zh.md", "templates/lesson.md", "templates/2.5_tp_split.zh.md"]
    assert [name for name in ours if ignored(f"notes/{name}")] == []


def test_a_note_is_copied_once_and_then_left_alone(there: Path) -> None:
    name = ran("step1_basic_llama", "prefix", "2026-01-01T00-00-00")
    first = notes.draw("2.1")
    assert [drawn.fresh for drawn in first.drawn] == [True, True, True]
    assert first.run == name
    note = there / "2.1_memory_layout.md"
    assert note.read_text(encoding="utf-8") == (TEMPLATES / "2.1_memory_layout.md").read_text(encoding="utf-8")
    note.write_text("mine\r\n", encoding="utf-8", newline="")
    (there / "2.1_throughput.md").write_text("", encoding="utf-8")  # emptied on purpose is written on, too
    again = notes.draw("2.1", str(RECORDINGS / "preempt"))
    assert [drawn.fresh for drawn in again.drawn] == [False, False, False]
    assert note.read_bytes() == b"mine\r\n"
    assert (there / "2.1_throughput.md").read_bytes() == b""
    assert memory.memory_layout(recorded("preempt")) == (there / "pictures" / "2.1_memory_layout.svg").read_text()


def test_notes_come_in_the_learners_language(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran("step1_basic_llama", "preempt", "2026-01-01T00-00-00")
    monkeypatch.setenv("WORKBOOK_LANG", "zh")
    notes.draw("2.5")
    assert "切分" in (there / "2.5_tp_split.md").read_text(encoding="utf-8")
    assert "个 rank 如何分担" in (there / "pictures" / "2.5_tp_split.svg").read_text(encoding="utf-8")


def test_a_lesson_without_a_template_of_its_own(there: Path) -> None:
    result = notes.draw("1.3")
    assert [drawn.note.name for drawn in result.drawn] == ["1.3_notes.md"]
    text = (there / "1.3_notes.md").read_text(encoding="utf-8")
    assert text.startswith("# 1.3 · Notes")
    assert "{lesson}" not in text


def test_before_any_run_the_templates_are_there(there: Path) -> None:
    result = notes.draw("2.3")
    assert [drawn.picture for drawn in result.drawn] == [None, None]
    assert "There is no recording yet" in result.remarks[0]
    assert not (there / "pictures").exists()


# Which run.


def test_the_last_whole_run_of_the_lessons_script(there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "stages" / "2_core_techniques" / "2.1_paged_attention.md"
    page.parent.mkdir(parents=True)
    header = "lesson: '2.1'\ntitle: {en: a, zh: b}\nminutes: 1\nweek: 3\nscript: step2_paged_attention"
    page.write_text(f"---\n{header}\n---\n# a\n", encoding="utf-8")
    monkeypatch.setattr(lessons.all_lessons, "__defaults__", (tmp_path / "stages",))

    other = ran("step1_basic_llama", "prefix", "2026-01-09T00-00-00")
    result = notes.draw("2.1")
    assert result.run == other
    assert "no whole run of step2_paged_attention yet" in result.remarks[0]
    assert "`workbook run step2_paged_attention`" in result.remarks[0]

    whole = ran("step2_paged_attention", "prefix", "2026-01-02T00-00-00")
    ran("step2_paged_attention", "prefix", "2026-01-03T00-00-00", ended="failed")
    ran("step2_paged_attention", "prefix", "2026-01-04T00-00-00", fast=True)
    result = notes.draw("2.1")
    assert (result.run, result.remarks) == (whole, [])
    result = notes.draw("2.1", other)
    assert (result.run, result.remarks) == (other, [])


def test_what_cannot_be_drawn_is_one_sentence_and_leaves_nothing(there: Path) -> None:
    foreign = there / "foreign"
    foreign.mkdir()
    lines = (RECORDINGS / "preempt" / "recording.jsonl").read_text().splitlines()
    header = json.loads(lines[0])
    header["architecture"]["class"] = "OPTForCausalLM"
    (foreign / "recording.jsonl").write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    empty = there / "empty"
    empty.mkdir()
    (empty / "recording.jsonl").write_text(lines[0] + "\n")

    def draw(*arguments: str) -> Result:
        return workbook("draw", *arguments, WORKBOOK_NOTES=str(there))

    one_sentence(draw("2.5", str(foreign)), "OPTForCausalLM", "a LLaMA")
    one_sentence(draw("2.1", str(empty)), "no step to draw")
    one_sentence(draw("2.1", "nosuch"), "no run")
    one_sentence(draw("9.9"), "There is no lesson '9.9'")
    one_sentence(draw("../x"), "There is no lesson")
    assert sorted(path.name for path in there.iterdir()) == ["empty", "foreign"]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_says_where_everything_is(there: Path, width: int, language: str) -> None:
    result = workbook(
        "draw",
        "2.5",
        str(RECORDINGS / "prefix"),
        WORKBOOK_NOTES=str(there),
        WORKBOOK_LANG=language,
        COLUMNS=str(width),
    )
    assert result.returncode == 0, result.stderr
    assert f"{there / 'pictures' / '2.5_tp_split.svg'}" in result.stdout
    assert {"en": "this is for 3", "zh": "图中按 3 个 rank"}[language] in result.stdout.replace("\n", " ")


def test_without_a_lesson_those_with_pictures_are_listed() -> None:
    result = workbook("draw")
    assert result.returncode == 0
    assert "2.1  memory_layout, throughput, block_size" in result.stdout
    assert "Name one: workbook draw 2.1." in result.stdout


# Whether the pictures tell the truth.


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("recording", ["prefix", "preempt", "chunk_on", "chunk_off", "spec"])
def test_every_picture_of_every_recording_is_sound(
    recording: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", language)
    for name, picture in notes.PICTURES.items():
        svg = picture(recorded(recording))
        box = ET.fromstring(svg).attrib["viewBox"].split()
        assert box[2] == "960", name
        for node in ET.fromstring(svg).iter():
            where = float(node.get("x", "0")) + float(node.get("width", "0") if node.tag.endswith("rect") else "0")
            assert -1 <= where <= 961, (name, node.attrib)
            assert float(node.get("y", "0")) <= float(box[3]), (name, node.attrib)
        assert "nan" not in svg


def test_the_layout_is_what_the_recording_holds() -> None:
    recording = recorded("prefix")
    at = memory.moment(recording)
    state = recording.state_at(at.step)
    first, second = (state.tables[request] for request in at.requests)
    assert set(first) & set(second)  # five requests share a prefix: that is what is shown
    texts = words(memory.memory_layout(recording))
    for request in at.requests:
        computed, table = state.computed[request], state.tables[request]
        assert f"Request {recording.requests[request].id}: {computed} tokens in {len(table)} blocks" in texts
        if computed % 32:
            assert f"{computed % 32}/32" in texts
    assert "One block: 32 tokens × 30 layers × K and V × 3 KV heads × 64 × 2 bytes = 720.0 KiB" in texts
    named = [int(text) for text in texts if text.isdigit()]
    for block in {*first, *second}:  # in a table and in the pool; a shared one in both tables
        assert named.count(block) == 1 + (block in first) + (block in second)


def test_a_large_pool_stays_a_picture() -> None:
    recording = recorded("preempt")
    recording.header.blocks = 40_000
    svg = memory.memory_layout(recording)
    assert len(svg) < 60_000
    assert "more blocks" in svg


@pytest.mark.parametrize(
    "folder", [ROOT / "stages/1_basics/recordings/ten_times", RECORDINGS / "prefix", RECORDINGS / "chunk_on"]
)
def test_no_line_crosses_a_block(folder: Path) -> None:
    """Neither a block of the pool nor an entry of a table: every line is sampled against every box."""
    root = ET.fromstring(memory.memory_layout(load(folder)))
    sides = [
        [float(node.attrib[name]) for name in ("x", "y", "width", "height")]
        for node in root.iter()
        if node.tag.endswith("rect") and node.get("class") != "paper"
    ]
    lines = [node for node in root.iter() if node.tag.endswith("line")]
    assert lines
    for node in lines:
        x1, y1, x2, y2 = (float(node.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
        for part in range(101):
            px, py = x1 + (x2 - x1) * part / 100, y1 + (y2 - y1) * part / 100
            crossed = [
                box for box in sides if box[0] + 3 < px < box[0] + box[2] - 3 and box[1] + 3 < py < box[1] + box[3] - 3
            ]
            assert not crossed, (node.attrib, crossed)


def test_a_run_with_one_request_has_one_table() -> None:
    recording = recorded("spec")
    at = memory.moment(recording)
    assert len(at.requests) == min(2, len(recording.requests))
    assert memory.memory_layout(recording)


def test_block_sizes_are_those_of_the_run_and_calculated() -> None:
    recording = recorded("chunk_on")
    found = {use.size: use for use in blocksizes.uses(recording)}
    held = sum(len(table) for _, state in recording.walk() for table in state.tables.values())
    assert found[32].slots == held * 32 / len(recording.steps)  # the run's own size: what it did hold
    assert sorted(found) == [16, 32, 64, 128, 256]
    assert all(a.empty <= b.empty for a, b in pairwise(found.values()))


def test_the_budget_picture_counts_every_token() -> None:
    recording = recorded("chunk_on")
    svg = budget.timeline_with_budget(recording)
    tips = re.findall(r"<title>(\d+): (prefill|chunk|decode) (\d+)</title>", svg)
    for step in recording.steps:
        assert sum(int(count) for number, _, count in tips if int(number) == step.number) == step.scheduled
    assert "Tokens in each step; the line is the budget, 64" in words(svg)
    recording.header.token_budget = 8192
    assert "the budget is 8,192" in " ".join(words(budget.timeline_with_budget(recording)))


@pytest.mark.parametrize("name", ["tiny", "smollm2", "llama-3.2-1b", "llama-3.2-3b"])
@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 8, 16])
def test_the_parts_make_the_whole(name: str, ranks: int) -> None:
    shape = models.KNOWN[name].architecture
    if not shards.fits(shape, ranks):
        return
    weights = [
        *shards.attention(shape, ranks),
        *shards.mlp(shape, ranks),
        shards.vocabulary(shape, ranks, "lm_head"),
    ]
    for weight in weights:
        along = weight.inputs if weight.cut == "row" else weight.outputs
        covered = sorted(set(weight.parts))
        assert covered[0][0] == 0
        assert covered[-1][1] == along
        assert all(a[1] == b[0] for a, b in pairwise(covered))
        assert len({weight.shape(rank) for rank in range(ranks)}) == 1
    assert any(weight.replicated for weight in weights) == (ranks > shape.kv_heads)
    if ranks == 1:
        assert shards.elements(shape, 1, 0, shape.tied) == shape.parameters


def test_vocabularies_are_padded_to_64() -> None:
    assert [wire.padded_vocabulary(count) for count in (1, 64, 65, 49152, 128256, 32003)] == [
        64,
        64,
        128,
        49152,
        128256,
        32064,
    ]
    shape = Architecture(1, 64, 4, 2, 16, 128, 100, 128, tied=False)
    assert shards.vocabulary(shape, 2, "embed_tokens").padding == 28


def test_a_run_on_one_rank_says_for_how_many_it_is_drawn() -> None:
    assert split.degree(recorded("preempt")) == (2, "The run had one rank; this is how two would share.")
    ranks, why = split.degree(recorded("prefix"))
    assert ranks == 3
    assert "2 cannot share 9 heads and 3 KV heads evenly" in why
    recording = recorded("preempt")
    recording.header.engine["tensor_parallel_size"] = 4
    assert split.degree(recording) == (4, "")


def test_an_unknown_model_is_not_said_to_be_tied() -> None:
    recording = recorded("preempt")
    assert model.tied(recording) is True
    recording.header.model = "/gone/my-llama"
    assert model.tied(recording) is None
    assert "own, unless tied" in split.tensor_parallel_split(recording)


def test_a_model_that_no_rank_can_share() -> None:
    recording = recorded("prefix")
    recording.header.architecture["num_attention_heads"] = recording.header.architecture["num_key_value_heads"] = 11
    with pytest.raises(WorkbookError, match="divide by none of 2 to 8"):
        split.tensor_parallel_split(recording)


# A module of its own: every process of the engine imports the functions by name.
PROBE = """
def sizes(model):
    layer = model.model.layers[0]
    names = {"qkv_proj": layer.self_attn.qkv_proj, "o_proj": layer.self_attn.o_proj,
             "gate_up_proj": layer.mlp.gate_up_proj, "down_proj": layer.mlp.down_proj}
    found = {name: [m.output_size_per_partition, m.input_size_per_partition] for name, m in names.items()}
    for name, table in (("embed_tokens", model.model.embed_tokens), ("lm_head", model.lm_head)):
        indices = table.shard_indices
        found[name] = [table.num_embeddings_per_partition, table.embedding_dim]
        found[name + " from to"] = [indices.padded_org_vocab_start_index, indices.padded_org_vocab_end_index]
    found["heads"] = [layer.self_attn.num_heads, layer.self_attn.num_kv_heads]
    found["tied"] = model.lm_head is model.model.embed_tokens or model.lm_head.weight is model.model.embed_tokens.weight
    return found


def count(model):
    from vllm.distributed.parallel_state import GroupCoordinator

    GroupCoordinator.seen = []
    for name in ("all_reduce", "all_gather"):
        def counted(self, input_, *arguments, _plain=getattr(GroupCoordinator, name), _name=name, **more):
            GroupCoordinator.seen.append([_name, list(input_.shape)])
            return _plain(self, input_, *arguments, **more)
        setattr(GroupCoordinator, name, counted)


def counts(model):
    from vllm.distributed.parallel_state import GroupCoordinator

    return GroupCoordinator.seen
"""
SCRIPT = '''"""Asks every rank for the sizes of its layers, and counts what it sends in one generation."""
import json

from workbook import closing, lesson
from probe import count, counts, sizes


def main():
    flags = lesson.parser(__doc__)
    lesson.tensor_parallel_flag(flags)
    run = lesson.start(__doc__, kv_tokens=1024, flags=flags)
    from vllm import LLM, SamplingParams

    llm = LLM(model=run.model, tensor_parallel_size=run.tensor_parallel_size, max_model_len=256, **run.engine_args)
    print("SIZES", json.dumps(llm.apply_model(sizes)))
    llm.apply_model(count)
    llm.generate(["The capital of China is"], SamplingParams(temperature=0, max_tokens=3))
    print("COUNTS", json.dumps(llm.apply_model(counts)))
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
'''


@pytest.mark.engine
def test_the_split_is_what_two_real_ranks_hold_and_send(tiny: Path, there: Path) -> None:
    script = there / "ranks.py"
    script.write_text(SCRIPT)
    (there / "probe.py").write_text(PROBE)
    env = {"WORKBOOK_NOTES": str(there), "VLLM_ALLOW_INSECURE_SERIALIZATION": "1"}
    result = python(script, "--model", "tiny", "--tp", "2", **env)
    assert result.returncode == 0, result.stderr + result.stdout
    ranks = json.loads(re.findall(r"^SIZES (.*)$", result.stdout, re.MULTILINE)[0])
    sent = json.loads(re.findall(r"^COUNTS (.*)$", result.stdout, re.MULTILINE)[0])
    shape = models.KNOWN["tiny"].architecture
    query, key, value, out = shards.attention(shape, 2)
    gate, up, down = shards.mlp(shape, 2)
    embed, head = (shards.vocabulary(shape, 2, name) for name in ("embed_tokens", "lm_head"))
    for rank, found in enumerate(ranks):
        fused = [query.shape(rank)[0] + key.shape(rank)[0] + value.shape(rank)[0], shape.hidden]
        assert found["qkv_proj"] == fused
        assert found["o_proj"] == list(out.shape(rank))
        assert found["gate_up_proj"] == [gate.shape(rank)[0] + up.shape(rank)[0], shape.hidden]
        assert found["down_proj"] == list(down.shape(rank))
        for weight in (embed, head):
            assert found[weight.name] == list(weight.shape(rank))
            assert found[weight.name + " from to"] == list(weight.parts[rank])
        assert found["heads"] == [query.heads[rank][1] - query.heads[rank][0], key.heads[rank][1] - key.heads[rank][0]]
        assert found["tied"] is shape.tied

    # Three steps: five prompt tokens, then one token each. Each layer sends twice, the embedding once.
    reduced = [shape_ for name, shape_ in sent[0] if name == "all_reduce"]
    assert len(reduced) == 3 * (1 + 2 * shape.layers)
    assert {rows[-1] for rows in reduced} == {shape.hidden}
    assert sum(name == "all_gather" for name, _ in sent[0]) == 3

    drawn = workbook("draw", "2.5", **env)
    assert "one rank" not in drawn.stdout, drawn.stdout
    texts = words((there / "pictures" / "2.5_tp_split.svg").read_text())
    assert "How 2 ranks share the weights of tiny" in texts
    assert "Each step: 1 + 2 × 4 = 9 all-reduces of 512 bytes a token, and one all-gather." in texts


def test_pictures_are_drawn_without_vllm() -> None:
    code = "import sys, workbook.drawing.notes, workbook.drawing.report, workbook.cli; sys.exit('vllm' in sys.modules)"
    assert python("-c", code, **os.environ).returncode == 0
