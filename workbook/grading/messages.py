"""What the runner's process tells the grader's, frame by frame. Both import this; it must stay light."""

from typing import IO

import msgspec


class Job(msgspec.Struct):
    """The first frame of the job's file; the calls follow, a frame each."""

    file: str
    name: str  # of the function or class
    memory: int | None  # bytes of private memory; None: no limit
    device: str  # where tensors arrive: "cpu" or "cuda"
    may_change: bool


class Call(msgspec.Struct):
    """One call. Each argument is encoded apart, and decoded anew for each call."""

    method: str | None
    arguments: list[bytes]


class Started(msgspec.Struct, tag=True, tag_field="kind"):
    """The learner's file is about to be imported: from here on the time is the learner's."""


class Ready(msgspec.Struct, tag=True, tag_field="kind"):
    """The learner's file has been imported."""


class Value(msgspec.Struct, tag=True, tag_field="kind"):
    """Call ``index`` gave this."""

    index: int
    data: bytes


class Changed(msgspec.Struct, tag=True, tag_field="kind"):
    """Call ``index`` changed its argument number ``argument``."""

    index: int
    argument: int


class Raised(msgspec.Struct, tag=True, tag_field="kind"):
    """An exception ended the import (``index`` -1) or a call. ``line``: the last one in the learner's file.

    ``beside``: the name of the file in the same folder, as of another exercise, that raised it; None: it was no such file.
    """

    index: int
    type: str
    text: str
    line: int | None
    bases: list[str]  # names of the exception's classes
    beside: str | None = None


class Done(msgspec.Struct, tag=True, tag_field="kind"):
    """Every call has been made."""


Report = Started | Ready | Value | Changed | Raised | Done

_LENGTH = 8  # bytes before each frame


def frame(message: msgspec.Struct) -> bytes:
    """A message with its length before it."""
    data = msgspec.msgpack.encode(message)
    return len(data).to_bytes(_LENGTH, "little") + data


def read_frame(file: IO[bytes]) -> bytes | None:
    """The next frame's content; None at the end."""
    head = file.read(_LENGTH)
    return file.read(int.from_bytes(head, "little")) if len(head) == _LENGTH else None


def take_frame(buffer: bytearray) -> bytes | None:
    """Cut the first whole frame off ``buffer`` and give its content; None while it is not there."""
    size = int.from_bytes(buffer[:_LENGTH], "little")
    if len(buffer) < _LENGTH or len(buffer) < _LENGTH + size:
        return None
    data = bytes(buffer[_LENGTH : _LENGTH + size])
    del buffer[: _LENGTH + size]
    return data
