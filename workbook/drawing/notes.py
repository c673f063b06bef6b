"""``workbook draw``: the templates of a lesson copied into the learner's notes, and the pictures to compare with.

A note is copied once and then the learner's; a picture is made anew by every call. The learner draws first:
so a note's picture stands in a file of its own, to which the note's last part points.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbook import paths, runinfo
from workbook.course import lessons
from workbook.course.lessons import Lesson
from workbook.drawing import split
from workbook.drawing.blocksizes import block_sizes
from workbook.drawing.budget import timeline_with_budget
from workbook.drawing.memory import memory_layout
from workbook.errors import WorkbookError
from workbook.i18n import chinese, listed, tr
from workbook.recorder import Recording, engines, load
from workbook.views import pictures, runs

TEMPLATES = paths.ROOT / "notes" / "templates"
GENERAL = "lesson"  # for a lesson without a template of its own; {lesson} in it is the number

# A note's name → the picture to compare it with.
PICTURES: dict[str, Callable[[Recording], str]] = {
    "2.1_memory_layout": memory_layout,
    "2.1_throughput": pictures.kv_use,
    "2.1_block_size": block_sizes,
    "2.3_prefill_decode": timeline_with_budget,
    "2.3_timing": pictures.timeline,
    "2.4_chunked_prefill": timeline_with_budget,
    "2.5_tp_split": split.tensor_parallel_split,
    "2.8_slow_or_out_of_memory": pictures.kv_use,
}


@dataclass(frozen=True)
class Drawn:
    """What a call left in the notes."""

    note: Path
    fresh: bool  # copied just now; False: it was there, and was left alone
    picture: Path | None = None


@dataclass(frozen=True)
class Result:
    """All of one call. ``remarks``: what the learner must know of the choice of the run."""

    drawn: list[Drawn]
    run: str
    remarks: list[str]


def draw(number: str, run: str | None = None) -> Result:
    """Copy the templates of lesson ``number``, and draw ``run``, by default the last whole one of the lesson's script, without flags if there is one.

    Raises WorkbookError: no such lesson, no such run, nothing to draw in it, notes that cannot be written.
    """
    names = templates(number)
    wanted = [name for name in names if name in PICTURES]
    recording, remarks = _recording(number, run) if wanted else (None, [])
    if recording and split.tensor_parallel_split in (PICTURES[name] for name in wanted):
        remarks += filter(None, [split.degree(recording)[1]])
    # Every picture before any file: what cannot be drawn leaves nothing half done.
    svgs = {name: PICTURES[name](recording) for name in wanted if recording}
    try:
        drawn = [_write(number, name, svgs.get(name)) for name in names]
    except OSError as error:
        raise WorkbookError(
            tr(
                f"{error.filename or paths.NOTES} cannot be written ({error.strerror}): make room there, or set WORKBOOK_NOTES to another folder.",
                f"无法写入 {error.filename or paths.NOTES}（{error.strerror}）：请腾出空间，或用 WORKBOOK_NOTES 指定其他目录。",
            )
        ) from None
    return Result(drawn, runs.label(recording.path) if recording else "", remarks)


def templates(number: str) -> list[str]:
    """The names of a lesson's templates; the general one where it has none. Raises WorkbookError for no such lesson."""
    files = (path.name.removesuffix(".md") for path in TEMPLATES.glob("*.md") if not path.name.endswith(".zh.md"))
    found = sorted(name for name in files if re.match(rf"{re.escape(number)}_", name))
    if found:
        return found
    if _lesson(number) or re.fullmatch(r"[123]\.\d+", number):
        return [GENERAL]
    there = listed(sorted({name.split("_")[0] for name in PICTURES}))
    raise WorkbookError(
        tr(
            f"There is no lesson {number!r}: give a number such as 2.1; {there} have pictures.",
            f"没有第 {number!r} 课：请给出课号，例如 2.1；有图的课：{there}。",
        )
    )


def _recording(number: str, run: str | None) -> tuple[Recording | None, list[str]]:
    """The one to draw; None, with the way to get one, where nothing has run yet: the templates are of use before."""
    if not run and not runs.folders():
        lesson = _lesson(number)
        said = runs.nothing(lesson.header.script) if lesson and lesson.header.script else runs.nothing()
        return None, [said + tr(f" Then `workbook draw {number}` again.", f"之后再执行 `workbook draw {number}`。")]
    path, remarks = _choose(number, run)
    recording = load(path)
    if not recording.steps:
        raise WorkbookError(
            tr(
                f"{runs.label(path)} holds no step to draw: name another run, `workbook show` lists them.",
                f"{runs.label(path)} 中没有可画的调度步：请指定另一次运行，`workbook show` 会列出。",
            )
        )
    return recording, remarks


def _choose(number: str, run: str | None) -> tuple[Path, list[str]]:
    if run:
        return runs.find(run), []
    lesson = _lesson(number)
    script = lesson.header.script if lesson else None
    folders = runinfo.runs_of(script) if script else []
    # The lesson's own run rather than a later experiment with flags, which the sheet's questions do not fit.
    for folder in sorted(folders, key=lambda folder: bool((info := runinfo.read(folder)) and info.options)):
        if found := engines(folder):
            return found[0], []
    path = runs.find("last")
    there = runs.label(path)
    if script:
        return path, [
            tr(
                f"There is no whole run of {script} yet, so this is the last run of all, {there}: after `workbook run {script}` draw again.",
                f"还没有 {script} 的完整运行，因此画的是最近一次运行 {there}：执行 `workbook run {script}` 之后请重新绘制。",
            )
        ]
    return path, [
        tr(f"This is the last run of all, {there}: name another as in `workbook draw {number} RUN`.",
           f"画的是最近一次运行 {there}：要画其他运行，请用 `workbook draw {number} RUN`。")
    ]  # fmt: skip


def _lesson(number: str) -> Lesson | None:
    return next((lesson for lesson in lessons.all_lessons() if lesson.number == number), None)


def _write(number: str, name: str, svg: str | None) -> Drawn:
    stem = name if name != GENERAL else f"{number}_notes"
    note = paths.NOTES / f"{stem}.md"
    fresh = not note.exists()
    if fresh:
        template = TEMPLATES / f"{name}{'.zh' if chinese() else ''}.md"
        paths.write_atomically(note, template.read_text(encoding="utf-8").replace("{lesson}", number))
    picture = paths.NOTES / "pictures" / f"{stem}.svg" if svg else None
    if picture and svg:
        paths.write_atomically(picture, svg)
    return Drawn(note, fresh, picture)
