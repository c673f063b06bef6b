"""Reading recordings: of the real engine, damaged, foreign, cut, killed."""

import json
import os
import threading
import time
from pathlib import Path

import msgspec
import pytest

from workbook.errors import WorkbookError
from workbook.recorder import load
from workbook.recorder.clerk import Clerk
from workbook.recorder.lines import Arrived
from workbook.recorder.schema import VERSION, Arrival, Header
from workbook.recorder.texts import read as read_texts
from workbook.recorder.writer import Writer, create

RECORDINGS = Path(__file__).parent.parent / "recordings"


@pytest.fixture
def lines() -> list[bytes]:
    return (RECORDINGS / "preempt" / "recording.jsonl").read_bytes().splitlines(keepends=True)


def written(folder: Path, lines: list[bytes]) -> Path:
    path = folder / "recording.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_a_recording_adds_up() -> None:
    recording = load(RECORDINGS / "preempt")
    for step, state in recording.walk():
        assert step.used == len(state.holders)
        for row in step.rows:
            assert state.computed[row.request] == row.computed + row.scheduled
            assert len(state.tables[row.request]) * recording.header.block_size >= row.computed + row.scheduled
    assert recording.summary.preemptions == 2
    assert recording.end is not None
    assert recording.summary.generated_tokens == recording.end.tokens == 240
    assert len(recording.steps) == recording.end.steps


def test_texts_stand_beside_it() -> None:
    recording = load(RECORDINGS / "prefix")
    texts = read_texts(recording)
    prompt = "".join(texts[token] for token in recording.requests[0].prompt)
    assert prompt.startswith("You are a helpful assistant.")
    assert prompt.endswith("What is Paris?")


def test_a_killed_run_loses_half_a_line_and_nothing_else(tmp_path: Path, lines: list[bytes]) -> None:
    whole = load(written(tmp_path, lines[:100]))
    half = load(written(tmp_path, [*lines[:100], lines[100][:40]]))
    assert len(half.steps) == len(whole.steps) > 80
    assert half.end is None


@pytest.mark.parametrize(
    "damage",
    [
        b"{}\n",
        b'{"kind":"step","n":"x"}\n',
        b"\x00\xff\n",
        b'{"kind":"step","n":9,"at":99999999,"schedule":1,"batch":[77]}\n',  # a request that never came
        b'{"kind":"finish","at":99999999,"what":[55,"stop"]}\n',
    ],
)
def test_a_damaged_line_is_named_and_salvage_reads_up_to_it(tmp_path: Path, lines: list[bytes], damage: bytes) -> None:
    path = written(tmp_path, [*lines[:60], damage, *lines[60:]])
    with pytest.raises(
        WorkbookError, match=r"damaged at line 61 .*recording.jsonl --salvage` reads the 60 lines before it"
    ):
        load(path)
    saved = load(path, salvage=True)
    assert saved.damaged == 61
    assert len(saved.steps) == len(load(written(tmp_path, lines[:60])).steps)


def test_another_version(tmp_path: Path, lines: list[bytes]) -> None:
    header = json.loads(lines[0]) | {"version": VERSION + 1}
    with pytest.raises(
        WorkbookError, match=f"version {VERSION + 1} of the format, and this workbook reads version {VERSION}"
    ):
        load(written(tmp_path, [json.dumps(header).encode() + b"\n"]))


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "is empty"), (b"hello\n", "is not a recording"), (b"[]\n", "is not a")]
)
def test_no_recording(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(WorkbookError, match=sentence):
        load(written(tmp_path, [content]))
    with pytest.raises(WorkbookError, match="cannot be read"):
        load(tmp_path / "nowhere")


def test_two_engines_of_one_run_have_a_file_each(tmp_path: Path) -> None:
    assert [create(tmp_path)[1].name for _ in range(3)] == ["recording.jsonl", "recording-2.jsonl", "recording-3.jsonl"]


def test_lines_are_on_disk_within_moments_of_their_own_accord(tmp_path: Path, lines: list[bytes]) -> None:
    header = msgspec.json.decode(lines[0], type=Header)
    clerk = Clerk(Writer(tmp_path, 10**6), header, zero=0)
    assert clerk.writer.path.read_bytes() == lines[0]
    clerk.put(Arrived(5000, Arrival(-1, "learner-0-0123abcd", 0, [1, 2, 3], 3)))
    deadline = time.monotonic() + 10
    while clerk.writer.path.read_bytes().count(b"\n") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    expected = b'{"kind":"request","i":0,"id":"learner-0","at":5,"prompt":[1,2,3],"prompt_tokens":3}\n'
    assert clerk.writer.path.read_bytes() == lines[0] + expected
    clerk.close(own=2000)
    assert clerk.writer.path.read_bytes().splitlines()[-1].startswith(b'{"kind":"end","steps":0,"tokens":0,"own":2')
    clerk.close(own=2000)  # once more: nothing
    assert clerk.writer.path.read_bytes().count(b"\n") == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_is_told_to_the_engine_and_leaves_no_gap(
    tmp_path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = Clerk(Writer(tmp_path, 10**6), msgspec.json.decode(lines[0], type=Header), zero=0)
    full, real = os.open("/dev/full", os.O_WRONLY), os.write
    monkeypatch.setattr(os, "write", lambda _, data: real(full, data))
    clerk.put(Arrived(0, Arrival(-1, "a", 0, [1], 1)))
    clerk._thread.join(10)  # it ends by the error
    with pytest.raises(OSError, match="No space left"):
        clerk.put(Arrived(0, Arrival(-1, "b", 0, [1], 1)))
    monkeypatch.undo()  # there is room again: too late, a line is missing
    with pytest.raises(OSError, match="No space left"):
        clerk.close(own=0)
    os.close(full)
    assert clerk.writer.path.read_bytes() == lines[0]


def test_a_disk_that_hangs_keeps_nobody_waiting(
    tmp_path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = Clerk(Writer(tmp_path, 10**6), msgspec.json.decode(lines[0], type=Header), zero=0)
    hangs, goes_on, real = threading.Event(), threading.Event(), os.write

    def write(descriptor: int, data: bytes) -> int:
        hangs.set()
        goes_on.wait(30)
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr("workbook.recorder.clerk._MAX_QUEUE", 100)
    clerk.put(Arrived(0, Arrival(-1, "a", 0, [1], 1)))
    assert hangs.wait(10)
    start = time.monotonic()
    for number in range(100):
        clerk.put(Arrived(0, Arrival(-1, f"b{number}", 0, [1], 1)))
    with pytest.raises(OSError, match="does not keep up"):
        clerk.put(Arrived(0, Arrival(-1, "c", 0, [1], 1)))
    clerk.abandon()
    assert time.monotonic() - start < 5
    goes_on.set()
    clerk._thread.join(10)
    assert [line["kind"] for line in map(json.loads, clerk.writer.path.read_text().splitlines())] == [
        "header",
        "request",
    ]
