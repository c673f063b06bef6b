"""The last lines of a script, where no engine is needed: how the run is called, and what a new terminal lacks."""

import os
import sys
from pathlib import Path

import pytest

from workbook import closing, paths


def test_the_newest_run_is_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    older, newer = tmp_path / "b/2026-01-01T10-00-00", tmp_path / "a/2026-01-01T10-00-01"
    for folder in (older, newer):
        folder.mkdir(parents=True)
        (folder / "recording.jsonl").touch()
    assert closing._name(newer) == "last"
    assert closing._name(older) == "b/2026-01-01T10-00-00"
    assert closing._name(Path("/elsewhere/my run")) == "'/elsewhere/my run'"


def test_a_terminal_that_does_not_know_the_command_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}/usr/bin")
    assert closing._activation("step1_basic_llama") == ""
    monkeypatch.setenv("PATH", "/usr/bin")
    activate = tmp_path / "bin/activate"
    activate.parent.mkdir()
    activate.touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert f"source {activate}\nThen read: " in closing._activation("step1_basic_llama")
    assert closing._activation("llama_debug").endswith(f"source {activate}")
    activate.unlink()  # as in a conda environment
    assert closing._activation("llama_debug") == ""
