"""Which lessons there are, and where their parts lie."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbook import paths
from workbook.course import header
from workbook.course.header import Header
from workbook.errors import WorkbookError
from workbook.i18n import chinese, listed, tr

_PAGE = re.compile(r"(\d+\.\d+)_\w+\.md")


@dataclass(frozen=True)
class Lesson:
    """A lesson by its English page, ``stages/N_name/N.M_name.md``."""

    path: Path

    @property
    def number(self) -> str:
        """As "1.1"."""
        return self.path.name.split("_", 1)[0]

    @property
    def stage(self) -> Path:
        """The stage's folder."""
        return self.path.parent

    @property
    def chinese_path(self) -> Path:
        """The Chinese page, which may be missing."""
        return self.path.with_suffix(".zh.md")

    @property
    def page(self) -> Path:
        """The page in the learner's language."""
        return self.chinese_path if chinese() else self.path

    @cached_property
    def header(self) -> Header:
        """Raises WorkbookError where it is not valid."""
        return header.parse(self.path)

    @property
    def script(self) -> Path | None:
        """The lesson's script, which may be missing; None for a lesson without one."""
        return paths.SCRIPTS / f"{self.header.script}.py" if self.header.script else None

    def exercise(self, name: str) -> Path:
        """The learner's file of an exercise."""
        return self.stage / "exercises" / f"{name}.py"

    def solution(self, name: str) -> Path:
        """Ours."""
        return self.stage / "solutions" / f"{name}.py"


def all_lessons(stages: Path = paths.STAGES) -> list[Lesson]:
    """Every lesson, in the order of its number."""
    pages = (path for path in stages.glob("*/*.md") if _PAGE.fullmatch(path.name))
    return sorted(map(Lesson, pages), key=lambda lesson: [int(part) for part in lesson.number.split(".")])


def find(number: str) -> Lesson:
    """The lesson of that number, or the one whose script or exercise has that name; raises WorkbookError."""
    lessons = all_lessons()
    for lesson in lessons:
        if number in (lesson.number, lesson.header.script, *lesson.header.exercises):
            return lesson
    numbers = listed(lesson.number for lesson in lessons)
    raise WorkbookError(
        tr(f"There is no lesson {number!r}: choose one of {numbers}.", f"没有第 {number!r} 课：请从 {numbers} 中选择。")
    )


def of_script(script: str) -> Lesson | None:
    """The lesson to which a script belongs."""
    return next((lesson for lesson in all_lessons() if lesson.header.script == script), None)
