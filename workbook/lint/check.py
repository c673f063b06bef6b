"""All rules over one tree; and the same tree's symbols against another vLLM."""

from pathlib import Path

from workbook import paths
from workbook.codemap import against, moved
from workbook.lint import data, exercises, files, headers, languages, named, numbers, text, transcripts
from workbook.lint.course import Course
from workbook.lint.finding import Finding

RULES = (
    headers.check,
    languages.check,
    files.check,
    exercises.check,
    text.check,
    transcripts.check,
    numbers.check,
    data.check,
)


def check(root: Path = paths.ROOT, vllm: Path | None = None) -> list[Finding]:
    """Everything that is wrong, in the order of files and lines, each once."""
    course = Course(root, vllm)
    return sorted({finding for rule in RULES for finding in rule(course)})


def write(root: Path = paths.ROOT) -> list[Path]:
    """Write the pages that are made from data; returns them. Raises WorkbookError."""
    return moved.write(root / "stages")


def upgrade_report(other: Path, root: Path = paths.ROOT) -> str:
    """What becomes of the course's symbols in another vLLM. Raises WorkbookError where ``other`` holds none."""
    users = named.named(Course(root))
    with against.tree(other) as folder:
        return against.report(against.compare(users, folder), users)
