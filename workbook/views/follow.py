"""Prints the steps of a recording while it is being written, a line each.

Reads on where it left off and keeps what a line needs, and no more: a run of any length costs the same for each
step. The whole of a step, with its blocks, is left to :mod:`workbook.recorder.replay`.
"""

import sys
import time
from pathlib import Path

import msgspec
from rich.console import Console

from workbook.errors import WorkbookError
from workbook.i18n import some, tr
from workbook.recorder import schema
from workbook.recorder.load import damaged, read
from workbook.views import steptable
from workbook.views.steptable import Event, Line

_INTERVAL = 0.2  # seconds
_PAUSE = 2.0  # seconds: a script may give its engine more to do when all requests have ended
_QUIET = 15.0  # seconds without a new line, after which one is told


class Tail:
    """The lines of a recording that have come since one last asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: schema.Header | None = None
        self._offset = 0
        self._number = 0
        self._error: WorkbookError | None = None
        self._decode = msgspec.json.Decoder(schema.Line).decode

    def lines(self) -> list[tuple[int, schema.Line]]:
        """Whole lines only, each with its number in the file; the header is left out.

        Raises WorkbookError for what is no recording, and for a damaged line when those before it have been given.
        """
        if self._error:
            raise self._error
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []  # the engine has not started yet
        data = data[: data.rfind(b"\n") + 1]
        if data and self.header is None:
            self.header = read(self.path, salvage=True).header
        self._offset += len(data)
        found = []
        for line in data.splitlines():
            self._number += 1
            try:
                found.append((self._number, self._decode(line)))
            except msgspec.MsgspecError as error:
                self._error = damaged(self.path, self._number, str(error))
                break
        return [(number, line) for number, line in found if not isinstance(line, schema.Header)]


class Counter:
    """Makes a line of the table of each line of the file, by the few numbers that it carries along."""

    def __init__(self, header: schema.Header) -> None:
        self._usable = header.blocks - 1
        self._since: int | None = None
        self._names: list[str] = []
        self._tokens: list[int] = []  # prompt and outputs of each request
        self._left: dict[int, int] = {}  # tokens that the current prefill has yet to compute
        self._batch: list[int] = []
        self._free = 0

    def add(self, line: schema.Line) -> Line | None:
        """The table's line, for a step. Raises LookupError or ValueError for a request that is not known."""
        if isinstance(line, schema.Arrival):
            self._since = line.at if self._since is None else self._since
            self._names.append(line.id)
            self._tokens.append(line.prompt_tokens)
        return self._step(line) if isinstance(line, schema.StepLine) else None

    def _step(self, line: schema.StepLine) -> Line:
        names = self._names
        self._batch = self._batch if line.batch is None else line.batch
        self._free = self._free if line.free is None else line.free
        for came in line.admitted:
            self._left[came.i] = self._tokens[came.i] - came.computed
        tokens = line.tokens or [1] * len(self._batch)
        prefill = 0
        for request, scheduled in zip(self._batch, tokens, strict=True):
            if self._left[request] > 0:
                prefill += scheduled
                self._left[request] -= scheduled
        for request, sampled in zip(self._batch, line.sampled, strict=False):
            self._tokens[request] += len(sampled)
        place = {request: place for place, request in enumerate(self._batch)}
        accepted = dict(line.accepted)
        events = [
            Event("again" if came.resumed else "admitted", names[came.i], tokens=came.computed)
            for came in sorted(line.admitted, key=lambda came: place[came.i])
        ]
        events += [Event("preempted", names[victim.i], tokens=victim.computed) for victim in line.preempted]
        events += steptable.drafts((len(drafts), accepted.get(request)) for request, drafts in line.drafts if drafts)
        events += [Event("finished", names[end.i], end.reason) for end in line.finished]
        return Line(
            number=line.n,
            at=(line.at - (self._since or 0)) / 1e6,
            batch=len(self._batch),
            tokens=sum(tokens),
            prefill=prefill,
            used=self._usable - self._free,
            free=self._free,
            cached=None,
            seconds=None if line.model is None else (line.schedule + line.model + line.update) / 1e6,
            events=events,
        )


def follow(console: Console, path: Path) -> None:
    """Print each step once, those that are there already and those that come, until the run ends.

    Ctrl-C ends it with exit code 130.
    """
    try:
        _follow(console, path)
    except KeyboardInterrupt:
        sys.exit(130)


def _follow(console: Console, path: Path) -> None:
    tail = Tail(path)
    quiet_since: float | None = time.monotonic()  # None: one was told
    if not (first := tail.lines()) and tail.header is None:
        console.print(
            tr(f"Waiting for the engine to write {path} …", f"等待引擎写入 {path} ……"), style="dim", soft_wrap=True
        )
    while tail.header is None:
        time.sleep(_INTERVAL)
        first = tail.lines()
    counter, layout = Counter(tail.header), steptable.Table(tail.header, console.width, cached=False)
    console.print(*layout.head(), sep="\n")
    lines, end = first, None
    while True:
        for number, line in lines:
            try:
                row = counter.add(line)
            except (LookupError, ValueError) as error:  # it speaks of a request that there is not
                raise damaged(path, number, f"{type(error).__name__}: {error}") from None
            if row:
                console.print(layout.row(row))
            elif isinstance(line, schema.CutLine):
                console.print(
                    tr(
                        "The recording is full; the engine runs on, unrecorded.",
                        "录制已达上限；引擎继续运行，但不再录制。",
                    ),
                    style="dim",
                )
        if lines:
            quiet_since = time.monotonic()
            end = lines[-1][1] if isinstance(lines[-1][1], schema.EndLine) else None
        elif end is not None and quiet_since is not None and time.monotonic() - quiet_since > _PAUSE:
            console.print(_ended(end), style="dim")
            return
        elif quiet_since is not None and time.monotonic() - quiet_since > _QUIET:
            console.print(_quiet(), style="dim")
            quiet_since = None
        time.sleep(_INTERVAL)
        lines = tail.lines()


def _ended(line: schema.EndLine) -> str:
    return tr(
        f"The run ended: {some(line.steps, 'step')}, {some(line.tokens, 'token')} generated.",
        f"运行结束：{line.steps:,} 步，生成 {line.tokens:,} 个 token。",
    )


def _quiet() -> str:
    return tr(
        f"Nothing new for {_QUIET:.0f} s: the engine is idle, or the run was killed. Ctrl-C ends this.",
        f"{_QUIET:.0f} 秒没有新内容：引擎空闲，或运行已被终止。按 Ctrl-C 退出。",
    )
