"""The command ``workbook show``: which run is meant, what it prints and writes, and one sentence where it cannot."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Result, one_sentence, python
from rich.cells import cell_len
from rich.console import Console

from workbook import paths
from workbook.errors import WorkbookError
from workbook.recorder import load
from workbook.views import runs, show

RECORDINGS = ROOT / "tests" / "recordings"
PREEMPT = RECORDINGS / "preempt"
_COMMAND = "import sys; from pathlib import Path; from workbook import cli, paths; paths.RUNS = Path(sys.argv.pop(1)); cli.main()"


def workbook(folder: Path, *arguments: str | Path, **env: str) -> Result:
    """Run ``workbook show`` with its runs in ``folder``."""
    return python("-c", _COMMAND, folder, "show", *arguments, **{"COLUMNS": "80", **env})


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of runs: two of one script, a later one of another."""
    for name, source in (
        ("step2_preempt/2026-11-20T10-00-00", "preempt"),
        ("step2_preempt/2026-11-21T09-30-00", "chunk_on"),
        ("step3_prefix/2026-11-22T08-00-00", "prefix"),
    ):
        shutil.copytree(RECORDINGS / source, tmp_path / "runs" / name)
    (tmp_path / "runs/step4_fails/2026-11-23T08-00-00").mkdir(parents=True)  # its engine never started
    return tmp_path / "runs"


