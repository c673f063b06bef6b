"""One course for each test."""

from pathlib import Path

import pytest

from grading.course import Course
from workbook import paths
from workbook.grading import grades


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    made = Course(tmp_path)
    monkeypatch.setattr(paths, "NOTES", made.notes)
    monkeypatch.setattr(paths, "RUNS", made.notes / "runs")
    monkeypatch.setattr(grades, "FILE", made.notes / "grades.json")
    return made
