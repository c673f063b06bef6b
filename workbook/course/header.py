"""A lesson's header: the YAML between two lines ``---`` at the top of its English page. One header serves both pages.

Everything that names code, asks or proves stands here once; launch.json, the lesson stops, the predictions, the code
map, the progress file and the linter all read it. A header that does not fit these types is refused with its file and line.
"""

import re
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from workbook.errors import WorkbookError
from workbook.i18n import chinese, tr


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages; ``str()`` gives the learner's."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.zh if chinese() else self.en


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place inside vLLM at which the debugger stops. Listed in the order in which they are reached."""

    at: str  # "package.module:Qual.name", a Python function or method
    look: Text  # one line: what to look at there
    hit: int = 1  # which of the calls that satisfy ``when`` stops
    when: str | None = None  # a Python expression over the function's arguments
    runner: Literal["cpu", "gpu"] | None = None  # where this code runs; None: on both
    expect: str | None = None  # a Python expression that is true in the frame at the stop; the tests evaluate it


class Wrong(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wrong answer that teaches. ``when``: a Python expression over ``yours``, ``measured`` and the answer's own names."""

    when: str
    say: Text


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question asked before the run; the engine's recording answers it."""

    id: str
    ask: Text
    # a Python expression over ``recording`` (workbook.recorder.Recording), ``run`` (workbook.runinfo.RunInfo) and ``trace``
    # (a list of workbook.hops.Call, empty where the script traces nothing)
    answer: str
    why: Text  # the explanation, with {measured} and {yours} filled in
    unit: Text | None = None
    choices: list[Text] | None = None  # then ``answer`` gives the index of the right one
    tolerance: float = 0.0  # relative: 0.2 takes 20 % off for right
    negative: bool = False  # whether an answer below zero makes sense
    wrong: list[Wrong] = []


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question at the end. ``box``: the id in notes/progress.md of the box that it stands for."""

    box: str
    ask: Text


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to read, and the vLLM symbol that implements it."""

    title: str
    url: str
    section: str
    symbol: str


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one lesson."""

    lesson: str  # "1.1"
    title: Text
    minutes: int
    week: int  # of the plan's twelve
    script: str | None = None  # in my_debug_scripts/, without .py; None: a lesson without a script
    arguments: list[str] = []  # with which the lesson's stops are reached; none for most
    stops: list[Stop] = []
    predictions: list[Prediction] = []
    # Which runs the predictions are about: a Python expression over the names of an answer. None: runs without arguments.
    about: str | None = None
    exercises: list[str] = []  # names in the stage's exercises/, without .py
    checkpoints: list[Checkpoint] = []
    # Boxes of notes/progress.md that something done proves: id -> "run" (a whole run of the script), "predictions"
    # (answered, and the run compared), "exercise NAME" (graded as right). Several: all of them.
    proves: dict[str, list[str]] = {}
    papers: list[Paper] = []
    code: list[str] = []  # further symbols worth reading, in reading order; for the code map


class HeaderError(WorkbookError):
    """A header that is refused: where and why."""

    def __init__(self, message: str, path: Path, line: int, what: str) -> None:
        super().__init__(message)
        self.path, self.line, self.what = path, line, what


_FENCE = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)


def split(text: str) -> tuple[str | None, str]:
    """The header's YAML (None without one) and the page below it."""
    found = _FENCE.match(text)
    return (found[1], text[found.end() :]) if found else (None, text)


def parse(path: Path) -> Header:
    """The header of the lesson at ``path``. Raises WorkbookError with file, line and what is wrong."""
    source, _ = split(path.read_text(encoding="utf-8"))
    if source is None:
        raise HeaderError(
            tr(
                f"{path}:1 has no header: a lesson begins with a line ---, YAML, and a line ---.",
                f"{path}:1 没有课程头：每课以一行 ---、YAML、再一行 --- 开头。",
            ),
            path,
            1,
            tr("no header", "没有课程头"),
        )
    try:
        return msgspec.convert(yaml.safe_load(source), Header)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1  # one for the fence, one because marks count from 0
        what = f"{getattr(error, 'problem', None) or error}"
        raise _refused(path, line, what) from None
    except msgspec.ValidationError as error:
        raise _refused(path, _line_of(source, str(error)), str(error)) from None


def _refused(path: Path, line: int, what: str) -> HeaderError:
    return HeaderError(
        tr(
            f"{path}:{line}: the header is not valid ({what}): see workbook/course/header.py for what it may hold.",
            f"{path}:{line}：课程头无效（{what}）：可用的字段见 workbook/course/header.py。",
        ),
        path,
        line,
        what,
    )


def _line_of(source: str, message: str) -> int:
    """The line of the value that msgspec names at the end of its message, as ``$.stops[2].at``."""
    where = re.search(r"`\$([^`]*)`$", message)
    return line_of(source, where[1] if where else "")


def line_of(source: str, where: str) -> int:
    """The line in the page of a value of the header, as ``.stops[2].at``: found in YAML's own node tree."""
    node = yaml.compose(source)
    line = node.start_mark.line if node else 0
    for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", where):
        if name and isinstance(node, yaml.MappingNode):
            key, node = next(((k, v) for k, v in node.value if k.value == name), (None, node))
            line = key.start_mark.line if key else line
        elif index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line
    return line + 2
