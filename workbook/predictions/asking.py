"""Asks a lesson's questions in the terminal: by `workbook predict`, or by the script itself before it begins."""

import os
import sys

from rich.console import Console
from rich.text import Text

from workbook import guard
from workbook.course import lessons
from workbook.course.header import Prediction
from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.i18n import some, tr
from workbook.predictions import answers, store
from workbook.predictions.compare import met, ran


def ask(lesson: Lesson, console: Console) -> None:
    """Ask every question; Enter keeps the answer that stands, or skips. Each answer is kept as soon as it is given.

    Raises WorkbookError for a lesson without questions, and a predictions.json that cannot be read or written.
    """
    questions = lesson.header.predictions
    if not questions:
        raise WorkbookError(
            tr(
                f"Lesson {lesson.number} asks nothing before its run: `workbook predict` lists the lessons that do.",
                f"第 {lesson.number} 课没有运行前的预测题：`workbook predict` 会列出有预测题的课。",
            )
        )
    after = ran(lesson)
    before = after and any(outcome.before for _, outcome in met(lesson))
    _head(console, lesson, len(questions))
    if after:
        note = tr(
            "You have run this lesson already: what you answer now counts as answered after a run.",
            "本课已经运行过：现在的回答会标为“运行后作答”。",
        )
        if before:
            note = tr(
                "You have run this lesson already: what you predicted before that run is what counts, and stays.",
                "本课已经运行过：计入进度的是运行之前的预测，它会一直保留。",
            )
        console.print(Text(note, style="dim"))
    _ask(lesson, questions, console, after)
    if before:
        then = tr(
            f"These answers are for the next run: workbook run {lesson.header.script}\n"
            f"The last run is judged by what you answered before it: workbook predict {lesson.number} --compare",
            f"这些回答用于下一次运行：workbook run {lesson.header.script}\n"
            f"上次运行对照的是在它之前的回答：workbook predict {lesson.number} --compare",
        )
    elif after:
        then = tr(
            f"Beside the last run: workbook predict {lesson.number} --compare",
            f"与上次运行对照：workbook predict {lesson.number} --compare",
        )
    else:
        then = tr(f"Now run it: workbook run {lesson.header.script}", f"现在运行：workbook run {lesson.header.script}")
    console.print(Text(f"\n{then}"), soft_wrap=True)


def ask_before_run(script: str, console: Console) -> None:
    """In a script: ask what its lesson asks and the learner has neither answered nor skipped yet.

    A predictions.json or a header that cannot be read is one line, and the run goes on. Nothing where :func:`can_ask` is false.
    """
    if not can_ask():
        return
    try:
        lesson = lessons.of_script(script)
        if lesson is None:
            return
        known = store.read().lessons.get(lesson.number, {})
        new = store.Question()
        entries = [(question, known.get(question.id, new)) for question in lesson.header.predictions]
        open_ = [question for question, entry in entries if not entry.answers and entry.skipped is None]
        if open_:
            _head(console, lesson, len(open_))
            _ask(lesson, open_, console, ran(lesson))
            console.print()
    except WorkbookError as error:
        console.print(Text(str(error)), soft_wrap=True)


def can_ask() -> bool:
    """Whether somebody is there to answer: a terminal on both sides, no debugger that a prompt would confuse, no CI."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not guard.debugged() and not os.environ.get("CI")


def _head(console: Console, lesson: Lesson, count: int) -> None:
    title = tr(f"Before the run, lesson {lesson.number}", f"运行之前 · 第 {lesson.number} 课")
    how = tr("Enter skips, Ctrl-D skips the rest", "回车跳过，Ctrl-D 跳过其余")
    many = tr(some(count, "question"), f"{count} 道预测题")
    console.print(Text.assemble("\n", (title, "bold"), f" · {many} ", (f"· {how}", "dim")))


def _ask(lesson: Lesson, questions: list[Prediction], console: Console, after: bool) -> None:
    known = store.read().lessons.get(lesson.number, {})
    ended, kept = False, 0
    for place, question in enumerate(questions, start=1):
        entry = known.get(question.id)
        standing = entry.answers[-1].value if entry and entry.answers else None
        value = None
        if not ended:
            _question(console, f"{place}/{len(questions)}", question)
            try:
                value = _answer(question, standing, console)
            except EOFError:
                console.print()
                ended = True
            except KeyboardInterrupt:
                many = tr(f"{some(kept, 'answer')} kept.", f"已保存 {kept} 个回答。")
                console.print(f"\n{many}")
                raise
        if value is not None or standing is None:
            store.keep(lesson.number, question.id, value, after)
        kept += value is not None


def _question(console: Console, place: str, question: Prediction) -> None:
    console.print(Text.assemble("\n", (f"{place}  ", "bold"), str(question.ask)))
    for number, choice in enumerate(question.choices or []):
        console.print(Text.assemble("     ", (answers.letter(number), "bold"), f"  {choice}"))


def _answer(question: Prediction, standing: answers.Value | None, console: Console) -> answers.Value | None:
    """The value typed; None for an empty line. Raises EOFError at the end of the input."""
    unit = str(question.unit or "")
    unit = tr(f" ({unit})", f"（{unit}）") if unit else ""
    now = ""
    if standing is not None:
        text = answers.letter(int(standing)) if question.choices else answers.number(standing)
        now = tr(f" [{text}, Enter keeps it]", f"［{text}，回车保留］")
    while True:
        try:
            typed = input(f"     {tr('your answer', '你的回答')}{unit}{now}: ")
            if not typed.strip():
                return None
            return answers.parse(question, typed)
        except UnicodeDecodeError:
            console.print("     " + tr("That could not be read: type it again.", "无法识别输入：请重新输入。"))
        except answers.NotAnAnswerError as error:
            console.print(Text(f"     {error}"))
