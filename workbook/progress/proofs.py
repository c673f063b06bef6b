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
from workbook.predictions import store


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
    command = _run_command(lesson)
    for folder in runinfo.runs_of(script) if script else []:
        if info := runinfo.read(folder):
            model = info.model.rstrip("/").rsplit("/", 1)[-1]
            when = _when(info.started)
            return (
                True,
                tr(f"ran on {when} with {model}: ", f"{when} 用 {model} 运行：") + f"{script}/{folder.name}",
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
    """Answered and compared with a run; being wrong is fine, and answering after the run is said."""
    outcomes, questions = dict(predictions.met(lesson)), lesson.header.predictions
    if questions and len(outcomes) == len(questions):
        right = sum(outcome.right for outcome in outcomes.values())
        late = sum(not outcome.before for outcome in outcomes.values())
        says = tr(f"{right} of {len(questions)} right", f"{len(questions)} 题中 {right} 题正确")
        after = tr(f", {late} answered after the run", f"，其中 {late} 题是运行后才答的") if late else ""
        return True, says + after, f"workbook predict {lesson.number} --compare"
    answered = store.read().lessons.get(lesson.number, {})
    if all(question.id in answered and answered[question.id].answers for question in questions):
        return False, tr("answered, not compared with a run yet", "已作答，尚未与运行结果对照"), _run_command(lesson)
    says = tr(
        f"{len(outcomes)} of {len(questions)} answered and compared with a run",
        f"{len(questions)} 题中有 {len(outcomes)} 题已作答并与运行结果对照",
    )
    return False, says, f"workbook predict {lesson.number}"


def _exercise(name: str) -> tuple[bool, str, str]:
    record, command = grades.of(name), f"workbook grade {name}"
    if grading.passed(name) and record.passed_at is not None:
        with_hints = tr(f", hints: {record.hints}", f"，看了 {record.hints} 级提示") if record.hints else ""
        when = _when(record.passed_at)
        run = tr(f" against {record.run}", f"，对照 {record.run}") if record.run else ""
        return True, tr(f"passed on {when}{run}{with_hints}", f"{when} 通过{run}{with_hints}"), command
    if record.result in (None, "not started"):
        return False, tr("not graded yet", "尚未评分"), command
    when, verdicts = _when(record.at or 0), {"differs": "有差异", "failed": "未能完成", "unproven": "依据不足"}
    verdict = tr(record.result, verdicts.get(record.result, record.result))
    return False, tr(f"graded on {when}: {verdict}", f"{when} 评分：{verdict}"), command


def _run_command(lesson: Lesson) -> str:
    return f"workbook run {lesson.header.script}"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
