"""What the commands do: grade and remember, watch, hint, show the solution."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax

from workbook.course import lessons
from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.grading import exercises, grades, report
from workbook.grading.exercises import Exercise
from workbook.grading.grade import TIME_LIMIT, Result, grade
from workbook.grading.grades import Record
from workbook.i18n import listed, tr
from workbook.wrap import wrap


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    what: str | None = None  # an exercise, a lesson; None: all
    run: str | None = None
    time_limit: float = TIME_LIMIT
    watch: bool = False


def grade_all(wish: Wish, console: Console) -> bool:
    """Grade what is wished for and print it; with ``watch``, again at every save, until Ctrl-C.

    Whether nothing is wrong: a single exercise or lesson must have passed, of all none may differ. Raises WorkbookError.
    """
    wanted = exercises.find(wish.what)
    alone = len(wanted) == 1 and not wish.watch
    grades.read()  # a damaged file is found before the work, not after it
    if wish.watch:
        _watch(wanted, wish, console)
        return True
    results = [_grade(exercise, wish, alone) for exercise in wanted]
    if wish.what is not None:
        for place, result in enumerate(results):
            if place:
                console.print()
            report.one(result, console)
        _lead_on(results, console)
        return all(result.verdict == "passed" for result in results)
    console.print(report.table(results))
    _lead_on(results, console)
    return all(result.verdict in ("passed", "not started") for result in results)


def _grade(exercise: Exercise, wish: Wish, alone: bool = False) -> Result:
    """Grade and remember. What cannot be graded is a result among others; ``alone`` it raises WorkbookError."""
    try:
        result = grade(exercise, wish.run, wish.time_limit)
    except WorkbookError as error:
        if alone:
            raise
        return Result(exercise, "not graded", str(error), retry=False)
    with grades.change(exercise.name) as record:
        record.result, record.at, record.cases, record.run = result.verdict, time.time(), result.cases, result.run
        record.file = exercise.digest() if exercise.path.is_file() else None
        if result.verdict == "passed" and record.passed_at is None:
            record.passed_at = record.at
    return result


def _lead_on(results: list[Result], console: Console) -> None:
    """A lesson that is done leads to the next one; then the first exercise from this lesson on that has not passed."""
    if len(results) == 1 and results[0].verdict != "passed":
        return  # its report has said what to do
    records = grades.read()
    wrong = {result.exercise.name for result in results if result.verdict != "passed"}
    left = [
        one for one in exercises.every() if one.name in wrong or (records.get(one.name) or Record()).passed_at is None
    ]
    lesson = results[0].exercise.lesson
    left.sort(
        key=lambda one: _order(one.lesson) < _order(lesson)
    )  # what stands before it comes last, each in its order
    after = next((one for one in lessons.all_lessons() if _order(one) > _order(lesson)), None)
    done = {one.exercise.lesson.number for one in results} == {lesson.number} and after
    lines = []
    if done and after and lesson.number not in {one.lesson.number for one in left}:
        page = exercises.shown(after.page)
        lines.append(
            tr(
                f"Lesson {lesson.number} has no exercise left. Next, lesson {after.number}: {page}",
                f"第 {lesson.number} 课的练习已全部通过。下一课 {after.number}：{page}",
            )
        )
    if left:
        what, page = left[0], exercises.shown(left[0].lesson.page)
        lines.append(
            tr(
                f"Next exercise: workbook grade {what.name}      lesson {what.lesson.number}: {page}",
                f"下一个练习：workbook grade {what.name}      第 {what.lesson.number} 课：{page}",
            )
        )
    else:
        lines.append(tr("Every exercise has passed: workbook progress", "所有练习都已通过：workbook progress"))
    console.print("\n" + "\n".join(lines), markup=False, soft_wrap=True)


def _order(lesson: Lesson) -> list[int]:
    return [int(part) for part in lesson.number.split(".")]


def _watch(wanted: list[Exercise], wish: Wish, console: Console) -> None:
    from watchfiles import Change, watch

    by_path = {exercise.path.resolve(): exercise for exercise in wanted}
    folders = {path.parent for path in by_path}
    last: list[Exercise] = wanted
    try:
        # Before the first grade: what is saved while it runs counts.
        changes = watch(
            *folders, recursive=False, debounce=200, rust_timeout=200, yield_on_timeout=True, raise_interrupt=True
        )
        next(changes)
        _show(last, wish, console)
        for change in changes:
            saved = {Path(name).resolve() for kind, name in change if kind != Change.deleted}
            last = [exercise for path, exercise in by_path.items() if path in saved]
            if last:
                _show(last, wish, console)
    except KeyboardInterrupt:
        console.print()


def _show(what: Iterable[Exercise], wish: Wish, console: Console) -> None:
    if console.is_terminal:
        console.clear()
    for exercise in what:
        report.one(_grade(exercise, wish), console)
        console.print()
    console.print(
        tr(
            f"{report.clock()} · graded again at every save; Ctrl-C ends it.",
            f"{report.clock()} · 每次保存后自动重新评分；按 Ctrl-C 结束。",
        ),
        style="dim",
    )


def choose(command: str, console: Console) -> None:
    """Print the names that ``command`` takes, lesson by lesson. Raises WorkbookError."""
    records, names = grades.read(), dict[str, list[str]]()
    for one in exercises.every():
        names.setdefault(one.lesson.number, []).append(one.name)
    for number, own in names.items():
        for line in wrap(f"{number}  {listed(own)}", console.width):
            console.print(line, markup=False, soft_wrap=True)
    every = [one for own in names.values() for one in own]
    example = next((one for one in every if (records.get(one) or Record()).passed_at is None), every[0])
    console.print(
        tr(f"Name one: workbook {command} {example}", f"请指定一个：workbook {command} {example}"), style="dim"
    )


def hint(name: str | None, level: int | None, console: Console) -> None:
    """Print the next hint, or that of ``level``; without a name, the names. Raises WorkbookError."""
    if name is None:
        choose("hint", console)
        return
    exercise = exercises.one(name)
    texts = exercise.hints()
    with grades.change(exercise.name) as record:
        level = level or min(record.hints + 1, len(texts))
        record.hints = max(record.hints, level)
    console.print(tr(f"Hint {level} of {len(texts)}", f"提示 {level}/{len(texts)}"), style="bold")
    for words in wrap(str(texts[level - 1]), console.width):
        console.print(words, markup=False, soft_wrap=True)
    if level < len(texts):
        line = tr(f"The next one: workbook hint {exercise.name}", f"下一条：workbook hint {exercise.name}")
    else:
        line = tr(
            f"That was the last one. Our solution: workbook solution {exercise.name} --anyway",
            f"这是最后一条。参考解答：workbook solution {exercise.name} --anyway",
        )
    console.print(line, style="dim", markup=False)


def solution(name: str | None, anyway: bool, console: Console) -> None:
    """Print our solution: after passing, or where it is asked for ``anyway``; without a name, the names. Raises WorkbookError."""
    if name is None:
        choose("solution", console)
        return
    exercise = exercises.one(name)
    record = grades.of(exercise.name)
    if record.passed_at is None and not anyway:
        raise WorkbookError(
            tr(
                f"{exercise.name} has not passed yet: try `workbook hint {exercise.name}`, or see the solution with --anyway.",
                f"{exercise.name} 还没有通过：可以先试试 `workbook hint {exercise.name}`，或加 --anyway 直接查看参考解答。",
            )
        )
    text = exercise.solution.read_text(encoding="utf-8")
    if record.passed_at is None:
        with grades.change(exercise.name) as kept:
            kept.solution_before_passing = True
        console.print(tr("Shown on demand, before passing.", "按要求显示：这个练习还没有通过。"), style="yellow")
    if console.is_terminal:
        console.print(Syntax(text, "python", theme="ansi_dark", background_color="default", word_wrap=True))
    else:  # a file or a pipe takes the code as it is: a comment that is broken in two would no longer be one
        console.print(text, end="", markup=False, soft_wrap=True)
    console.print(
        tr(
            f"Beside yours: diff {exercise.shown} {exercise.shown_solution}",
            f"与你的代码对照：diff {exercise.shown} {exercise.shown_solution}",
        ),
        style="dim",
        markup=False,
        soft_wrap=True,
    )
