"""Planted: the hang of lesson 1.6. You have followed the stacks to this file, or you know the answer now.

A scheduler that counts scheduled tokens, and a thread that writes the count to a file. ``count`` holds the lock while it waits
for the thread, and the thread needs the lock to read the count: each waits for the other, for ever.
"""

import faulthandler
import multiprocessing
import os
import threading
from pathlib import Path
from typing import Any

from vllm.v1.core.sched.output import SchedulerOutput

from workbook.problems.evidence import DUMP, QUIET_S
from workbook.recorder.scheduler import RecordingScheduler
from workbook.recorder.writer import FOLDER_VARIABLE

EVERY = 8  # steps from one line of the file to the next


class TokenMeter(threading.Thread):
    """Writes how many tokens were scheduled, a line every ``EVERY`` steps."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="token-meter", daemon=True)
        self._path = path
        self._lock = threading.Lock()
        self._wanted, self._written = threading.Event(), threading.Event()
        self._steps = self._tokens = 0

    def count(self, tokens: int) -> None:
        """One step's tokens."""
        with self._lock:
            self._steps += 1
            self._tokens += tokens
            if self._steps % EVERY == 0:
                self._flush()

    def _flush(self) -> None:
        self._written.clear()
        self._wanted.set()
        self._written.wait()

    def run(self) -> None:
        """Write whenever it is wanted."""
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self._append()
            self._written.set()

    def _append(self) -> None:
        with self._lock:
            line = f"{self._steps}\t{self._tokens}\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)


class MeteredScheduler(RecordingScheduler):
    """The recording scheduler with a meter, and a watchdog that dumps every thread's stack when no step comes any more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = Path(os.environ[FOLDER_VARIABLE])
        self._dump = (folder / DUMP).open("w", encoding="utf-8", buffering=1)
        self._dump.write(f"{multiprocessing.current_process().name}\n")
        self._meter = TokenMeter(folder / "tokens.tsv")
        self._meter.start()

    def schedule(self, throttle_prefills: bool = False) -> SchedulerOutput:
        """As ever, and counted."""
        output = super().schedule(throttle_prefills)
        # A watchdog in C: it needs no thread of Python, nor the right to look into another process.
        faulthandler.dump_traceback_later(QUIET_S, file=self._dump)
        self._meter.count(output.total_num_scheduled_tokens)
        return output

    def shutdown(self) -> None:
        """End the engine."""
        faulthandler.cancel_dump_traceback_later()
        super().shutdown()
