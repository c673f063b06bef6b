"""The tree that is checked: its lessons, pages and files. The real one, or a copy in the tests."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbook.course.lessons import Lesson, all_lessons
from workbook.errors import WorkbookError
from workbook.lint import pages
from workbook.lint.finding import Finding
from workbook.lint.pages import Page

# Scripts that belong to no single lesson: several use them.
SHARED_SCRIPTS = {"llama_debug"}
ENGLISH_ONLY = {"CHANGELOG.md", "CONTRIBUTING.md"}
TEMPLATE = Path("notes/templates/progress.md")
_BOX = re.compile(r"^\s*- \[[ xX]\].*<!-- id: ([\w.-]+) -->\s*$", re.MULTILINE)


@dataclass
class Course:
    """Everything below ``root``. ``vllm``: the folder that holds vLLM's package; None for the installed one."""

    root: Path
    vllm: Path | None = None

    @cached_property
    def lessons(self) -> list[Lesson]:
        """All, those with a broken header included."""
        return all_lessons(self.root / "stages")

    @cached_property
    def sound(self) -> list[Lesson]:
        """The lessons whose header is valid."""

        def valid(lesson: Lesson) -> bool:
            try:
                return bool(lesson.header)
            except WorkbookError:
                return False

        return [lesson for lesson in self.lessons if valid(lesson)]

    @cached_property
    def pages(self) -> dict[Path, Page]:
        """Every page that a learner reads, parsed, both languages."""
        found = [*self.root.glob("*.md"), *self.root.glob("stages/**/*.md"), *self.templates.glob("*.md")]
        found += self.root.glob("notes/README*.md")  # what else lies there is the learner's
        return {path: pages.read(path) for path in sorted(found)}

    @property
    def templates(self) -> Path:
        """The folder of what the learner's notes begin with."""
        return self.root / TEMPLATE.parent

    @cached_property
    def boxes(self) -> set[str] | None:
        """The ids of the boxes in the progress file's template; None where it is missing."""
        path = self.root / TEMPLATE
        return set(_BOX.findall(path.read_text(encoding="utf-8"))) if path.is_file() else None

    def script(self, name: str) -> Path:
        """A script's file, which may be missing."""
        return self.root / "my_debug_scripts" / f"{name}.py"

    def python_files(self) -> list[Path]:
        """The scripts, exercises and solutions."""
        return sorted([*self.root.glob("my_debug_scripts/**/*.py"), *self.root.glob("stages/*/*/*.py")])

    def find(self, path: Path, line: int, what: str, remedy: str) -> Finding:
        """A finding, its path as seen from the root."""
        return Finding(path.relative_to(self.root) if path.is_relative_to(self.root) else path, line, what, remedy)
