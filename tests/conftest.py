"""What the tests share: the models (made once, kept in the user's cache) and a way to run a script as a learner does."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "my_debug_scripts"


def run(*command: str | Path, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with extra environment variables; text output is captured, the exit code is not checked."""
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "WORKBOOK_LANG": "en", **env},
        capture_output=True,
        text=True,
    )


def python(*arguments: str | Path, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run this interpreter."""
    return run(sys.executable, *arguments, **env)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are compared in English, whatever the locale of the machine."""
    monkeypatch.setenv("WORKBOOK_LANG", "en")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    from workbook import models

    return models.resolve("smollm2")


@pytest.fixture(scope="session")
def tiny() -> Path:
    from workbook import models

    return models.resolve("tiny")


def one_sentence(result: "subprocess.CompletedProcess[str]", *parts: Any) -> None:
    """The command failed with exactly one line on stderr, which holds every part, and no traceback."""
    lines = result.stderr.strip().splitlines()
    assert result.returncode not in (0, None), result.stdout
    assert len(lines) == 1, result.stderr
    for part in parts:
        assert str(part) in lines[0]
