"""Rules for files: what pages and headers name is there, and what is there is named."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from workbook.i18n import tr
from workbook.lint import pages
from workbook.lint.course import SHARED_SCRIPTS, Course
from workbook.lint.finding import Finding
from workbook.lint.pages import At, Page


def check(course: Course) -> Iterator[Finding]:
    """Links and images lead somewhere; scripts, exercises, solutions and images belong to a lesson."""
    shown: set[Path] = set()
    for page in course.pages.values():
        for at in [*page.images, *page.links]:
            drawn = page.path.is_relative_to(course.templates) and at.text.startswith("pictures/")
            if "://" in at.text or at.text.startswith("mailto:") or drawn:
                continue  # `workbook draw` makes pictures beside the learner's copy of a template
            target, _, fragment = unquote(at.text).partition("#")
            path = (page.path.parent / target).resolve() if target else page.path
            shown.add(path)
            yield from _target(course, page, at, path, fragment)
    if len(course.sound) == len(course.lessons):  # else a broken header's files would all seem lost
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


def _tracked(root: Path) -> set[Path] | None:
    """The files that git knows; None outside of git."""
    command = ["git", "-C", str(root), "ls-files", "-z", "my_debug_scripts", "stages"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError:
        return None
    return {root / name for name in result.stdout.split("\0") if name} if result.returncode == 0 else None


def _unlisted(course: Course, shown: set[Path]) -> Iterator[Finding]:
    heads = [(lesson, lesson.header) for lesson in course.sound]
    scripts = {course.script(head.script) for _, head in heads if head.script}
    scripts |= {course.script(name) for name in SHARED_SCRIPTS}
    exercises = {lesson.exercise(name) for lesson, head in heads for name in head.exercises}
    solutions = {lesson.solution(name) for lesson, head in heads for name in head.exercises}
    root = course.root
    tracked = _tracked(root)  # what git does not know is the learner's own, or not finished
    in_header = tr("name it in a lesson's header, or delete it", "请写进某课的课程头，或删除")
    on_page = tr("show it on a page, or delete it", "请在页面中使用，或删除")
    for pattern, listed, remedy in (
        ("my_debug_scripts/*.py", scripts, in_header),
        ("stages/*/exercises/*.py", exercises, in_header),
        ("stages/*/exercises/*.hints.yaml", {path.with_suffix(".hints.yaml") for path in exercises}, in_header),
        ("stages/*/solutions/*.py", solutions, in_header),
        ("stages/*/images/*", {path for path in root.glob("stages/*/images/*") if path.resolve() in shown}, on_page),
    ):
        for path in sorted(root.glob(pattern)):
            if path not in listed and path.name != "__init__.py" and (tracked is None or path in tracked):
                yield course.find(path, 1, tr("no lesson lists this file", "没有课程列出这个文件"), remedy)
