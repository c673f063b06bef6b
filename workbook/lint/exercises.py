"""Rules for exercises: task, hints, grader and solution are there, and starter and solution have the same signatures."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.grading.exercises import LEVELS, Exercise
from workbook.i18n import some, tr
from workbook.lint.course import Course
from workbook.lint.finding import Finding

_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
Problem = tuple[int, str, str]  # line, what, remedy


def check(course: Course) -> Iterator[Finding]:
    """Every exercise that a header lists."""
    for lesson in course.sound:
        for name in lesson.header.exercises:
            yield from _check(course, lesson, Exercise(lesson, name))


def _check(course: Course, lesson: Lesson, exercise: Exercise) -> Iterator[Finding]:
    grader = course.root / "workbook" / "grading" / "graders" / f"{exercise.name}.py"
    missing = [path for path in (exercise.path, exercise.solution, grader) if not path.is_file()]
    for path in missing:
        shown = path.relative_to(course.root)
        what = tr(f"exercise {exercise.name}: there is no {shown}", f"练习 {exercise.name}：没有 {shown}")
        yield course.find(
            lesson.path,
            _line_of(lesson.path, exercise.name),
            what,
            tr("write it, or take the exercise out", "请编写，或去掉该练习"),
        )
    yield from _hints(course, exercise)
    if exercise.path.is_file() and exercise.solution.is_file():
        solution = exercise.solution.read_text(encoding="utf-8")
        problems = list(_starter(exercise.name, exercise.path.read_text(encoding="utf-8"), solution))
        # The learner's own work in the file is no fault of the course: then the file as committed counts.
        if problems and (committed := _committed(exercise.path)):
            problems = list(_starter(exercise.name, committed, solution))
        for line, what, remedy in problems:
            yield course.find(exercise.path, line, what, remedy)


def _line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, start=1) if text in line), 1)


def _committed(path: Path) -> str | None:
    """The file as git last had it; None outside of git."""
    command = ["git", "-C", str(path.parent), "show", f"HEAD:./{path.name}"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError:
        return None
    return result.stdout if result.returncode == 0 else None


def _hints(course: Course, exercise: Exercise) -> Iterator[Finding]:
    three = tr(f"write {LEVELS} hints, each {{en, zh}}", f"请写 {LEVELS} 条提示，每条为 {{en, zh}}")
    try:
        hints = exercise.hints()
    except WorkbookError as error:
        yield course.find(exercise.hints_path, 1, str(error), three)
        return
    if len(hints) != LEVELS or not all(hint.en.strip() and hint.zh.strip() for hint in hints):
        yield course.find(exercise.hints_path, 1, tr(some(len(hints), "hint"), f"有 {len(hints)} 条提示"), three)


def _starter(name: str, text: str, solution: str) -> Iterator[Problem]:
    """A starter: docstrings, something left to write, and its solution's signatures."""
    try:
        tree, ours, theirs = ast.parse(text), _signatures(text), _signatures(solution)
    except SyntaxError as error:
        yield error.lineno or 1, f"{error.msg}", tr("mend the starter, or the solution", "请改正练习或参考解答")
        return
    main = next((n for n in tree.body if isinstance(n, _FUNCTION | ast.ClassDef) and n.name == name), None)
    if main is None:
        yield (
            1,
            tr(f"nothing here is called {name}", f"没有名为 {name} 的定义"),
            tr("name the function, or class, like the file", "函数或类请与文件同名"),
        )
    raises = (n for n in ast.walk(tree) if isinstance(n, ast.Raise) and n.exc)
    left = {n.lineno for n in raises if n.exc and "NotImplementedError" in ast.unparse(n.exc)}
    if not left:
        remedy = tr(
            "raise NotImplementedError where the learner's code belongs", "请在学员该写代码处 raise NotImplementedError"
        )
        yield 1, tr("nothing is left to write", "没有留待完成的部分"), remedy
    tasks = [node for node, _ in ours.values() if any(node.lineno <= n <= (node.end_lineno or 0) for n in left)]
    for node in dict.fromkeys([*([main] if main else []), *tasks]):
        if not ast.get_docstring(node):
            what = tr(f"{node.name} has no docstring", f"{node.name} 没有文档字符串")
            yield node.lineno, what, tr("say shapes, units, source", "请写明形状、单位和出处")
    for qualified, (function, signature) in ours.items():
        there = theirs.get(qualified, (None, tr("nothing", "无")))[1]
        if signature != there:
            what = tr(
                f"{qualified}{signature}, in the solution: {there}", f"{qualified}{signature}，参考解答中为：{there}"
            )
            yield function.lineno, what, tr("give both the same signature", "请让两者签名相同")


def _signatures(text: str) -> dict[str, tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """The functions of a file and of its classes: name -> node, signature. Raises SyntaxError."""
    tree = ast.parse(text)
    owners: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    found = {}
    for owner in owners:
        prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
        for node in owner.body:
            if isinstance(node, _FUNCTION):
                returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
                found[prefix + node.name] = (node, f"({ast.unparse(node.args)}){returns}")
    return found
