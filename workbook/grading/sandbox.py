"""The learner's code in a process of its own: a limit on time, memory and output, no keyboard, nothing left behind.

It protects the learner from an accident in an exercise, and makes of each a clear end. It is no wall against malice.
"""

import contextlib
import ctypes
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
import psutil

from workbook.grading import messages, values
from workbook.grading.grader import Case

MEMORY = 4 * 1024**3  # bytes of private memory
OUTPUT = 8 * 1024**2  # bytes that may be printed
RETURNED = 1024**3  # bytes that all calls may return together
_START = 60.0  # seconds until the learner's file is imported, at most: a loaded machine takes a while
_KEPT = 4096  # bytes kept of the output's beginning, and of its end
_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
_ENVIRONMENT = {
    "PYTHONBREAKPOINT": "0",  # a forgotten breakpoint() would wait for a keyboard
    "PYTHONDONTWRITEBYTECODE": "1",  # in the learner's folder
    "PYTHONUNBUFFERED": "1",  # what was printed before a crash is there
    "PYTHONSAFEPATH": "1",
}

End = Literal["done", "raised", "changed", "time", "output", "returned", "exit", "signal"]


@dataclass
class Outcome:
    """How it went. ``values`` by the case's index; ``code``: exit code, or the signal's number."""

    end: End = "exit"
    values: dict[int, Any] = field(default_factory=dict)
    started: bool = False
    imported: bool = False
    raised: messages.Raised | None = None
    changed: messages.Changed | None = None
    code: int = 0
    line: int | None = None  # in the learner's file, of a crash or a call that took too long
    output: str = ""  # what it printed: its beginning and its end

    @property
    def reached(self) -> int:
        """The index of the case at which it ended; -1: at the import."""
        return len(self.values) if self.imported else -1


def run(
    file: Path, name: str, cases: list[Case], time_limit: float, *, gpu: bool = False, may_change: bool = False
) -> Outcome:
    """Call ``name`` in ``file`` with the arguments of each case."""
    # Torch's CUDA context maps far more than it uses, so a limit would say nothing there.
    job = messages.Job(str(file), name, None if gpu else MEMORY, "cuda" if gpu else "cpu", may_change)
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as trace, _no_orphans():
        source.write(messages.frame(job))
        for case in cases:
            source.write(messages.frame(messages.Call(case.method, [values.encode(a) for a in case.arguments])))
        source.seek(0)
        reports, far_end = os.pipe()
        descriptors = (source.fileno(), far_end, trace.fileno())
        process = subprocess.Popen(
            [sys.executable, "-m", "workbook.grading.runner", *map(str, descriptors)],
            cwd=file.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
            start_new_session=True,
            env={**os.environ, **_ENVIRONMENT},
        )
        os.close(far_end)
        try:
            outcome = _follow(process, reports, time_limit)
            if outcome.end == "time":
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGUSR1)  # write down where you are
                    _await_trace(trace)
        finally:
            _kill(process)
            os.close(reports)
        if outcome.end in ("time", "signal"):
            outcome.line = _line(trace, file)
        return outcome


def _follow(process: subprocess.Popen[bytes], reports: int, time_limit: float) -> Outcome:
    """Read what the process reports and prints until it ends or reaches a limit."""
    assert process.stdout
    outcome, frames, printed = Outcome(), bytearray(), _Printed()
    printing, watch = process.stdout.fileno(), os.pidfd_open(process.pid)
    deadline = time.monotonic() + _START
    with selectors.DefaultSelector() as selector:
        for descriptor in (reports, printing, watch):
            selector.register(descriptor, selectors.EVENT_READ)
        for descriptor in (reports, printing):
            os.set_blocking(descriptor, False)
        end: End | None = None
        while end is None:
            ready = {key.fd for key, _ in selector.select(max(0.0, deadline - time.monotonic()))}
            waiting = not outcome.started
            gone = watch in ready  # looked at first: whatever it wrote before is in the pipes by now
            for descriptor in ready - {watch}:
                while data := _read(descriptor):
                    if descriptor == reports:
                        frames += data
                        end = _take(frames, outcome)
                    else:
                        printed.add(data)
                    if not gone:  # else read all that is there
                        break
                if data == b"":  # closed
                    selector.unregister(descriptor)
            if waiting and outcome.started:
                deadline = time.monotonic() + time_limit
            if end is None and printed.total > OUTPUT:
                end = "output"
            elif end is None and len(frames) > RETURNED:
                end = "returned"
            elif end is None and gone:
                outcome.code = process.wait()
                end = "signal" if outcome.code < 0 else "exit"
            elif end is None and time.monotonic() >= deadline:
                end = "time"
        outcome.end = end
        while data := _read(printing):  # what was printed before the last report
            printed.add(data)
            if printed.total > OUTPUT:
                break
    os.close(watch)
    outcome.output = printed.text()
    return outcome


def _read(descriptor: int) -> bytes | None:
    """What is there to read; None: nothing yet; empty: closed."""
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return None


def _take(frames: bytearray, outcome: Outcome) -> End | None:
    """Note every whole report; the end, if one of them is."""
    while (data := messages.take_frame(frames)) is not None:
        match msgspec.msgpack.decode(data, type=messages.Report):
            case messages.Started():
                outcome.started = True
            case messages.Ready():
                outcome.imported = True
            case messages.Value(index, encoded):
                outcome.values[index] = values.decode(encoded)
            case messages.Changed() as changed:
                outcome.changed = changed
                return "changed"
            case messages.Raised() as raised:
                outcome.raised = raised
                return "raised"
            case messages.Done():
                return "done"
    return None


class _Printed:
    """Keeps the beginning and the end of what is printed."""

    def __init__(self) -> None:
        self.total = 0
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = _KEPT - len(self._head)
        self._head += data[:room]
        self._tail = (self._tail + data[room:])[-_KEPT:]

    def text(self) -> str:
        gap = b"\n...\n" if self.total > len(self._head) + len(self._tail) else b""
        return bytes(self._head + gap + self._tail).decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The process, its group, and what left the group."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        below = []
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for child in below:
        with contextlib.suppress(psutil.Error):
            child.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


@contextlib.contextmanager
def _no_orphans() -> Iterator[None]:
    """What the learner's process started and left comes to this process, which ends it."""
    if sys.platform != "linux":
        yield
        return
    before = {child.pid for child in psutil.Process().children()}
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        for child in psutil.Process().children(recursive=True):
            if child.pid not in before:
                with contextlib.suppress(psutil.Error, ChildProcessError):
                    child.kill()
                    os.waitpid(child.pid, 0)
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0)


def _await_trace(trace: IO[bytes], at_most: float = 3.0) -> None:
    """Until the process has written its stack, which it does at once where it gets a moment to run."""
    deadline, before = time.monotonic() + at_most, 0
    while time.monotonic() < deadline:
        time.sleep(0.05)
        size = os.fstat(trace.fileno()).st_size
        if size and size == before:
            return
        before = size


def _line(trace: IO[bytes], file: Path) -> int | None:
    """The innermost line of the learner's file in what faulthandler wrote."""
    trace.seek(0)
    text = trace.read().decode("utf-8", "replace")
    found = re.search(rf'File "{re.escape(str(file))}", line (\d+)', text)
    return int(found[1]) if found else None
