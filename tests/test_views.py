"""What the views make of real recordings: the right figures, within the width, in both languages, letters and all."""

import io
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT
from rich.cells import cell_len
from rich.console import Console

from workbook.recorder import Recording, load, schema, texts
from workbook.views import blockmap, cells, figures, follow, gantt, perfetto, pictures, steptable, stepview, terminal
from workbook.views.colours import KINDS

NAMES = ("chunk_off", "chunk_on", "preempt", "prefix", "spec")
RECORDINGS = {name: load(ROOT / "tests" / "recordings" / name) for name in NAMES}
LETTERS = {kind.letter: name for name, kind in KINDS.items() if name not in ("free", "shared", "cached")}

each = pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS.keys())
Events = list[dict[str, Any]]


def printed(width: int, view: Any, *arguments: Any, **options: Any) -> str:
    # soft_wrap: rich then breaks no line, and one that is too long shows.
    console = Console(file=io.StringIO(), width=width, highlight=False, soft_wrap=True)
    view(console, *arguments, **options)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@each
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_view_keeps_within_the_width(
    recording: Recording, width: int, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", language)
    token_texts = texts.read(recording)
    shown = ""
    for everything in (False, True):
        name = "step2_continuous_batching/2026-11-24T10-00-00"
        shown += printed(width, terminal.overview, recording, name, everything=everything)
    for step, state in recording.walk():
        shown += printed(width, stepview.show, recording, step, state, token_texts)
    compared = terminal.comparison(recording, RECORDINGS["preempt"], ("a/" + "long" * 20, "b"), width)
    lines = [*shown.splitlines(), *(line.plain for line in compared)]
    assert len(lines) > len(recording.steps)
    assert max(map(cell_len, lines)) <= width
    assert any("一" <= letter <= "鿿" for letter in shown) == (language == "zh")
    assert "\x1b" not in shown


@each
def test_the_figures_are_those_of_the_recording(recording: Recording) -> None:
    summary = recording.summary
    numbers = {figure.label: figure.number for figure in figures.figures(summary)}
    assert numbers["throughput"] == summary.throughput
    assert summary.ttft
    assert summary.itl
    assert numbers["time to first token"] == summary.ttft.p50
    assert numbers["inter-token latency"] == summary.itl.p50
    assert numbers["steps"] == summary.steps == len(recording.steps)
    assert (
        numbers["KV cache, peak"]
        == summary.peak_use
        == max(s.used for s in recording.steps) / recording.steps[0].usable
    )
    assert numbers["prefix cache hits"] == summary.hit_rate
    assert numbers.get("drafts accepted") == summary.acceptance_rate
    assert numbers["preemptions"] == summary.preemptions


def test_figures_that_can_be_worked_out_by_hand() -> None:
    said = {figure.label: f"{figure.value} {figure.note}" for figure in figures.figures(RECORDINGS["prefix"].summary)}
    assert said["prefix cache hits"] == "73% 384 of 525 prompt tokens"
    said = {figure.label: f"{figure.value} {figure.note}" for figure in figures.figures(RECORDINGS["preempt"].summary)}
    assert said["KV cache, peak"] == "100% 8 blocks in use"
    assert said["preemptions"] == "2 95 tokens computed again"
    assert [figures.seconds(s) for s in (0.0000123, 0.0123, 1.23)] == ["12 µs", "12.3 ms", "1.23 s"]


def test_a_comparison_shows_what_the_median_hides() -> None:
    lines = terminal.comparison(RECORDINGS["chunk_on"], RECORDINGS["chunk_off"], ("s/on", "s/off"), 80)
    assert lines[0].plain.split() == ["on", "off"]
    tail = next(line.plain for line in lines if "latency, p99" in line.plain)
    assert tail.split()[-5:] == ["550.7", "ms", "2.30", "s", "+317%"]


@each
def test_lanes_agree_with_the_steps(recording: Recording) -> None:
    lanes = gantt.spans(recording)
    for place, (step, state) in enumerate(recording.walk()):
        rows = {row.request: row.phase for row in step.rows}
        for request, lane in enumerate(lanes):
            kind = next((span.kind for span in lane if span.first <= place <= span.last), None)
            status = state.status.get(request)
            here = rows.get(request) or {"waiting": "waiting", "preempted": "preempted", "running": "paused"}.get(
                str(status)
            )
            assert kind == here, (step.number, request)
    for lane in lanes:
        assert all(after.first == before.last + 1 for before, after in pairwise(lane))
    assert sum(span.tokens for lane in lanes for span in lane) == sum(step.scheduled for step in recording.steps)


@pytest.fixture
def reset(tmp_path: Path) -> Recording:
    """Request 0 loses its blocks between two steps, and request 1 needs a chunk of one token to end its prefill."""
    header = RECORDINGS["spec"].header
    lines: list[schema.Header | schema.Line] = [
        header,
        *(schema.Arrival(i=i, id=f"r{i}", at=i, prompt=[7] * 5, prompt_tokens=5) for i in range(2)),
        schema.StepLine(
            n=1,
            at=10,
            schedule=1,
            model=1,
            batch=[0, 1],
            tokens=[5, 4],
            admitted=[schema.Admission(0, 0, [[1]]), schema.Admission(1, 0, [[2]])],
            sampled=[[8], []],
            free=88,
            running=2,
        ),
        schema.ResetLine(at=20, done=False, preempted=[schema.Preemption(0, 5, [1])]),
        schema.StepLine(n=2, at=30, schedule=1, model=1, batch=[1], sampled=[[8]], free=89, running=1, waiting=1),
        schema.StepLine(n=3, at=40, schedule=1, model=1, sampled=[[8]]),
        schema.StepLine(
            n=4,
            at=50,
            schedule=1,
            model=1,
            batch=[1, 0],
            tokens=[1, 6],
            admitted=[schema.Admission(0, 0, [[3]], True)],
            sampled=[[9], [9]],
            free=88,
            running=2,
            waiting=0,
        ),
    ]
    encode = msgspec.json.Encoder().encode
    (tmp_path / "recording.jsonl").write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    return load(tmp_path)


def test_a_reset_of_the_cache_preempts_between_two_steps(reset: Recording) -> None:
    first, second = gantt.spans(reset)
    assert [(span.kind, span.steps, span.recompute) for span in first] == [
        ("prefill", 1, False),
        ("preempted", 2, False),
        ("prefill", 1, True),
    ]
    assert [(span.kind, span.tokens) for span in second] == [("chunk", 5), ("decode", 2)]
    counter = follow.Counter(reset.header)
    made = [row for _, line in reset._lines if (row := counter.add(line))]
    assert [line.prefill for line in made] == [line.prefill for line in steptable.lines(reset)] == [9, 1, 0, 6]
    assert [event.kind for event in made[3].events] == ["again"]
    assert [event["name"] for event in slices(reset, perfetto.REQUESTS)[1]] == [
        "waiting",
        "prefill",
        "preempted",
        "prefill",
    ]


def test_a_narrow_column_shows_the_rarest() -> None:
    lane = gantt.spans(RECORDINGS["preempt"])[1]
    assert [span.kind for span in lane] == ["chunk", "decode", "preempted", "prefill", "decode"]
    shown = gantt.columns(lane, 157, 10)
    assert shown == ["chunk", "decode", "decode", "decode", "preempted", "preempted", "", "", "", ""]
    assert gantt.columns(lane, 157, 200)[:3] == ["chunk", "chunk", "decode"]


@pytest.mark.parametrize("recording", [RECORDINGS["prefix"]])
def test_a_timeline_without_colour_says_who_did_what(recording: Recording) -> None:
    lines = [line.plain for line in terminal.timeline(recording, 80)]
    for index, lane in enumerate(gantt.spans(recording)):
        letters = lines[1 + index].split(maxsplit=1)[1].rsplit(maxsplit=1)[0].rstrip()
        assert [LETTERS[letter] for letter in letters] == [span.kind for span in lane for _ in range(span.steps)]
    assert any("P  prefill" in line for line in lines)


@each
def test_while_following_the_same_lines_are_made(recording: Recording) -> None:
    counter = follow.Counter(recording.header)
    made = [row for _, line in recording._lines if (row := counter.add(line))]
    expected = steptable.lines(recording)
    assert len(made) == len(expected) > 30
    for found, line in zip(made, expected, strict=True):
        assert found.at == pytest.approx(line.at)
        assert found.seconds == pytest.approx(line.seconds)
        same = ("number", "batch", "tokens", "prefill", "used", "free", "events")
        assert [getattr(found, name) for name in same] == [getattr(line, name) for name in same]


def test_the_table_keeps_the_steps_in_which_something_happened() -> None:
    recording = RECORDINGS["preempt"]
    lines = steptable.lines(recording)
    shown = {lines[place].number for place in steptable.choose(lines)}
    assert shown >= {step.number for step in recording.steps if step.preempted or step.finished or step.arrived}
    assert {1, 157} < shown
    assert len(shown) <= 24
    text = "\n".join(line.plain for line in terminal.table(recording, 80))
    assert "x2 preempted −64" in text
    assert "x1 preempted −127" in text
    assert "… 61 steps" in text
    assert "+ 2 again hit 96" in text
    assert len(terminal.table(recording, 80, everything=True)) == 157 + 2
    assert [line.plain.split()[0] for line in terminal.table(recording, 80, range(9, 12))[2:]] == ["10", "11", "12"]


@each
def test_the_pool_is_counted_right(recording: Recording) -> None:
    for step, state in recording.walk():
        pool = blockmap.pool(step, state, recording)
        kinds = Counter(block.kind for block in pool)
        assert len(pool) == step.usable
        assert kinds["free"] + kinds["cached"] == step.free
        assert sum(bool(block.holders) for block in pool) == step.used
        assert sum(block.cached for block in pool) == step.cached
        for request in state.tables:
            parts = blockmap.table(request, state, pool, recording.header.block_size)
            assert sum(part.filled for part in parts) == state.computed[request]


def test_shared_blocks_are_marked() -> None:
    recording = RECORDINGS["prefix"]
    state = recording.state_at(24)
    pool = blockmap.pool(recording.steps[23], state, recording)
    assert [block.number for block in pool if block.kind == "shared"] == [1, 2, 3]
    assert pool[0].holders == (0, 1, 2, 3)
    shown = printed(100, stepview.show, recording, recording.steps[23], state, texts.read(recording))
    assert "*  *  *  0  1  2  3  3  2+" in shown
    assert "3 shared by several requests" in shown
    assert "“You are a helpful assistant" in shown
    assert "wait, new: 4" in shown
    rows = blockmap.rows(pool, 16, 99)
    assert rows == [pool[:16], 90 - 16]


def test_the_step_says_what_each_request_does() -> None:
    recording = RECORDINGS["spec"]
    shown = printed(100, stepview.show, recording, recording.steps[4], recording.state_at(5), texts.read(recording))
    row = next(line for line in shown.splitlines() if "32 → 37" in line)
    assert " ".join(row.split()) == "0 d decode 32 → 37 5 4/4 [3] “ four five one two three”"
    assert "6 of 4096 tokens of the budget: 0 prefill + 6 decode" in shown


def slices(recording: Recording, process: int) -> dict[int, Events]:
    found: dict[int, Events] = {}
    for event in perfetto.events(recording):
        if event["ph"] == "X" and event["pid"] == process:
            found.setdefault(event["tid"], []).append(event)
    return found


@each
def test_the_trace_is_what_the_format_demands(recording: Recording) -> None:
    events = perfetto.events(recording)
    assert {event["ph"] for event in events} == {"M", "X", "C", "i"}
    for event in events:
        assert all(isinstance(event[key], int) for key in ("ts", "pid", "tid")), event
        assert event["ts"] >= 0
        assert event["ph"] != "X" or (isinstance(event["dur"], int) and event["dur"] >= 0)
        assert event["ph"] != "i" or event["s"] == "t"
        assert event["ph"] != "C" or all(isinstance(value, int) for value in event["args"].values())
    named = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    lanes = {(e["pid"], e["tid"]) for e in events if e["ph"] in "Xi"}
    assert lanes <= set(named)
    assert [named[perfetto.REQUESTS, story.index + 1] for story in recording.requests] == [
        f"request {story.id}" for story in recording.requests
    ]


@each
def test_slices_of_a_request_do_not_overlap_and_add_up(recording: Recording) -> None:
    tokens = preempted = 0
    for lane, events in slices(recording, perfetto.REQUESTS).items():
        assert all(a["ts"] + a["dur"] <= b["ts"] for a, b in pairwise(events)), lane
        assert events[0]["name"] == "waiting"
        assert events[0]["ts"] == round(recording.requests[lane - 1].arrived * 1e6)
        tokens += sum(event.get("args", {}).get("tokens", 0) for event in events)
        preempted += sum(event["name"] == "preempted" for event in events)
        last = [event["args"]["blocks"] for event in events if "args" in event][-1]
        assert last == -(-len(recording.requests[lane - 1].tokens[:-1]) // recording.header.block_size)
    assert tokens == sum(step.scheduled for step in recording.steps)
    assert preempted == recording.summary.preemptions
    instants = [event["name"] for event in perfetto.events(recording) if event["ph"] == "i"]
    assert instants.count("preempted") == recording.summary.preemptions
    assert instants.count("finished: length") == recording.summary.finished == len(recording.requests)


@each
def test_slices_of_the_engine_are_nested_and_add_up(recording: Recording) -> None:
    lanes = slices(recording, perfetto.ENGINE)
    assert list(lanes) == [1]  # without asynchronous scheduling no step begins before the last has ended
    steps = [event for event in lanes[1] if event["name"].startswith("step ")]
    assert [event["name"] for event in steps] == [f"step {step.number}" for step in recording.steps]
    assert sum(e["dur"] for e in steps) == round(sum(step.ended_at - step.at for step in recording.steps) * 1e6)
    assert sum(e["args"]["tokens"] for e in steps) == sum(step.scheduled for step in recording.steps)
    for place, step in enumerate(steps):
        inside = lanes[1][place * 4 + 1 : place * 4 + 4]
        assert [part["name"] for part in inside] == ["schedule", "model", "update"]
        assert inside[0]["ts"] == step["ts"]
        assert all(a["ts"] + a["dur"] == b["ts"] for a, b in pairwise(inside))
        assert inside[2]["ts"] + inside[2]["dur"] == step["ts"] + step["dur"]
    counters = [e for e in perfetto.events(recording) if e["name"] == "KV blocks used"]
    assert [e["args"]["value"] for e in counters] == [step.used for step in recording.steps]


def test_steps_that_overlap_get_lanes_of_their_own() -> None:
    """As under asynchronous scheduling: each step is scheduled while the one before it runs."""
    recording = load(ROOT / "tests" / "recordings" / "spec")
    for before, step in pairwise(recording.steps):
        step.at = before.at + before.schedule_s + (before.model_s or 0) / 2
    for process in (perfetto.ENGINE, perfetto.REQUESTS):
        for events in slices(recording, process).values():
            open_until: list[int] = []
            for event in events:
                start, end = event["ts"], event["ts"] + event["dur"]
                while open_until and open_until[-1] <= start:
                    open_until.pop()
                assert not open_until or end <= open_until[-1], event
                open_until.append(end)
    assert len(slices(recording, perfetto.ENGINE)) > 1


@each
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pictures_are_sound_and_say_what_they_show(
    recording: Recording, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", language)
    last = recording.steps[-1].number
    for text in (pictures.timeline(recording), pictures.kv_use(recording), pictures.blocks(recording, last)):
        root = ElementTree.fromstring(text)
        width, height = map(float, root.attrib["viewBox"].split()[2:])
        tags = Counter(element.tag.rpartition("}")[2] for element in root)
        assert tags["title"] == tags["desc"] == tags["style"] == 1
        assert "prefers-color-scheme:dark" in text
        words = [element.text or "" for element in root if element.tag.endswith("text")]
        assert words
        assert any("一" <= letter <= "鿿" for letter in "".join(words)) == (language == "zh")
        for element in root:
            x, y = float(element.get("x", 0)), float(element.get("y", 0))
            assert 0 <= x <= width, element.attrib
            assert 0 <= y <= height, element.attrib
            if element.tag.endswith("rect"):
                assert x + float(element.attrib["width"]) <= width + 1, element.attrib
            for point in element.get("points", "0,0").split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= width, element.attrib
                assert 0 <= y <= height, element.attrib


def test_the_pictures_hold_the_recording() -> None:
    recording = RECORDINGS["preempt"]
    drawn = pictures.timeline(recording)
    assert drawn.count(f'fill="{KINDS["preempted"].fill}"') == 2
    assert "decode 79 tokens" in drawn
    first = pictures.timeline(load(ROOT / "stages/1_basics/recordings/first"))
    # What does not fit inside stands beside, and is what the tip says.
    assert (first.count(">decode 49 tokens<"), first.count("decode 7 tokens ·"), first.count(">7 tokens<")) == (2, 1, 1)
    assert "8 tokens" not in first
    assert ">preempted<" in drawn
    assert "2 preempted" in pictures.kv_use(recording)
    part = pictures.timeline(recording, 1, 10)
    assert ">decode<" in part
    assert "79 tokens" not in part  # those are of the whole span
    shared = pictures.blocks(RECORDINGS["prefix"], 24)
    assert "3 shared by several requests" in shared
    assert shared.count("×4") == 3
    with pytest.raises(LookupError):
        pictures.blocks(recording, 999)


def test_axes_have_whole_round_numbers_and_the_same_steps_in_both_timelines() -> None:
    for name, recording in RECORDINGS.items():
        words = [
            element.text or ""
            for element in ElementTree.fromstring(pictures.kv_use(recording))
            if element.tag.endswith("text") and element.get("text-anchor") == "end"
        ]
        numbers = [int(word.replace(",", "")) for word in words if word.replace(",", "").isdigit()]
        assert numbers.count(0) == 2, name
        second = len(numbers) - numbers[::-1].index(0) - 1
        for axis in (numbers[:second], numbers[second:]):
            unit = axis[1]
            assert axis == list(range(0, axis[-1] + 1, unit))
            assert str(unit).rstrip("0") in ("1", "2", "5")
    ruler = terminal.timeline(load(ROOT / "stages/1_basics/recordings/first"), 80)[0].plain
    assert ruler.split()[:6] == ["step", "1", "10", "20", "30", "40"]
    lanes = terminal.timeline(load(ROOT / "stages/1_basics/recordings/first"), 80)[1].plain
    assert ruler.index("10") - lanes.index("P") == 9  # over its own column


def test_text_is_cut_by_cells() -> None:
    assert cells.cut("块表块表", 5) == "块表…"
    assert cell_len(cells.cut_middle("a 块表 text that is long", 11)) <= 11
    assert cells.right("块", 4) == "  块"
    assert [line.plain for line in cells.flow([cells.bold("a" * 4), cells.bold("b" * 4)], " · ", 9)] == ["aaaa", "bbbb"]


def test_a_recording_without_steps(tmp_path: Path) -> None:
    first = (ROOT / "tests/recordings/spec/recording.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "recording.jsonl").write_bytes(first)
    assert "No step was recorded." in printed(80, terminal.overview, load(tmp_path), "x")
    assert [event["ph"] for event in perfetto.events(load(tmp_path))] == ["M", "M"]


def test_line_kinds_are_all_known_to_the_follower() -> None:
    counter = follow.Counter(RECORDINGS["spec"].header)
    for line in (schema.CutLine(1, 1), schema.EndLine(1, 1, 1), schema.ResetLine(1, True)):
        assert counter.add(line) is None