@pytest.fixture
def here(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as this process sees it."""
    monkeypatch.setattr(paths, "RUNS", shelf)
    return shelf


def test_the_list_has_every_run_newest_first(shelf: Path) -> None:
    result = workbook(shelf)
    lines = result.stdout.splitlines()
    assert result.returncode == 0
    assert [line.split() for line in lines[1:4]] == [
        ["step3_prefix/2026-11-22T08-00-00", "48", "5", "smollm2", "ended"],
        ["step2_preempt/2026-11-21T09-30-00", "40", "3", "smollm2", "ended"],
        ["step2_preempt/2026-11-20T10-00-00", "157", "3", "tiny", "ended"],
    ]
    assert "workbook show last" in result.stdout
    chinese = workbook(shelf, WORKBOOK_LANG="zh").stdout
    assert "正常结束" in chinese
    assert max(map(cell_len, chinese.splitlines())) <= 80


def test_the_list_of_nothing_says_how_to_make_something(tmp_path: Path) -> None:
    result = workbook(tmp_path)
    assert result.returncode == 0
    assert "workbook run step1_basic_llama" in result.stdout
    one_sentence(workbook(tmp_path, "last"), "There is no recording yet")
    one_sentence(workbook(tmp_path, "step2"), "There is no run 'step2'", "workbook run step1_basic_llama")


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("last", 48),
        ("step2_preempt", 40),
        ("step2_preempt/2026-11-20T10-00-00", 157),
        ("step2_preempt/2026-11-20", 157),
        (str(PREEMPT), 157),
        (str(PREEMPT / "recording.jsonl"), 157),
    ],
)
def test_a_run_is_found_by_its_names(here: Path, name: str, steps: int) -> None:
    assert len(load(runs.find(name)).steps) == steps


def test_a_script_s_folder_stands_for_its_newest_run(here: Path) -> None:
    assert runs.label(runs.find(str(here / "step2_preempt"))) == "step2_preempt/2026-11-21T09-30-00"
    assert runs.label(PREEMPT / "recording.jsonl") == str(PREEMPT)


def test_a_run_in_progress_is_found_before_it_has_a_recording(here: Path) -> None:
    assert runs.find("last", recorded=False) == here / "step4_fails/2026-11-23T08-00-00/recording.jsonl"
    with pytest.raises(WorkbookError, match="There is no run 'step4_fails'"):
        runs.find("step4_fails")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("step9",), ["There is no run 'step9'", "step3_prefix, step2_preempt"]),
        (("step2_preempt/2027",), ["step2_preempt has no run", "2026-11-21T09-30-00, 2026-11-20T10-00-00"]),
        (("step2_preempt/2026",), ["may be any of 2 runs", "2026-11-20T10-00-00"]),
        (("last", "--step", "49"), ["There is no step 49", "1 to 48"]),
        (("last", "--step", "0"), ["There is no step 0"]),
        (("last", "--steps", "50:60"), ["There is no step 50:60"]),
        (("last", "--steps", "9:3"), ["There is no step 9:3"]),
        (("last", "--steps", "a:b"), ["--steps takes a range such as 10:40, not 'a:b'"]),
        (("last", "--step", "5:6"), ["--step takes the number of one step, not '5:6'", "--steps 10:40"]),
        (("last", "--svg", "pie"), ["There is no picture 'pie'", "timeline, blocks, kv"]),
        (("last", "--compare", "step9"), ["There is no run 'step9'"]),
        (("last", "--trace", "--out", "/dev/null/trace.json"), ["cannot be written", "--out"]),
        (("last", "--html", "--out", "/dev/null/page.html"), ["cannot be written", "--out"]),
        (("last", "--svg", "kv", "--trace", "--out", "one.file"), ["Several files"]),
        (("/",), ["/ holds no recording"]),
    ],
)
def test_what_is_not_there_is_one_sentence(shelf: Path, arguments: tuple[str, ...], parts: list[str]) -> None:
    one_sentence(workbook(shelf, *arguments), *parts)
    one_sentence(workbook(shelf, *arguments, WORKBOOK_LANG="zh"))


def test_the_overview_has_figures_lanes_and_steps(shelf: Path) -> None:
    shown = workbook(shelf, "step2_preempt/2026-11-20").stdout
    assert shown.startswith("step2_preempt/2026-11-20T10-00-00\ntiny · vLLM 0.32.0")
    for part in ("181.5 tokens/s", "95 tokens computed again", "Cdxxxx", "peak 8/8", "x2 preempted −64"):
        assert part in shown
    assert "\x1b" not in shown
    assert "killed" not in shown


def test_some_steps_all_steps_one_step(shelf: Path) -> None:
    run = "step2_preempt/2026-11-20"
    assert [line.split()[0] for line in workbook(shelf, run, "--steps", "80:82").stdout.splitlines()[-3:]] == [
        "80",
        "81",
        "82",
    ]
    assert workbook(shelf, run, "--steps", "156:").stdout.splitlines()[-2].split()[0] == "156"
    assert workbook(shelf, run, "--steps", "7").stdout.splitlines()[-1].split()[0] == "7"
    numbers = [line.split()[0] for line in workbook(shelf, run, "--all").stdout.splitlines()[-157:]]
    assert numbers == [str(number) for number in range(1, 158)]
    one = workbook(shelf, run, "--step", "7").stdout
    assert "Step 7 of 157" in one
    assert "preempted in this step: 2 (−64 token, 2 blocks)" in one


def test_two_runs_side_by_side(shelf: Path) -> None:
    shown = workbook(shelf, "step2_preempt/2026-11-20", "--compare", "step2_preempt/2026-11-21").stdout
    assert shown.splitlines()[0].split() == ["2026-11-20T10-00-00", "2026-11-21T09-30-00"]
    assert next(line for line in shown.splitlines() if line.startswith("steps")).split() == [
        "steps",
        "157",
        "40",
        "-75%",
    ]


def test_files_are_written_into_the_run_s_folder(shelf: Path) -> None:
    folder = shelf / "step3_prefix/2026-11-22T08-00-00"
    before = set(folder.iterdir())
    result = workbook(shelf, "last", "--svg", "timeline", "--trace", "--html")
    assert result.returncode == 0, result.stderr
    made = {path.name for path in set(folder.iterdir()) - before}
    assert made == {"timeline.svg", "trace.json", "time_machine.html"}
    assert all(str(folder / name) in result.stdout for name in made)
    assert json.loads((folder / "trace.json").read_text())["otherData"]["model"] == "smollm2"
    assert "<html" in (folder / "time_machine.html").read_text()


def test_of_a_recording_that_is_no_run_files_go_below_the_notes(shelf: Path, tmp_path: Path) -> None:
    folder = ROOT / "stages/1_basics/recordings/first"
    before = set(folder.iterdir())
    for options in (("--html",), ("--svg", "kv")):
        result = workbook(shelf, folder, *options, WORKBOOK_NOTES=str(tmp_path / "notes"))
        assert result.returncode == 0, result.stderr
    assert {path.name for path in (tmp_path / "notes/pages/first").iterdir()} == {"time_machine.html", "kv.svg"}
    assert set(folder.iterdir()) == before
    assert "notes/pages" in " ".join(workbook(shelf, "--help", COLUMNS="200").stdout.split())


def test_out_names_a_file_or_a_folder(shelf: Path, tmp_path: Path) -> None:
    assert workbook(shelf, "last", "--svg", "blocks", "--step", "24", "--out", tmp_path / "a.svg").returncode == 0
    assert "Step 24: 9 of 90" in (tmp_path / "a.svg").read_text()
    assert workbook(shelf, "last", "--svg", "kv", "--trace", "--out", tmp_path).returncode == 0
    assert (tmp_path / "kv.svg").is_file()
    assert (tmp_path / "trace.json").is_file()


def test_the_page_compares_and_opens(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)  # which returns None: no browser
    wish = show.Wish(run="last", compare="step2_preempt", open=True, out=tmp_path / "page.html")
    console = Console(file=io.StringIO(), width=200)
    show.show(wish, console)
    page = (tmp_path / "page.html").read_text()
    assert "step3_prefix/2026-11-22T08-00-00" in page
    assert "step2_preempt/2026-11-21T09-30-00" in page
    assert isinstance(console.file, io.StringIO)
    assert "No browser could be opened" in console.file.getvalue()
    assert opened == [(tmp_path / "page.html").resolve().as_uri()]


def test_a_run_of_several_engines_names_the_others(shelf: Path) -> None:
    folder = shelf / "step2_preempt/2026-11-20T10-00-00"
    shutil.copy(RECORDINGS / "spec" / "recording.jsonl", folder / "recording-2.jsonl")
    shown = workbook(shelf, "step2_preempt/2026-11-20", COLUMNS="200").stdout
    assert f"This run had 2 engines; the others: recording-2.jsonl in {folder}" in shown
    second = workbook(shelf, folder / "recording-2.jsonl", COLUMNS="200").stdout
    assert second.startswith("step2_preempt/2026-11-20T10-00-00/recording-2.jsonl\n")
    assert "drafts accepted" in second
    listed = workbook(shelf).stdout.splitlines()
    assert listed[3].endswith("ended, 2 engines")
    assert max(map(len, listed)) <= 80


def lines_of(name: str) -> list[bytes]:
    return (RECORDINGS / name / "recording.jsonl").read_bytes().splitlines(keepends=True)


def broken(shelf: Path, data: bytes, age: float = 60.0) -> Path:
    """A run with this recording, last written to ``age`` seconds ago."""
    path = shelf / "step9/2026-11-30T10-00-00/recording.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_killed_run_is_shown_as_far_as_it_went(shelf: Path) -> None:
    lines = lines_of("preempt")
    broken(shelf, b"".join(lines[:50]) + lines[50][:20])
    result = workbook(shelf, "step9")
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1].startswith("The recording has no end: the run was killed")
    assert "killed" in workbook(shelf).stdout.splitlines()[1]
    broken(shelf, b"".join(lines[:50]), age=0)
    assert workbook(shelf).stdout.splitlines()[1].endswith("running")


@pytest.mark.parametrize(
    ("ended", "debugged", "state", "last"),
    [
        ("interrupted", False, "interrupted", "the run was interrupted (Ctrl-C)."),
        ("failed", True, "failed, debugged", "the run failed; vLLM's log says why:"),
        ("running", False, "killed", "the run was killed"),
    ],
)
def test_a_run_is_called_what_its_own_file_says(shelf: Path, ended: str, debugged: bool, state: str, last: str) -> None:
    path = broken(shelf, b"".join(lines_of("preempt")[:50]))
    info = json.loads((RECORDINGS / "first" / "run.json").read_text())
    (path.parent / "run.json").write_text(json.dumps({**info, "ended": ended, "debugged": debugged}))
    line = workbook(shelf).stdout.splitlines()[1]
    assert line.endswith(f" {state}")
    assert cell_len(line) <= 80
    assert last in workbook(shelf, "step9").stdout
    with path.open("ab") as file:
        file.write(b'{"kind":"end","steps":99,"tokens":9,"own":1}\n')
    assert workbook(shelf).stdout.splitlines()[1].endswith(" " + state.replace("killed", "ended"))


def test_a_cut_run_says_so(shelf: Path) -> None:
    cut = b'{"kind":"cut","n":46,"limit":1048576}\n{"kind":"end","steps":99,"tokens":9,"own":1}\n'
    broken(shelf, b"".join(lines_of("preempt")[:50]) + cut)
    last = " ".join(workbook(shelf, "step9").stdout.splitlines()[-2:])
    assert "reached its limit of 1 MiB at step 46" in last
    assert workbook(shelf).stdout.splitlines()[1].endswith(" cut")


def test_a_damaged_run_is_one_sentence_and_can_be_salvaged(shelf: Path) -> None:
    lines = lines_of("preempt")
    broken(shelf, b"".join([*lines[:40], b"\x00" * 30 + b"\n", *lines[41:]]))
    one_sentence(workbook(shelf, "step9"), "is damaged at line 41", "--salvage")
    result = workbook(shelf, "step9", "--salvage")
    assert result.returncode == 0
    assert "Line 41 of the recording is damaged: it and what follows are left out." in result.stdout
    assert " 36 " in workbook(shelf, "step9", "--salvage", "--steps", "36").stdout
    one_sentence(workbook(shelf, "step9", "--salvage", "--steps", "37"), "1 to 36")


def test_an_empty_file_is_one_sentence(shelf: Path) -> None:
    path = broken(shelf, b"")
    one_sentence(workbook(shelf, path), "is empty")
    assert "empty" in workbook(shelf).stdout.splitlines()[1]
    broken(shelf, b"hello\n")
    one_sentence(workbook(shelf, "step9"), "is not a recording")
    assert workbook(shelf).returncode == 0


def numbers(text: str) -> list[int]:
    return [int(line.split()[0]) for line in text.splitlines() if line.split() and line.split()[0].isdigit()]


def follower(shelf: Path, run: str | Path) -> subprocess.Popen[str]:
    """``workbook show RUN --follow``, going on beside the test."""
    command = [sys.executable, "-c", _COMMAND, str(shelf), "show", str(run), "--follow"]
    env = {**os.environ, "WORKBOOK_LANG": "en", "PYTHONUNBUFFERED": "1", "COLUMNS": "80"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def test_following_a_run_prints_each_step_once_and_ends(shelf: Path) -> None:
    path = shelf / "step8/2026-11-29T10-00-00/recording.jsonl"
    path.parent.mkdir(parents=True)
    data = (PREEMPT / "recording.jsonl").read_bytes()
    with follower(shelf, "step8") as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Waiting for the engine")
        for start in range(0, len(data), 1000):  # pieces end in the middle of a line
            with path.open("ab") as file:
                file.write(data[start : start + 1000])
            time.sleep(0.05)
        shown, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert numbers(shown) == list(range(1, 158))
    assert "x2 preempted" in shown
    assert shown.splitlines()[-1] == "The run ended: 157 steps, 240 tokens generated."
    assert max(map(cell_len, shown.splitlines()[-150:])) <= 80


@pytest.fixture
def following(shelf: Path) -> Iterator[subprocess.Popen[str]]:
    """A follower of a run that has a header so far, and no more."""
    path = broken(shelf, lines_of("preempt")[0])
    with follower(shelf, path) as process:
        yield process
        process.kill()


def test_ctrl_c_ends_following(following: subprocess.Popen[str]) -> None:
    assert following.stdout
    assert "KV blocks" in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate(timeout=60)
    assert following.returncode == 130
    assert errors == ""


@pytest.mark.parametrize("bad", [b"{}\n", b'{"kind":"step","n":6,"at":9,"schedule":1,"batch":[7]}\n'])
def test_following_a_damaged_run_is_one_sentence(shelf: Path, bad: bytes) -> None:
    broken(shelf, b"".join(lines_of("preempt")[:9]) + bad)
    result = workbook(shelf, "step9", "--follow")
    one_sentence(result, "is damaged at line 10")
    assert numbers(result.stdout) == [1, 2, 3, 4, 5]


def test_reading_on_costs_the_same_for_every_step(tmp_path: Path) -> None:
    """5000 steps of 35 requests, then one more: that one takes no replay of the others."""
    from workbook.views.follow import Counter, Tail

    lines = lines_of("preempt")
    step = b'{"kind":"step","n":%d,"at":%d,"schedule":1,"model":1,"update":1,"batch":[0,1]}\n'
    path = tmp_path / "recording.jsonl"
    path.write_bytes(b"".join(lines[:5]) + b"".join(step % (n, 10**6 + n) for n in range(2, 5002)))
    tail = Tail(path)
    start = time.perf_counter()
    first = tail.lines()
    whole = time.perf_counter() - start
    assert tail.header
    counter = Counter(tail.header)
    assert sum(counter.add(line) is not None for _, line in first) == 5001
    with path.open("ab") as file:
        file.write(step % (5002, 10**7))
    start = time.perf_counter()
    assert [row.number for _, line in tail.lines() if (row := counter.add(line))] == [5002]
    assert time.perf_counter() - start < whole / 4
    assert tail.lines() == []
