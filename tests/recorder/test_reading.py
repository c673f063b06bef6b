"""Reading recordings: of the real engine, damaged, foreign, cut, killed."""

import json
from pathlib import Path

import pytest

from workbook.errors import WorkbookError
from workbook.recorder import load
from workbook.recorder.schema import VERSION
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


def test_lines_are_on_disk_within_moments(tmp_path: Path) -> None:
    from workbook.recorder.schema import EndLine

    writer = Writer(tmp_path, 1000)
    writer.write(EndLine(1, 2, 3), 10**9)
    assert writer.path.read_text() == '{"kind":"end","steps":1,"tokens":2,"own":3}\n'
    writer.write(EndLine(1, 2, 3), 10**9 + 1)  # at once: kept back
    assert writer.path.read_text().count("\n") == 1
    writer.write(EndLine(1, 2, 3), 10**9 + 101_000_000)
    assert writer.path.read_text().count("\n") == 3
    assert not writer.full
