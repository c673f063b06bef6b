"""What a run was, in ``run.json`` beside its recording: which script with which arguments, and how it ended.

The recording says what the engine did; this says what the learner did. Evidence for progress needs both.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

from workbook import paths

FILE = "run.json"


class RunInfo(msgspec.Struct):
    """One run of a script. ``ended`` is "running" for a run that is going on, or was killed."""

    script: str  # the file's name without .py
    arguments: list[str]
    model: str
    fast: bool  # --fast: a short form for tests, which proves nothing about a lesson
    debugged: bool  # under pdb or debugpy
    started: float  # seconds since the epoch
    ended: Literal["running", "ok", "failed", "interrupted"] = "running"
    seconds: dict[str, float] = msgspec.field(default_factory=dict)  # by phase, as the script named them
    results: dict[str, Any] = msgspec.field(default_factory=dict)  # what the script itself measured, for its lesson

    @property
    def options(self) -> list[str]:
        """The arguments that may change what is measured: all but --model, which ``model`` tells, and those that only print."""
        given = iter(self.arguments)
        found = []
        for argument in given:
            if argument == "--model":
                next(given, None)
            elif argument not in ("--no-questions", "--verbose") and not argument.startswith("--model="):
                found.append(argument)
        return found


def write(folder: Path, info: RunInfo) -> None:
    """Write ``run.json`` into the run's folder; a disk that is full or read-only stops nothing."""
    try:
        paths.write_atomically(folder / FILE, msgspec.json.format(msgspec.json.encode(info), indent=2).decode() + "\n")
    except OSError:
        return


def read(folder: Path) -> RunInfo | None:
    """The run's ``run.json``; None where there is none, or it cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=RunInfo)
    except (OSError, msgspec.MsgspecError):
        return None


def runs_of(script: str, whole: bool = True) -> list[Path]:
    """The folders of a script's runs, newest first; with ``whole`` those that ended well and were no ``--fast`` run."""
    found = sorted((path for path in (paths.RUNS / script).glob("*") if path.is_dir()), reverse=True)
    if not whole:
        return found
    infos = ((folder, read(folder)) for folder in found)
    return [folder for folder, info in infos if info and info.ended == "ok" and not info.fast]


def newest_first(runs: Iterable[Path]) -> list[Path]:
    """Runs' folders, SCRIPT/TIME, each once, by the time in their name."""
    return sorted(set(runs), key=lambda folder: (folder.name, folder.parent.name), reverse=True)


def new(script: str, arguments: list[str], model: str, fast: bool, debugged: bool) -> RunInfo:
    """A run that starts now."""
    return RunInfo(script, arguments, model, fast, debugged, time.time())
