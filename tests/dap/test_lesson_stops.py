"""Every stop of every lesson: reached by F5, in vLLM's own frame, with what the lesson says in sight.

One launch for each lesson, by the very configuration that its learner chooses; each stop is a test of its own.
"""

import ast
from dataclasses import dataclass, field
from functools import cache

import pytest

from dap.client import Debugger
from dap.configuration import configuration, launch_json
from dap.session import Frame, Stop
from workbook.course import lessons, symbols
from workbook.course.header import Stop as LessonStop
from workbook.stops import spec

pytestmark = pytest.mark.engine

STOPS = [
    pytest.param(lesson.number, place, id=f"{lesson.number}-{place}-{stop.at.split(':')[1]}")
    for lesson in lessons.all_lessons()
    for place, stop in enumerate(lesson.header.stops)
]


@dataclass
class Seen:
    """What a learner has before them at a stop."""

    top: Frame
    depth: int
    locals: dict[str, str]
    expect: str | None
    shown: str  # debug console and terminal, up to here


@dataclass
class Visit:
    """A lesson's run under the debugger: what was seen at each of its stops, by their number."""

    seen: dict[int, Seen] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    next: tuple[Frame, Frame, str] | None = None  # from, to, why it stopped
    step_in: tuple[Frame, Frame, str] | None = None
    failure: str = ""


@cache
def visit(number: str) -> Visit:
    """F5 on the lesson, Continue from stop to stop; one Step Over and one Step Into on the way."""
    lesson = lessons.find(number)
    here = {n: stop for n, stop in enumerate(lesson.header.stops) if stop.runner in (None, spec.runner())}
    name = next(c["name"] for c in launch_json()["configurations"] if c.get("env", {}).get("WORKBOOK_STOPS") == number)
    found = Visit()
    try:
        with Debugger(configuration(name)) as debugger:
            while len(found.seen) < len(here):
                stop = debugger.wait_for_stop(150)
                number_of = _which(stop, here, found)
                if number_of is not None:
                    found.seen[number_of] = _look(stop, here[number_of])
                    found.order.append(number_of)
                    if found.next is None:
                        before, stop = stop.top, stop.next()
                        found.next = (before, stop.top, stop.reason)
                    elif len(found.seen) == len(here):
                        before, stop = stop.top, stop.step_in()
                        found.step_in = (before, stop.top, stop.reason)
                stop.go_on()
    except (AssertionError, OSError, TimeoutError) as error:
        found.failure = str(error)
    return found


def _which(stop: Stop, here: dict[int, LessonStop], found: Visit) -> int | None:
    """The first stop of the header, not seen before, that is at this place; None for the same one in another process."""
    assert stop.reason != "exception", stop.evaluate("__exception__")
    top = stop.top
    places = {n: symbols.resolve(lesson_stop.at) for n, lesson_stop in here.items()}
    at = [n for n, place in places.items() if place.path == top.path and place.line <= top.line <= place.end]
    assert at, f"stopped elsewhere: {top}"
    return next((n for n in at if n not in found.seen), None)


def _look(stop: Stop, lesson_stop: LessonStop) -> Seen:
    expect = stop.evaluate(f"bool({lesson_stop.expect})") if lesson_stop.expect else None
    shown = stop.debugger.console + stop.debugger.terminal
    return Seen(stop.top, len(stop.stack()), stop.locals(), expect, shown)


def arguments_of(symbol: str) -> set[str]:
    """The names in the function's signature."""
    place = symbols.resolve(symbol)
    name = symbol.split(".")[-1].split(":")[-1]
    for node in ast.walk(ast.parse(place.path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.name, node.lineno) == (name, place.line):
            every = node.args
            extra = [argument for argument in (every.vararg, every.kwarg) if argument]
            return {a.arg for a in [*every.posonlyargs, *every.args, *every.kwonlyargs, *extra]}
    raise AssertionError(f"{symbol} is no function")


@pytest.mark.parametrize(("number", "place"), STOPS)
def test_stop_is_reached(number: str, place: int) -> None:
    stop = lessons.find(number).header.stops[place]
    if stop.runner not in (None, spec.runner()):
        pytest.skip(f"{stop.at} runs on {stop.runner} only, and this is the build for {spec.runner()}")
    found = visit(number)
    assert place in found.seen, f"not reached: {found.failure}"
    seen = found.seen[place]
    where = symbols.resolve(stop.at)
    assert seen.top.path == where.path
    assert where.body <= seen.top.line <= where.end
    assert seen.top.name.split(".")[-1] == stop.at.split(":")[1].split(".")[-1]
    assert seen.depth > 3  # vLLM's own callers, down to the script or the process's main
    assert arguments_of(stop.at) <= seen.locals.keys()
    assert seen.expect in (None, "True"), f"{stop.expect}: {seen.expect}"
    assert stop.look.en in seen.shown


@pytest.mark.parametrize("number", dict.fromkeys(str(parameter.values[0]) for parameter in STOPS))
def test_stops_come_in_the_lessons_order_and_stepping_works(number: str) -> None:
    found = visit(number)
    assert found.failure == ""
    assert found.order == sorted(found.order)
    assert found.next
    before, after, why = found.next
    assert why == "step"
    assert (after.path, after.name) == (before.path, before.name)
    assert after.line > before.line
    assert found.step_in
    before, after, why = found.step_in
    assert why == "step"
    assert after != before
