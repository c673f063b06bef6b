"""However a script ends, no process stays behind, and no script waits for a process that is gone (TP=2 on CPU)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.engine
ENDLESS = Path(__file__).parent / "scripts" / "endless.py"


class Script:
    """tests/scripts/endless.py with its engine up: EngineCore and two workers."""

    def __init__(self, *flags: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, ENDLESS, "--model", "tiny", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "WORKBOOK_LANG": "en"},
        )
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if line.strip() == "READY":
                break
        else:
            pytest.fail(f"{''.join(seen)}{self.process.communicate()[1]}")
        time.sleep(1)  # into the first generate()
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def child(self, name: str) -> psutil.Process:
        return next(c for c in self.children if c.name().startswith(name))

    def end(self, timeout: float) -> str:
        """Wait for the script and return its stderr; every process must be gone soon after it."""
        _, stderr = self.process.communicate(timeout=timeout)
        _, alive = psutil.wait_procs(self.children, timeout=30)
        assert not alive, [c.cmdline() for c in alive]
        return stderr


@pytest.fixture(params=[(), ("--alone-first",)], ids=["first engine", "second engine"])
def script(tiny: Path, request: pytest.FixtureRequest) -> Iterator[Script]:
    script = Script(*request.param)
    yield script
    for process in [*script.children, psutil.Process(script.process.pid)] if script.process.poll() is None else []:
        if process.is_running():
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_script_takes_its_processes_along(script: Script, number: signal.Signals) -> None:
    assert len([c for c in script.children if c.name().startswith("VLLM::")]) == 3
    script.process.send_signal(number)
    script.end(timeout=30)
    assert script.process.returncode == -number


def test_ctrl_c_is_one_line_and_130(script: Script) -> None:
    # A terminal sends Ctrl-C to the whole group.
    for child in script.children:
        child.send_signal(signal.SIGINT)
    script.process.send_signal(signal.SIGINT)
    assert script.end(timeout=60).splitlines() == ["Interrupted."]
    assert script.process.returncode == 130


def test_killed_engine_core_ends_the_script_with_one_sentence(script: Script) -> None:
    script.child("VLLM::EngineCore").kill()
    lines = script.end(timeout=60).splitlines()
    assert len(lines) == 1
    assert "EngineCore was ended by SIGKILL" in lines[0]
    assert script.process.returncode == 1


def test_killed_worker_ends_the_script_with_one_sentence(script: Script) -> None:
    script.child("VLLM::Worker_TP1").kill()
    lines = script.end(timeout=60).splitlines()
    assert len(lines) == 1
    assert "worker process VllmWorker-1 died (exit code: -9" in lines[0].replace("exit code ", "exit code: ")
    assert script.process.returncode == 1


def test_ctrl_c_while_the_workers_start_is_one_line_too(tiny: Path) -> None:
    """vLLM swallows this one; without the watch the script would wait ten minutes."""
    process = subprocess.Popen(
        [sys.executable, ENDLESS, "--model", "tiny"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WORKBOOK_LANG": "en"},
        start_new_session=True,
    )
    me = psutil.Process(process.pid)
    deadline = time.monotonic() + 180
    while sum(child.name().startswith("VLLM::Worker") for child in me.children(recursive=True)) < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    children = me.children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr == "Interrupted.\n"
    assert not psutil.wait_procs(children, timeout=30)[1]
