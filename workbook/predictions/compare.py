"""The learner's answers beside what a run measured: judged, kept as evidence, told to the progress file."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook import paths, runinfo
from workbook.course.header import Prediction
from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.predictions import measure, store
from workbook.predictions.answers import Value
from workbook.recorder import Recording, load_all
from workbook.runinfo import RunInfo


@dataclass(frozen=True)
class Outcome:
    """One answered question beside a run. ``measured`` is None, and ``failure`` says why, where the run cannot tell."""

    question: Prediction
    yours: Value
    measured: Value | None
    right: bool
    before: bool  # answered before any whole run of the lesson's script
    run: str = ""  # SCRIPT/TIME, "" for a recording from elsewhere
    failure: str = ""
    why: str = ""  # the explanation, filled in
    hint: str = ""  # what a wrong answer like this one would mean
    again: bool = False  # the same answer was compared with another run already
    newer: bool = False  # the learner has answered otherwise since, which this run says nothing about


def compare(lesson: Lesson, recordings: Sequence[Recording], info: RunInfo | None) -> list[Outcome]:
    """Every answered question of the lesson beside these recordings, in the header's order.

    Where ``info`` says that it was a whole run of the lesson's own script, and the questions are about it (:func:`unfit`),
    the comparison is kept as evidence. Raises WorkbookError for a predictions.json that cannot be read or written.
    """
    known = store.read()
    run = _run(recordings, info)
    proves = info is not None and _counts(lesson, info) and unfit(lesson, recordings, info) is None
    outcomes = []
    for question in lesson.header.predictions:
        entry = known.lessons.get(lesson.number, {}).get(question.id)
        if entry is None or not entry.answers:
            continue
        answer = _answer_for(entry, run.info.started)
        outcome = _judge(question, answer, run)
        same = [one for one in entry.compared if (one.yours, one.before) == (outcome.yours, outcome.before)]
        again = any(one.started != run.info.started for one in same)
        outcome = replace(outcome, again=again, newer=entry.answers[-1].value != answer.value)
        outcomes.append(outcome)
        if info and proves and outcome.measured is not None:
            made = store.Comparison(
                outcome.run, info.started, outcome.yours, outcome.measured, outcome.right, outcome.before
            )
            if made not in entry.compared:
                entry.compared.append(made)
                store.write(known)
    return outcomes


def met(lesson: Lesson) -> list[tuple[str, Outcome]]:
    """The questions that were answered and compared with a whole run, right or wrong, by id.

    Of several comparisons the first that was predicted before any run counts, else the last. Reads predictions.json
    only. Raises WorkbookError where it cannot be read.
    """
    known = store.read().lessons.get(lesson.number, {})
    found = []
    for question in lesson.header.predictions:
        compared = known[question.id].compared if question.id in known else []
        if compared:
            best = next((one for one in compared if one.before), compared[-1])
            outcome = Outcome(question, best.yours, best.measured, best.right, best.before, best.run)
            found.append((question.id, outcome))
    return found


def proved(lesson: Lesson) -> bool:
    """Whether every question was answered before a run and compared with one. Being wrong is fine."""
    found = dict(met(lesson))
    questions = lesson.header.predictions
    return bool(questions) and all(question.id in found and found[question.id].before for question in questions)


def ran(lesson: Lesson) -> bool:
    """Whether there is a whole run of the lesson's script that asked; the README's first command asks nothing."""
    infos = map(runinfo.read, runinfo.runs_of(lesson.header.script) if lesson.header.script else [])
    return any(info and "--no-questions" not in info.arguments for info in infos)


def unfit(lesson: Lesson, recordings: Sequence[Recording], info: RunInfo | None) -> str | None:
    """Why a run cannot judge the predictions, in a sentence; None where it can."""
    again = f"workbook predict {lesson.number} --compare"
    if info and info.debugged:
        return tr(
            f"A run under a debugger is not compared with your predictions, for its times include your pauses: after a plain run, `{again}`.",
            f"调试运行的时间包含你停下的时间，因此不与预测对照：正常运行之后，请用 `{again}`。",
        )
    if not measure.fits(lesson.header, _run(recordings, info)):
        return tr(
            f"Your predictions are about the lesson's own run; this one differs: `{again}` compares them with your last run that is the lesson's own.",
            f"预测题针对本课原本的运行，这次运行与之不同：`{again}` 会对照最近一次符合的运行。",
        )
    return None


def latest_run(lesson: Lesson) -> Path:
    """The folder of the newest whole run of the lesson's script that can judge the predictions. Raises WorkbookError."""
    script = lesson.header.script or ""
    for folder in runinfo.runs_of(script):
        info = runinfo.read(folder)
        if info and info.debugged:
            continue
        with contextlib.suppress(WorkbookError):  # a recording that is damaged is not the one to compare with
            if (recordings := load_all(folder)) and unfit(lesson, recordings, info) is None:
                return folder
    raise WorkbookError(
        tr(
            f"There is no run of {script} to compare with (whole, not debugged, as the lesson has it): `workbook run {script}` makes one.",
            f"还没有可供对照的 {script} 运行（须完整、非调试、与课程一致）：请先执行 `workbook run {script}`。",
        )
    )


