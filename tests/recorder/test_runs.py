"""Recordings of whole scripts: engine in this process, in its own, over two ranks, asynchronous; and what may go wrong."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, SCRIPTS, python, run

from workbook import logfile, paths
from workbook.recorder import load

pytestmark = pytest.mark.engine
TEST_SCRIPTS = Path(__file__).parent.parent / "scripts"


def folder_of(output: str) -> Path:
    found = re.search(r"vLLM's log: (.*)/vllm.log$", output, re.MULTILINE)
    assert found, output
    return ROOT / found[1]


def test_two_ranks_record_what_one_records(tiny: Path) -> None:
    one, two = (
        load(folder_of(python(SCRIPTS / "llama_debug.py", "--model", "tiny", "--tp", str(ranks)).stdout))
        for ranks in (1, 2)
    )
    assert two.header.engine["tensor_parallel_size"] == 2
    for recording in (one, two):
        assert [step.scheduled for step in recording.steps] == [5] + [1] * 7
        assert [story.id for story in recording.requests] == ["0"]
        assert recording.requests[0].reason == "length"
        assert recording.end is not None
    assert one.requests[0].outputs == two.requests[0].outputs


def test_async_requests_keep_the_names_that_the_learner_gave(tiny: Path) -> None:
    result = python(TEST_SCRIPTS / "async_requests.py", "--model", "tiny")
    assert result.returncode == 0, result.stderr
    recording = load(folder_of(result.stdout))
    assert sorted(story.id for story in recording.requests) == [f"learner-{number}" for number in range(4)]
    assert all(len(story.outputs) == 20 for story in recording.requests)
    assert any({row.phase for row in step.rows} >= {"decode", "chunk"} for step in recording.steps)


def test_killed_in_the_middle(tiny: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, TEST_SCRIPTS / "endless.py", "--model", "tiny", "--tp", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "WORKBOOK_LANG": "en"},
    )
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if line.strip() == "READY":
            break
    file, deadline = folder_of(seen) / "recording.jsonl", time.monotonic() + 120
    while file.read_bytes().count(b"\n") < 40:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    recording = load(folder_of(seen))
    assert recording.end is None
    assert len(recording.steps) > 20
    assert recording.steps[-1].free < recording.steps[0].usable


def test_size_limit_is_stated_and_generation_goes_on(tiny: Path) -> None:
    result = python(SCRIPTS / "llama_debug.py", "--model", "tiny", WORKBOOK_RECORDING_MIB="0.001")
    assert result.returncode == 0, result.stderr
    recording = load(folder_of(result.stdout))
    assert recording.cut is not None
    assert recording.cut.limit == 1048
    assert len(recording.steps) < 8
    assert recording.end is None or recording.end.steps == 8


def test_without_a_recording(tiny: Path) -> None:
    result = python(SCRIPTS / "llama_debug.py", "--model", "tiny", "--no-recording")
    assert result.returncode == 0, result.stderr
    assert {path.name for path in folder_of(result.stdout).iterdir()} == {"run.json", "vllm.log"}
    assert "Recorded" not in result.stdout


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="mounts a small file system: needs root")
@pytest.mark.parametrize("options", ["size=8k", "ro"])
def test_full_or_read_only_disk_never_stops_the_generation(tiny: Path, options: str) -> None:
    script = f"{sys.executable!r} {str(SCRIPTS / 'llama_debug.py')!r} --model tiny"
    paths.RUNS.mkdir(parents=True, exist_ok=True)
    result = run(
        "unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o {options} none {str(paths.RUNS)!r} && exec {script}"
    )
    assert result.returncode == 0, result.stderr
    assert "Output: " in result.stdout
    if options == "ro":  # the run went to the system's temporary folder, and is whole
        folder = re.search(r"vLLM's log: (/.*)/vllm.log$", result.stdout, re.MULTILINE)
        assert folder
        assert len(load(folder[1]).steps) == 8
        assert "Recorded 8 engine steps" in result.stdout
    else:
        assert "The recording is not whole" in result.stdout or "vLLM's log says" in result.stdout


def test_two_runs_at_the_same_instant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Frozen:
        @staticmethod
        def now() -> "Frozen":
            return Frozen()

        def strftime(self, _: str) -> str:
            return "2026-01-01T00-00-00"

    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.setattr(logfile, "datetime", Frozen)
    assert logfile._run_folder("script") != logfile._run_folder("script")
