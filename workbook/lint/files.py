"""Rules for files: what pages and headers name is there, and what is there is named."""

import ast
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from workbook.i18n import tr
from workbook.lint import pages
from workbook.lint.course import SHARED_SCRIPTS, Course
from workbook.lint.finding import Finding
from workbook.lint.pages import At, Page


def check(course: Course) -> Iterator[Finding]:
    """Links, images, exercises, solutions, scripts: both ways."""
    shown: set[Path] = set()
    for page in course.pages.values():
        for at in [*page.images, *page.links]:
            if "://" in at.text or at.text.startswith("mailto:"):
                continue
            target, _, fragment = unquote(at.text).partition("#")
            path = (page.path.parent / target).resolve() if target else page.path
            shown.add(path)
            yield from _target(course, page, at, path, fragment)
    yield from _exercises(course)
    yield from _unlisted(course, shown)


def _target(course: Course, page: Page, at: At, path: Path, fragment: str) -> Iterator[Finding]:
    if not path.exists():
        what = tr(f"{at.text} leads nowhere", f"{at.text} 不存在")
        yield course.find(page.path, at.line, what, tr("correct the path, or add the file", "请改正路径，或添加该文件"))
    elif fragment and path.suffix == ".md":
        target = course.pages.get(path) or pages.read(path)
        if fragment not in pages.anchors(target):
            what = tr(f"{path.name} has no heading #{fragment}", f"{path.name} 没有标题 #{fragment}")
            yield course.find(page.path, at.line, what, tr("correct what follows the #", "请改正 # 之后的部分"))


def _exercises(course: Course) -> Iterator[Finding]:
    for lesson in course.sound:
        for name in lesson.header.exercises:
            starter, solution = lesson.exercise(name), lesson.solution(name)
            missing = [path for path in (starter, solution) if not path.is_file()]
            for path in missing:
                what = tr(
                    f"exercise {name}: there is no {path.parent.name}/{path.name}",
                    f"练习 {name}：没有 {path.parent.name}/{path.name}",
                )
                yield course.find(
                    lesson.path,
                    _line_of(lesson.path, name),
                    what,
                    tr("write it, or take the exercise out", "请编写，或去掉该练习"),
                )
            if not missing:
                yield from _starter(course, starter, solution)


def _line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, start=1) if text in line), 1)


def _starter(course: Course, starter: Path, solution: Path) -> Iterator[Finding]:
    """A starter: docstrings, something left to write, and its solution's signatures."""
    tree = ast.parse(starter.read_text(encoding="utf-8"))
    ours, theirs = _signatures(tree), _signatures(ast.parse(solution.read_text(encoding="utf-8")))
    if not ast.get_docstring(tree):
        what = tr("the exercise has no docstring", "练习没有文档字符串")
        yield course.find(starter, 1, what, tr("begin the file with the task", "请在文件开头写明任务"))
    open_ = {
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.Raise) and n.exc and "NotImplementedError" in ast.unparse(n.exc)
    }
    if not open_:
        what = tr("nothing is left to write", "没有留待完成的部分")
        yield course.find(
            starter,
            1,
            what,
            tr(
                "raise NotImplementedError where the learner's code belongs",
                "请在学员该写代码处 raise NotImplementedError",
            ),
        )
    for name, (node, signature) in ours.items():
        is_task = any(node.lineno <= line <= (node.end_lineno or 0) for line in open_)
        if is_task and not ast.get_docstring(node):
            what = tr(f"{name} has no docstring", f"{name} 没有文档字符串")
            yield course.find(starter, node.lineno, what, tr("say shapes, units, source", "请写明形状、单位和出处"))
        if name not in theirs:
            what = tr(f"{name} is not in the solution", f"参考解答里没有 {name}")
            yield course.find(
                starter,
                node.lineno,
                what,
                tr(f"define it in solutions/{solution.name}", f"请在 solutions/{solution.name} 中定义"),
            )
        elif signature != theirs[name][1]:
            what = tr(
                f"{name}{signature}, the solution has {theirs[name][1]}",
                f"{name}{signature}，而参考解答是 {theirs[name][1]}",
            )
            yield course.find(starter, node.lineno, what, tr("give both the same signature", "请让两者签名相同"))


def _signatures(tree: ast.Module) -> dict[str, tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """The functions of a file and of its classes: name -> node, signature."""
    found = {}
    owners: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for owner in owners:
        prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
        for node in owner.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
                found[prefix + node.name] = (node, f"({ast.unparse(node.args)}){returns}")
    return found


def _unlisted(course: Course, shown: set[Path]) -> Iterator[Finding]:
    heads = [(lesson, lesson.header) for lesson in course.sound]
    scripts = {course.script(head.script) for _, head in heads if head.script}
    scripts |= {course.script(name) for name in SHARED_SCRIPTS}
    exercises = {lesson.exercise(name) for lesson, head in heads for name in head.exercises}
    solutions = {lesson.solution(name) for lesson, head in heads for name in head.exercises}
    root = course.root
    in_header = tr("name it in a lesson's header, or delete it", "请写进某课的课程头，或删除")
    on_page = tr("show it on a page, or delete it", "请在页面中使用，或删除")
    for pattern, listed, remedy in (
        ("my_debug_scripts/*.py", scripts, in_header),
        ("stages/*/exercises/*.py", exercises, in_header),
        ("stages/*/solutions/*.py", solutions, in_header),
        ("stages/*/images/*", {path for path in root.glob("stages/*/images/*") if path.resolve() in shown}, on_page),
    ):
        for path in sorted(root.glob(pattern)):
            if path not in listed and path.name != "__init__.py":
                yield course.find(path, 1, tr("no lesson lists this file", "没有课程列出这个文件"), remedy)
