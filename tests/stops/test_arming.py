"""A stop is put into every kind of Python function; it stops in that very frame; what cannot be stopped at is said."""

import asyncio
import builtins
import importlib
import itertools
import linecache
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from workbook.stops import arming, debugger, hits, spec

KINDS = '''\
from __future__ import annotations
import asyncio, contextlib, functools
def logged(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)
    return wrapper
def hiding(f):
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)
    return wrapper
def plain(n, *, scale: int = 2):
    """Doc."""
    return n * scale
def only_documented():
    """Doc."""
class Base:
    def __init__(self, n):
        self.__secret = n
    def method(self, n):
        return self.__secret + n
    def inherited(self):
        return "base"
class Child(Base):
    table = {"a": 1}
    def method(self, n):
        return super().method(n) + 1
    @staticmethod
    def static(n):
        return n
    @classmethod
    def of(cls, n):
        return cls(n)
    @property
    def prop(self):
        return 5
    @functools.cached_property
    def cached(self):
        return 6
    @logged
    @functools.lru_cache
    def decorated(self, n):
        return n
    class Inner:
        def method(self):
            return (
                "inner"
            )
    def generator(self, n):
        yield from range(n)
    async def coroutine(self, n):
        await asyncio.sleep(0)
        return n
    @contextlib.contextmanager
    def managed(self):
        yield 7
    @hiding
    def hidden(self):
        return 8
if True:
    def conditional(n):
        for i in range(n):
            pass
        return n
def one_line(): return 1
anonymous = lambda n: n
built_in = len
number = 3
'''


@pytest.fixture
def kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """The module above, imported under a name of its own."""
    name = f"kinds_{next(_numbers)}"
    (tmp_path / f"{name}.py").write_text(KINDS)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(name)
    yield module
    del sys.modules[name]
    linecache.clearcache()
    vars(builtins).pop(arming.HOOK, None)


_numbers = itertools.count()


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, dict[str, object]]]:
    """Where ``breakpoint()`` was reached: Python's own hook, in the place of a debugger that waits for a human."""
    frames: list[tuple[str, int, dict[str, object]]] = []

    def hook() -> None:
        frame: FrameType = sys._getframe(1)
        frames.append((frame.f_code.co_qualname, frame.f_lineno, dict(frame.f_locals)))

    monkeypatch.setattr(sys, "breakpointhook", hook)
    monkeypatch.setattr(debugger, "attached", lambda: True)
    return frames


def arm(module: types.ModuleType, *written: str) -> None:
    hits.arm(module, [spec.parse(f"{module.__name__}:{text}") for text in written])


Call = Callable[[types.ModuleType], object]
REACHED: list[tuple[str, Call, object, dict[str, object]]] = [
    ("plain", lambda m: m.plain(3), 6, {"n": 3, "scale": 2}),
    ("only_documented", lambda m: m.only_documented(), None, {}),
    ("conditional", lambda m: m.conditional(2), 2, {"n": 2}),
    ("Base.__init__", lambda m: m.Base(2).method(1), 3, {"n": 2}),
    ("Base.method", lambda m: m.Base(2).method(1), 3, {"n": 1}),
    ("Child.method", lambda m: m.Child(2).method(1), 4, {"n": 1}),
    ("Child.static", lambda m: m.Child.static(4), 4, {"n": 4}),
    ("Child.of", lambda m: m.Child.of(4).method(0), 5, {"n": 4}),
    ("Child.prop", lambda m: m.Child(1).prop, 5, {}),
    ("Child.cached", lambda m: m.Child(1).cached, 6, {}),
    ("Child.decorated", lambda m: m.Child(1).decorated(9), 9, {"n": 9}),
    ("Child.Inner.method", lambda m: m.Child.Inner().method(), "inner", {}),
    ("Child.generator", lambda m: list(m.Child(1).generator(2)), [0, 1], {"n": 2}),
    ("Child.coroutine", lambda m: asyncio.run(m.Child(1).coroutine(2)), 2, {"n": 2}),
    ("Child.managed", lambda m: m.Child(1).managed().__enter__(), 7, {}),
]


@pytest.mark.parametrize(("name", "call", "result", "arguments"), REACHED, ids=[row[0] for row in REACHED])
def test_every_kind_of_function_stops_in_its_own_frame(
    kinds: types.ModuleType,
    stopped: list[tuple[str, int, dict[str, object]]],
    name: str,
    call: Call,
    result: object,
    arguments: dict[str, object],
) -> None:
    function = arming.function(kinds, name)
    before = function.__code__
    arm(kinds, name)
    assert function.__code__ is not before
    assert call(kinds) == result
    [(qualname, line, seen)] = stopped
    assert qualname == name
    assert KINDS.splitlines()[line - 1].strip().startswith((f"def {name.split('.')[-1]}", "async def coroutine"))
    assert {key: value for key, value in seen.items() if key in ("n", "scale")} == arguments
    assert function.__code__ is before  # its only stop is behind it: from now on it costs nothing
    assert call(kinds) == result
    assert len(stopped) == 1


