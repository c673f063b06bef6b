"""vLLM's log goes to a file, also that of its child processes; the terminal keeps what the script says.

The file descriptor 2 is pointed at the file, so Python loggers, progress bars, C++ warnings and spawned
processes all arrive there. Descriptor 1 is left alone: ``print``, pdb and ipdb work as ever.
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TextIO

from workbook import paths

path: Path | None = None
verbose = False
_terminal: TextIO | None = None


def open_for(script: str) -> Path:
    """Point descriptor 2 at ``notes/runs/SCRIPT/TIME/vllm.log`` and return the path; with ``verbose``, also at the terminal."""
    global path, _terminal
    path = _run_folder(script) / "vllm.log"
    _terminal = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1)
    sys.stderr.flush()
    if verbose:
        # -i: after Ctrl-C the engine's last words still need a reader.
        tee = subprocess.Popen(["tee", "-i", "-a", str(path)], stdin=subprocess.PIPE, stdout=_terminal)
        assert tee.stdin is not None
        os.dup2(tee.stdin.fileno(), 2)
        tee.stdin.close()
    else:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 2)
        os.close(descriptor)
    sys.stderr = _Unfailing(sys.stderr)
    return path


class _Unfailing(io.TextIOBase):
    """stderr, without an error when the log's disk is full: a progress bar must not end a generation."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding


def terminal() -> TextIO:
    """The learner's stderr, whatever descriptor 2 is now."""
    return _terminal or sys.stderr


def tail(size: int = 200_000) -> str:
    """The last ``size`` bytes of the log, "" where there is none."""
    if path is None or not path.is_file():
        return ""
    with path.open("rb") as f:
        f.seek(max(0, path.stat().st_size - size))
        return f.read().decode("utf-8", errors="replace")


def append(text: str) -> None:
    """Add ``text`` to the log."""
    if path is not None:
        with contextlib.suppress(OSError), path.open("a", encoding="utf-8") as f:
            f.write(text)


def _run_folder(script: str) -> Path:
    """A new folder for this run; below the system's temporary folder where ``notes/`` cannot be written to."""
    stamp = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    for number in range(100):
        folder = paths.RUNS / script / (f"{stamp}-{number}" if number else stamp)
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError:
            break
    return Path(tempfile.mkdtemp(prefix=f"{script}-"))
