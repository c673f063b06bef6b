"""Evidence for boxes: what the lessons' headers ask for, and what the learner's runs, predictions and grades show.

Reads what is there and decides nothing about ticks; a record that cannot be read is no evidence, and says why.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from workbook import grading, predictions, runinfo
from workbook.course.lessons import Lesson, all_lessons
from workbook.errors import WorkbookError
from workbook.grading import grades
from workbook.i18n import tr


@dataclass(frozen=True)
class Proof:
    """One thing that a lesson asks for. ``says``: what is there, or why nothing is; ``command``: what brings it about."""

    lesson: str
    wanted: str  # as the header writes it: "run", "predictions", "exercise NAME"
    met: bool
    says: str
    command: str


def lessons_with_boxes() -> list[Lesson]:
    """The lessons that name boxes; one without a valid header is the linter's to report."""
    found = []
    for lesson in all_lessons():
        try:
            if boxes_of(lesson):
                found.append(lesson)
        except WorkbookError:
            continue
    return found


def boxes_of(lesson: Lesson) -> list[str]:
    """The ids of a lesson's boxes: what it proves, then its checkpoints."""
    return list(dict.fromkeys([*lesson.header.proves, *(point.box for point in lesson.header.checkpoints)]))


def gather(lessons: Iterable[Lesson]) -> dict[str, list[Proof]]:
    """For each box all that any lesson asks for, in the order of the lessons."""
    found: dict[str, list[Proof]] = {}
    for lesson in lessons:
        for box, wants in lesson.header.proves.items():
            found.setdefault(box, []).extend(_proof(lesson, wanted) for wanted in wants)
    return found


def proved(found: dict[str, list[Proof]]) -> set[str]:
    """The boxes for which everything is there."""
    return {box for box, proofs in found.items() if proofs and all(proof.met for proof in proofs)}


def _proof(lesson: Lesson, wanted: str) -> Proof:
    kind, _, name = wanted.partition(" ")
    try:
        if kind == "run":
            met, says, command = _run(lesson)
        elif kind == "predictions":
            met, says, command = _predictions(lesson)
        else:
            met, says, command = _exercise(name)
    except WorkbookError as error:
        met, says, command = False, str(error), "workbook progress"
    return Proof(lesson.number, wanted, met, says, command)


def _run(lesson: Lesson) -> tuple[bool, str, str]:
    script = lesson.header.script or ""
    command = f"workbook run {script}"
    for folder in runinfo.runs_of(script) if script else []:
        if info := runinfo.read(folder):
            model = info.model.rstrip("/").rsplit("/", 1)[-1]
            when = _when(info.started)
            return (
                True,
                tr(f"ran on {when} with {model}: ", f"{when} 用 {model} 运行：") + _name(script, folder),
                command,
            )
    if runinfo.runs_of(script, whole=False):
        return (
            False,
            tr("no whole run yet (--fast and failed ones do not count)", "尚无完整运行（--fast 和失败的不算）"),
            command,
        )
    return False, tr("not run yet", "尚未运行"), command


def _predictions(lesson: Lesson) -> tuple[bool, str, str]:
    command = f"workbook predict {lesson.number}"
    outcomes, questions = predictions.met(lesson), lesson.header.predictions
    right, total = sum(bool(outcome.right) for _, outcome in outcomes), len(questions)
    if predictions.proved(lesson):
        return True, tr(f"{right} of {total} predictions right", f"{total} 个预测中 {right} 个正确"), command
    # What stands is compared with a run; what was never answered, or only after the run, must be asked again.
    says = tr(
        f"{len(outcomes)} of {total} answered before a run and compared with it",
        f"{total} 题中有 {len(outcomes)} 题在运行前作答并与运行结果对照过",
    )
    return False, says, command


def _exercise(name: str) -> tuple[bool, str, str]:
    record, command = grades.of(name), f"workbook grade {name}"
    if grading.passed(name) and record.passed_at is not None:
        with_hints = tr(f", hints: {record.hints}", f"，看了 {record.hints} 级提示") if record.hints else ""
        when = _when(record.passed_at)
        run = tr(f" against {record.run}", f"，对照 {record.run}") if record.run else ""
        return True, tr(f"passed on {when}{run}{with_hints}", f"{when} 通过{run}{with_hints}"), command
    if record.result in (None, "not started"):
        return False, tr("not graded yet", "尚未评分"), command
    when = _when(record.at or 0)
    return False, tr(f"last graded on {when}: {record.result}", f"最近一次评分（{when}）：{record.result}"), command


def _name(script: str, folder: object) -> str:
    return f"{script}/{getattr(folder, 'name', folder)}"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
