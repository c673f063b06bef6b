"""What the learner sees after a run: each answer beside what was measured, then why."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbook.course import lessons
from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.predictions import answers, store
from workbook.predictions.asking import can_ask
from workbook.predictions.compare import Outcome, compare, met, unfit
from workbook.recorder import Recording
from workbook.runinfo import RunInfo
from workbook.wrap import Prose


def report_after_run(info: RunInfo, recordings: Sequence[Recording], console: Console) -> None:
    """At the end of a script: the comparison, or how to be asked again. Whatever is wrong is one line: the run is done.

    Nothing after ``--fast``, which runs another model, shorter, than the questions are about.
    """
    if info.fast:
        return
    try:
        lesson = lessons.of_script(info.script)
        if lesson is None or not lesson.header.predictions:
            return
        if not any(entry.answers for entry in store.read().lessons.get(lesson.number, {}).values()):
            outcomes = []
        elif why := unfit(lesson, recordings, info):
            console.print(Text(why), soft_wrap=True)
            return
        else:
            outcomes = compare(lesson, recordings, info)
            console.print()
            (_once_more if _told(outcomes) else report)(lesson, outcomes, console)
        if len(outcomes) < len(lesson.header.predictions) and can_ask():
            again = f"workbook predict {lesson.number}"
            console.print(Text(tr(f"You skipped: {again} asks again.", f"你跳过了预测题：{again} 会再次提问。")))
    except WorkbookError as error:
        console.print(Text(str(error)), soft_wrap=True)


def _told(outcomes: Sequence[Outcome]) -> bool:
    """Whether the learner has seen these answers beside another run."""
    known = [outcome for outcome in outcomes if outcome.measured is not None]
    return bool(known) and all(outcome.again for outcome in known)


def _once_more(lesson: Lesson, outcomes: Sequence[Outcome], console: Console) -> None:
    right, count = sum(outcome.right for outcome in outcomes), len(outcomes)
    again = f"workbook predict {lesson.number} --compare"
    line = tr(
        f"Your predictions, lesson {lesson.number}: {right} of {count} right in this run; all of it: {again}",
        f"你的预测 · 第 {lesson.number} 课：本次运行 {count} 题中对 {right} 题；详情：{again}",
    )
    console.print(Text(line), soft_wrap=True)


def report(lesson: Lesson, outcomes: Sequence[Outcome], console: Console) -> None:
    """Print the table, then the explanations."""
    right = sum(outcome.right for outcome in outcomes)
    title = tr(f"Your predictions, lesson {lesson.number}", f"你的预测 · 第 {lesson.number} 课")
    console.print(
        Text.assemble(
            (title, "bold"), tr(f" · {right} of {len(outcomes)} right", f" · {len(outcomes)} 题中对 {right} 题")
        )
    )
    console.print(_table(outcomes))
    if any(outcome.newer for outcome in outcomes):
        note = tr(
            "Judged is what you answered before this run; what you answered since is for the next one.",
            "这里对照的是运行之前的回答；之后的新回答用于下一次运行。",
        )
        console.print(Text(note, style="dim"))
    for place, outcome in enumerate(outcomes, start=1):
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=2)
        grid.add_column()
        texts = [text for text in (outcome.why, outcome.hint, outcome.failure) if text]
        for mark, text in zip((str(place), "→", "→"), texts, strict=False):
            grid.add_row(Text(mark, style="bold"), Prose(text.strip()))
        console.print()
        console.print(grid)


def overview(found: Sequence[Lesson], console: Console) -> None:
    """The lessons that ask, how many of their questions are answered, and how many were right."""
    known = store.read()
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in (tr("lesson", "课"), "", tr("answered", "已答"), tr("compared", "已对照"), tr("right", "答对")):
        table.add_column(name, header_style="bold")
    for lesson in found:
        entries = known.lessons.get(lesson.number, {})
        questions = lesson.header.predictions
        answered = sum(bool(question.id in entries and entries[question.id].answers) for question in questions)
        outcomes = [outcome for _, outcome in met(lesson)]
        right = str(sum(outcome.right for outcome in outcomes)) if outcomes else "–"
        table.add_row(
            lesson.number, str(lesson.header.title), f"{answered}/{len(questions)}", str(len(outcomes)), right
        )
    console.print(table)


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column(tr("question", "问题"))
    table.add_column(tr("yours", "你的"), max_width=22)
    table.add_column(tr("measured", "实测"), max_width=22)
    verdicts = [_verdict(outcome) for outcome in outcomes]
    table.add_column("", no_wrap=True, width=max(verdict.cell_len for verdict in verdicts))
    for column in table.columns:
        column.header_style = "bold"
    for place, (outcome, verdict) in enumerate(zip(outcomes, verdicts, strict=True), start=1):
        question = outcome.question
        yours = Text(answers.shown(question, outcome.yours))
        if not outcome.before:
            yours.append("\n" + tr("answered after a run", "运行后作答"), style="dim")
        truth = "–" if outcome.measured is None else answers.shown(question, outcome.measured)
        table.add_row(str(place), Prose(str(question.ask)), Prose(yours), Prose(truth), verdict)
    return table


def _verdict(outcome: Outcome) -> Text:
    if outcome.measured is None:
        return Text(tr("not known", "未知"), style="yellow")
    return Text(tr("right", "对"), style="green") if outcome.right else Text(tr("wrong", "错"), style="red")
