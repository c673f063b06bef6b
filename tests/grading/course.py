"""A course of the real exercises, copied so that tests may write into them, with runs of the real engine."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import ROOT, Result, python

from workbook.course.lessons import Lesson
from workbook.grading import grade as grading
from workbook.grading.exercises import Exercise

RECORDINGS = ROOT / "tests" / "recordings"
HEADER = """---
lesson: "1.1"
title: {en: The first inference, zh: 第一次推理}
minutes: 60
week: 1
script: step1_basic_llama
exercises: [kv_blocks, kv_bytes]
---
"""
COMMAND = """
import os
from pathlib import Path
from workbook import paths
paths.STAGES = Path(os.environ["STAGES"])  # before the lessons are looked for
from workbook.cli import main
main()
"""


def solution(stage: Path, name: str) -> Callable[..., Any]:
    """Our solution of an exercise of a stage, to be called in this process."""
    spec = importlib.util.spec_from_file_location(name, stage / "solutions" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[..., Any] = getattr(module, name)
    return function


def begun(folder: Path, stage: Path, header: str) -> Lesson:
    """A lesson in a folder of its own, as a learner has it who has not begun: ``header``, the stage's exercises and recordings."""
    for kind in ("exercises", "solutions"):
        shutil.copytree(stage / kind, folder / kind)
    (folder / "recordings").symlink_to(stage / "recordings")
    page = folder / "1.1_lesson.md"
    page.write_text(header, encoding="utf-8")
    return Lesson(page)


class Course:
    """Lessons, exercises and notes in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.stages, self.notes = folder / "stages", folder / "notes"
        stage = self.stages / "1_basics"
        self.lesson = begun(stage, ROOT / "stages" / "1_basics", HEADER)
        self.add_run("first")

    def add_run(self, recording: str, time: str = "2026-01-01T00-00-00", script: str = "step1_basic_llama") -> Path:
        target = self.notes / "runs" / script / time
        shutil.copytree(RECORDINGS / recording, target)
        if not (target / "run.json").exists():
            info = (RECORDINGS / "first" / "run.json").read_text()
            (target / "run.json").write_text(info.replace("step1_basic_llama", script))
        return target

    def exercise(self, name: str) -> Exercise:
        return Exercise(self.lesson, name)

    def write(self, name: str, code: str) -> Path:
        path = self.exercise(name).path
        path.write_text(code, encoding="utf-8")
        return path

    def solve(self, name: str) -> None:
        shutil.copy(self.exercise(name).solution, self.exercise(name).path)

    def grade(self, name: str, code: str | None = None, time_limit: float = 20.0) -> grading.Result:
        if code is not None:
            self.write(name, code)
        return grading.grade(self.exercise(name), time_limit=time_limit)

    def environment(self, **more: str) -> dict[str, str]:
        return {"STAGES": str(self.stages), "WORKBOOK_NOTES": str(self.notes), **more}

    def command(self, *arguments: str, **environment: str) -> Result:
        return python("-c", COMMAND, *arguments, **self.environment(**environment))
