"""What a trace holds, and how it lies on disk: one file of JSON lines for each process, ``hops-PID.jsonl``.

Knows neither vLLM nor how a call is noticed.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from workbook.errors import WorkbookError
from workbook.i18n import tr

VARIABLE = "WORKBOOK_HOPS"  # the plan, as JSON, for the script's children
FLAG = "hops.on"  # calls are noted while this file is in the run's folder: every process can see it


class Hop(msgspec.Struct, frozen=True):
    """A function to trace. Expressions are Python's; at the start they see the arguments, at the end every local name."""

    at: str  # "package.module:Qual.name"
    show: str | None = None  # an expression, noted when the function is entered
    then: str | None = None  # another, noted when it is left
    when: str | None = None  # only calls for which this is true: one layer of many
    calls: int = 1  # how many calls are noted, in each process; then the function is as it was


class Plan(msgspec.Struct):
    """What every process of a run is to trace, and where it writes."""

    hops: list[Hop]
    folder: str


class Call(msgspec.Struct):
    """One call. Times are seconds; ``start`` counts from the first call of the trace."""

    at: str
    process: str  # "main", "EngineCore", "VllmWorker-0", ...
    thread: str
    depth: int  # how many traced calls of the same thread it is inside of
    number: int  # the how-manieth call of this function in this process, from 1
    start: float
    seconds: float
    shown: str | None = None  # the value of ``show``; an exception's name where it failed
    left: str | None = None  # the value of ``then``


@contextlib.contextmanager
def window(folder: Path) -> Iterator[None]:
    """Calls inside are noted, in every process; what vLLM does while it warms up is not."""
    flag = folder / FLAG
    flag.touch()
    try:
        yield
    finally:
        flag.unlink(missing_ok=True)


def read(folder: Path) -> list[Call]:
    """All calls of a run in the order in which they began. Raises WorkbookError where there are none."""
    calls: list[Call] = []
    for path in sorted(folder.glob("hops-*.jsonl")):
        for line in path.read_bytes().split(b"\n")[:-1]:  # a killed process may leave half a line
            calls.append(msgspec.json.decode(line, type=Call))
    if not calls:
        raise WorkbookError(
            tr(
                f"{folder} holds no trace: run the lesson's script again.",
                f"{folder} 中没有跟踪记录：请重新运行本课的脚本。",
            )
        )
    calls.sort(key=lambda call: (call.start, call.depth))
    first = calls[0].start
    for call in calls:
        call.start -= first
    return calls


def short(value: Any, limit: int = 120) -> str:
    """A value as one line of text: a tensor's shape comes as ``torch.Size([5, 576])`` and is written [5, 576]."""
    text = " ".join(str(value).replace("torch.Size(", "").replace("])", "]").split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