def compare_run(lesson: Lesson, path: Path) -> list[Outcome]:
    """:func:`compare` with all recordings of a run, by its folder or one of them.

    Raises WorkbookError, also where nothing was answered or the questions are not about the run.
    """
    folder = path if path.is_dir() else path.parent
    recordings, info = load_all(folder), runinfo.read(folder)
    if why := unfit(lesson, recordings, info):
        raise WorkbookError(why)
    outcomes = compare(lesson, recordings, info)
    if not outcomes:
        raise WorkbookError(
            tr(
                f"You have not answered a question of lesson {lesson.number} yet: `workbook predict {lesson.number}` asks.",
                f"你还没有回答第 {lesson.number} 课的预测题：`workbook predict {lesson.number}` 会提问。",
            )
        )
    return outcomes


def _judge(question: Prediction, answer: store.Answer, run: measure.Run) -> Outcome:
    before = not answer.after_run and answer.at < run.info.started
    name = _name(run.recordings[0].path)
    try:
        truth = measure.measured(question, run)
    except WorkbookError as error:
        return Outcome(question, answer.value, None, False, before, name, str(error))
    right = measure.is_right(question, answer.value, truth)
    why = measure.filled(question, str(question.why), answer.value, truth)
    hint, failure = "", ""
    if not right:
        try:
            hint = measure.meaning(question, answer.value, truth, run) or ""
        except WorkbookError as error:
            failure = str(error)
    return Outcome(question, answer.value, truth, right, before, name, failure, why, hint)


def _answer_for(entry: store.Question, started: float) -> store.Answer:
    """What was predicted for a run: the last answer before it started; else the last one of all."""
    return next((answer for answer in reversed(entry.answers) if answer.at < started), entry.answers[-1])


def _counts(lesson: Lesson, info: RunInfo) -> bool:
    """Whether a run proves anything: the lesson's script, not in its short form. One that ends is still "running" here."""
    return info.script == lesson.header.script and not info.fast and info.ended in ("ok", "running")


def _run(recordings: Sequence[Recording], info: RunInfo | None) -> measure.Run:
    """The recordings in the order in which the engines started, which the files' names do not sort to."""
    ordered = sorted(recordings, key=lambda recording: recording.header.started)
    return measure.Run(ordered, info or _foreign(ordered[0]))


def _foreign(recording: Recording) -> RunInfo:
    """What can be said of a run without run.json."""
    return RunInfo("", [], recording.header.model, fast=False, debugged=False, started=recording.header.started)


def _name(recording: Path) -> str:
    folder = recording.absolute().parent
    return f"{folder.parent.name}/{folder.name}" if folder.is_relative_to(paths.RUNS) else ""
