"""All rules over one tree."""

from pathlib import Path

from workbook import paths
from workbook.lint import data, exercises, files, headers, languages, numbers, text, transcripts
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