def test_every_other_line_keeps_its_number(kinds: types.ModuleType) -> None:
    function = arming.function(kinds, "conditional")
    armed = arming.with_stop(function, "x")
    lines = [line for *_, line in function.__code__.co_lines() if line is not None]
    ours = [line for *_, line in armed.co_lines() if line is not None]
    assert sorted(set(ours)) == sorted(set(lines))
    assert (armed.co_filename, armed.co_firstlineno) == (kinds.__file__, function.__code__.co_firstlineno)
    assert armed.co_varnames == function.__code__.co_varnames


def test_a_name_captured_before_arming_stops_too(
    kinds: types.ModuleType, stopped: list[tuple[str, int, dict[str, object]]]
) -> None:
    captured, bound = kinds.plain, kinds.Child(1).method
    arm(kinds, "plain", "Child.method")
    captured(1)
    bound(1)
    assert [name for name, *_ in stopped] == ["plain", "Child.method"]


REFUSED = [
    ("missing", "has no missing in this version"),
    ("Child.missing", "Child has no missing in this version"),
    ("Child.inherited", "it is inherited: name {module}:Base.inherited"),
    ("Child", "it is a class: name Child.__init__"),
    ("Child.hidden", "its decorator hides it behind hiding.<locals>.wrapper"),
    ("one_line", "its body stands on the line of its def"),
    ("anonymous", "it is not defined by def"),
    ("built_in", "it is not a Python function"),
    ("number", "it is not a Python function"),
]


@pytest.mark.parametrize(("name", "why"), REFUSED)
def test_what_cannot_be_stopped_at_is_one_sentence(
    kinds: types.ModuleType, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    monkeypatch.setattr(debugger, "_stderr", 2)
    arm(kinds, name)
    [line] = capfd.readouterr().err.splitlines()
    module = kinds.__name__
    assert line.startswith(f"No stop at {module}:{name}: ")
    assert why.format(module=module) in line
    assert line.endswith("; the run goes on without it.")


def test_a_function_is_stopped_at_or_traced_not_both(kinds: types.ModuleType) -> None:
    for name in (arming.HOOK, "_workbook_hop_"):
        own = kinds.plain.__code__
        kinds.plain.__code__ = own.replace(co_names=(*own.co_names, name))
        with pytest.raises(arming.CannotArmError, match="it is traced or stopped at already"):
            arming.with_stop(kinds.plain, "x")
        kinds.plain.__code__ = own


@pytest.mark.parametrize(
    "edit", [lambda text: "# one line more\n" + text, lambda text: text.replace("n * scale", "n + scale")]
)
def test_a_file_edited_after_its_import_is_refused(kinds: types.ModuleType, edit: Callable[[str], str]) -> None:
    path = Path(str(kinds.__file__))
    path.write_text(edit(KINDS))
    with pytest.raises(arming.CannotArmError, match="was edited after it was imported"):
        arming.with_stop(kinds.plain, "x")


def test_the_second_call_and_a_condition(
    kinds: types.ModuleType, stopped: list[tuple[str, int, dict[str, object]]]
) -> None:
    arm(
        kinds,
        "plain@2",
        "plain@2 if n > 10",
        "plain if any(n == limit for limit in (20, 21)) and len(Child.table) == 1",
    )
    for n in (1, 11, 2, 20, 30):
        kinds.plain(n)
    assert [seen["n"] for *_, seen in stopped] == [11, 20]  # the call 20 is the second of n > 10 as well: one stop
    assert arming.HOOK not in kinds.plain.__code__.co_names


def test_a_condition_that_fails_counts_as_false_and_is_said_once(
    kinds: types.ModuleType,
    stopped: list[tuple[str, int, dict[str, object]]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(debugger, "_stderr", 2)
    arm(kinds, "plain if wrong > 1")
    assert [kinds.plain(n) for n in (1, 2, 3)] == [2, 4, 6]
    [line] = capfd.readouterr().err.splitlines()
    assert "'wrong > 1'" in line
    assert "NameError: name 'wrong' is not defined" in line
    assert not stopped


def test_a_condition_that_calls_the_function_itself_does_not_count_it(
    kinds: types.ModuleType, stopped: list[tuple[str, int, dict[str, object]]]
) -> None:
    arm(kinds, "plain@2 if plain(n) == 8")
    for n in (4, 4, 4):
        kinds.plain(n)
    assert len(stopped) == 1


def test_nobody_looks_nothing_stops(kinds: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "breakpointhook", lambda: pytest.fail("stopped"))
    arm(kinds, "plain")  # as in a process that listens, before a debugger has connected
    assert kinds.plain(1) == 2
    assert arming.HOOK in kinds.plain.__code__.co_names  # and it does not count: the stop is still to come


def test_every_function_of_the_scheduler_is_found_again_in_its_source() -> None:
    """Compiled from the file, each is what Python imported, to the last instruction and line."""
    from vllm.v1.core.sched import scheduler

    functions = [f for f in vars(scheduler.Scheduler).values() if isinstance(f, types.FunctionType)]
    own = [f for f in functions if f.__code__.co_filename == scheduler.__file__]
    assert len(own) > 30
    for function in own:
        armed = arming.with_stop(function, "x")
        assert armed.co_freevars == function.__code__.co_freevars
