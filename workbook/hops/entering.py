"""Notices calls: a function in the plan is put into a ``with`` statement, as soon as its module has been imported."""

import ast
import builtins
import contextlib
import multiprocessing
import os
import sys
import threading
import time
import types
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType

import msgspec

from workbook.hops.records import FLAG, VARIABLE, Call, Hop, Plan, short
from workbook.importing import Execute, Finder
from workbook.stops import arming, debugger

_HOOK = "_workbook_hop_"  # a builtin, so it shows neither among locals nor among a module's globals


def announce(hops: list[Hop], folder: os.PathLike[str]) -> None:
    """Put the plan where this process's children find it."""
    os.environ[VARIABLE] = msgspec.json.encode(Plan(hops, os.fspath(folder))).decode()


def install() -> None:
    """Trace what the environment's plan says: in modules that are there now, in the others when they come."""
    plan = msgspec.json.decode(os.environ[VARIABLE], type=Plan)
    tracer = _Tracer(Path(plan.folder))
    setattr(builtins, _HOOK, tracer.enter)
    waiting: dict[str, list[Hop]] = {}
    for hop in plan.hops:
        waiting.setdefault(hop.at.partition(":")[0], []).append(hop)
    for name in [name for name in waiting if name in sys.modules]:
        tracer.add(sys.modules[name], waiting.pop(name))

    def around(execute: Execute, module: types.ModuleType, spec: ModuleSpec) -> None:
        execute(module)
        tracer.add(module, waiting.pop(spec.name, []))

    Finder(around, wants=waiting.__contains__).install()


class _Traced:
    """One function of the plan, in this process."""

    def __init__(self, hop: Hop, function: types.FunctionType) -> None:
        self.hop, self.function = hop, function
        self.code = function.__code__
        self.show, self.then, self.when = map(_compiled, (hop.show, hop.then, hop.when))
        self.count = 0


def _compiled(expression: str | None) -> types.CodeType | None:
    return compile(expression, f"<{expression}>", "eval") if expression else None


class _Tracer:
    """The trace of one process."""

    def __init__(self, folder: Path) -> None:
        self._flag = folder / FLAG
        self._file = folder / f"hops-{os.getpid()}.jsonl"
        self._traced: dict[str, _Traced] = {}
        self._inside = threading.local()

    def add(self, module: types.ModuleType, hops: list[Hop]) -> None:
        """Trace functions of a module. One that cannot be traced is a sentence, and the run goes on."""
        for hop in hops:
            try:
                function = arming.function(module, hop.at.partition(":")[2])
                traced = _Traced(hop, function)
                function.__code__ = arming.rewritten(function, lambda node, first, at=hop.at: _wrap(node, first, at))  # type: ignore[misc]
            except (arming.CannotArmError, SyntaxError, ValueError) as error:
                debugger.cannot(hop.at, str(error))
            else:
                self._traced[hop.at] = traced

    def enter(self, at: str) -> contextlib.AbstractContextManager[None]:
        """Called by a traced function when it is entered; what it returns is left when the function is."""
        traced = self._traced[at]
        if not self._flag.exists():
            return _nothing
        frame = sys._getframe(1)
        if traced.when and not _wanted(traced.when, frame):
            return _nothing
        traced.count += 1
        if traced.count >= traced.hop.calls:
            traced.function.__code__ = traced.code
        if traced.count > traced.hop.calls:  # entered twice before the first was counted
            return _nothing
        return self._noting(traced, traced.count, frame)

    @contextlib.contextmanager
    def _noting(self, traced: _Traced, number: int, frame: FrameType):  # type: ignore[no-untyped-def]
        depth = getattr(self._inside, "depth", 0)
        self._inside.depth = depth + 1
        shown = _shown(traced.show, frame)
        start = time.time()
        begun = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - begun
            self._inside.depth = depth
            call = Call(
                at=traced.hop.at,
                process=_process(),
                thread=threading.current_thread().name,
                depth=depth,
                number=number,
                start=start,
                seconds=seconds,
                shown=shown,
                left=_shown(traced.then, frame),
            )
            with self._file.open("ab") as file:
                file.write(msgspec.json.encode(call) + b"\n")


_nothing = contextlib.nullcontext()


def _wrap(node: arming.Function, first: int, at: str) -> None:
    """Put the body, below the docstring, into ``with _workbook_hop_(at):``."""
    statement = ast.parse(f"with {_HOOK}({at!r}): pass").body[0]
    assert isinstance(statement, ast.With)
    arming.on_line(statement, node)
    statement.body = node.body[first:]
    node.body[first:] = [statement]


def _shown(expression: types.CodeType | None, frame: FrameType) -> str | None:
    if expression is None:
        return None
    try:
        return short(_value(expression, frame))
    except Exception as error:  # a trace must not end a generation
        return f"{type(error).__name__}: {error}"


def _wanted(when: types.CodeType, frame: FrameType) -> bool:
    try:
        return bool(_value(when, frame))
    except Exception:
        return True  # noted, so that the mistake is seen


def _value(expression: types.CodeType, frame: FrameType) -> object:
    # One dictionary: generator expressions inside eval() see globals only.
    return eval(expression, {**frame.f_globals, **frame.f_locals})


def _process() -> str:
    name = multiprocessing.current_process().name
    return "main" if name == "MainProcess" else name
