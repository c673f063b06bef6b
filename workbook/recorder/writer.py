"""Appends lines to a recording, so that a killed run leaves a readable file and a full disk stops nothing.

This module knows bytes and files, neither vLLM nor what the lines mean, nor when to write them out.
"""

import os
from pathlib import Path

import msgspec

FOLDER_VARIABLE = "WORKBOOK_RUN_FOLDER"  # where this run's recordings go; child processes inherit it
LIMIT_VARIABLE = "WORKBOOK_RECORDING_MIB"
_DEFAULT_LIMIT = 64


def limit_bytes() -> int:
    """The size limit, from ``$WORKBOOK_RECORDING_MIB``; 64 MiB where that is not a number."""
    try:
        return int(float(os.environ[LIMIT_VARIABLE]) * 1024**2)
    except (KeyError, ValueError, OverflowError):
        return _DEFAULT_LIMIT * 1024**2


def create(folder: Path) -> tuple[int, Path]:
    """Open ``recording.jsonl`` in ``folder``, or ``recording-2.jsonl`` and so on if an engine of this run has that already.

    Raises OSError where nothing can be written.
    """
    number = 1
    while True:
        path = folder / ("recording.jsonl" if number == 1 else f"recording-{number}.jsonl")
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644), path
        except FileExistsError:
            number += 1


class Writer:
    """A buffered, append-only file of JSON lines that holds at most ``limit`` bytes of them."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.limit = limit
        self._descriptor, self.path = create(folder)
        self._size = 0  # bytes in the file, up to the end of a whole line
        self._buffer = bytearray()
        self._encode = msgspec.json.Encoder().encode_into

    def write(self, line: msgspec.Struct) -> None:
        """Add a line."""
        self._encode(line, self._buffer, -1)
        self._buffer += b"\n"

    @property
    def full(self) -> bool:
        """Whether the size limit is reached."""
        return self._size + len(self._buffer) >= self.limit

    def flush(self) -> None:
        """Hand everything to the operating system; from there it survives a kill. Raises OSError: a line is whole, or not there."""
        if not self._buffer:
            return
        try:
            written = 0
            while written < len(self._buffer):
                written += os.write(self._descriptor, memoryview(self._buffer)[written:])
        except OSError:
            self._drop_half_line()
            raise
        finally:
            self._buffer = bytearray()  # not clear(): a memoryview of the old one may be alive in the traceback
        self._size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Write what is left and close the file; calling it again does nothing. Raises OSError."""
        if self._descriptor >= 0:
            try:
                self.flush()
            finally:
                os.close(self._descriptor)
                self._descriptor = -1

    def _drop_half_line(self) -> None:
        """Cut what a failed write left, up to the last whole line."""
        try:
            held = self.path.read_bytes()
            os.ftruncate(self._descriptor, held.rfind(b"\n") + 1)
        except OSError:
            pass  # the reader can do without a half line at the end, too
