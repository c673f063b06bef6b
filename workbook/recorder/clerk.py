"""Brings a recording to paper in a thread of its own, a few steps at a time, while the engine waits for the model.

One burst of many steps costs less than as many single ones (its code and data stay in the processor's caches), and
a slow disk keeps nobody waiting. What is not yet written when the process is killed, is lost: 50 ms at most.
"""

import os
import threading
import time
from collections import deque

from workbook.recorder import schema
from workbook.recorder.lines import Event, Lines
from workbook.recorder.writer import Writer

_INTERVAL = 0.05  # seconds
_MAX_QUEUE = 50_000  # events; so many wait only where the disk has stopped to answer


class Clerk:
    """Takes events from the engine's thread, and writes their lines from its own."""

    def __init__(self, writer: Writer, header: schema.Header, zero: int) -> None:
        """Write the header. Raises OSError where that cannot be done."""
        self.aside = 0  # ns of processor time that writing took
        self.writer = writer
        self.lines = Lines(writer, zero)
        self._queue: deque[Event] = deque()
        self._error: Exception | None = None
        self._lock = threading.Lock()  # held while events become lines
        self._stop = threading.Event()
        self._process = os.getpid()
        writer.write(header)
        writer.flush()
        self._thread = threading.Thread(target=self._run, name="workbook recorder", daemon=True)
        # A debugger neither shows nor stops it: so the recording is whole while one stands at a breakpoint.
        self._thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
        self._thread.start()

    def put(self, event: Event) -> None:
        """Leave an event to be written. Raises what went wrong with those before it."""
        if self._error is not None:
            raise self._error
        self._queue.append(event)
        if len(self._queue) > _MAX_QUEUE:
            raise OSError("the disk does not keep up")

    def catch_up(self, own: int | None = None) -> None:
        """Write everything now. With ``own``, the ns that notes took, the engine is idle, and the last line says so.

        Raises what goes wrong, also what went wrong before: after that nothing is written, lest there be a gap.
        """
        with self._lock:
            if self._error is not None:
                raise self._error
            start = time.thread_time_ns()
            try:
                while self._queue:
                    self.lines.take(self._queue.popleft())
                if own is not None:
                    self.lines.ended(own, self.aside)
                self.writer.flush()
            except Exception as error:
                self._error = error
                raise
            self.aside += time.thread_time_ns() - start

    def close(self, own: int | None = None) -> None:
        """Write what is left, and close the file; ``own`` as for :meth:`catch_up`. In a forked child, nothing."""
        if os.getpid() != self._process:
            return
        self._stop.set()
        self._thread.join()
        try:
            self.catch_up()
            self.lines.interrupted()
            self.catch_up(own)
        finally:
            self.writer.close()

    def abandon(self) -> None:
        """Close the file as it is, after an error; where the thread hangs in a write, leave that to the system."""
        self._stop.set()
        if self._lock.acquire(timeout=1):
            try:
                self.writer.close()
            except OSError:
                pass
            finally:
                self._lock.release()

    def _run(self) -> None:
        while not self._stop.wait(_INTERVAL):
            try:
                self.catch_up()
            except Exception:
                return  # put() tells the engine's thread
