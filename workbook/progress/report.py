"""Progress in numbers: by week, stage and topic, and what comes next. Knows no terminal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workbook.course.lessons import Lesson
from workbook.i18n import some, tr
from workbook.progress.page import Box, Page, Section, box_of, section_of
from workbook.progress.proofs import Proof, boxes_of

SEPARATOR = " · "  # between the two languages on a line of the template


def stage_names() -> dict[str, str]:
    """By the number in a section's comment."""
    return {
        "1": tr("Stage 1: basics", "阶段 1：基础入门"),
        "2": tr("Stage 2: core techniques", "阶段 2：核心技术"),
        "3": tr("Stage 3: model adaptation", "阶段 3：模型适配"),
    }


def topic_names() -> dict[str, str]:
    """By the name in a section's comment."""
    return {
        "lessons": tr("Lessons", "课程"),
        "inference": tr("The path of inference", "推理流程"),
        "paged-attention": "PagedAttention",
        "continuous-batching": tr("Continuous batching", "连续批处理"),
        "tensor-parallel": tr("Tensor parallelism", "张量并行"),
        "adaptation": tr("Model adaptation", "模型适配"),
        "optimisation": tr("System optimisation", "系统优化"),
        "concepts": tr("Core concepts", "核心概念"),
        "architecture": tr("Model architecture", "模型架构"),
        "projects": tr("Projects", "实战项目"),
        "success": tr("Success criteria", "成功标准"),
    }


@dataclass(frozen=True)
class Entry:
    """A box of the workbook in the learner's file. ``line`` counts from 1; ``section`` is where the template has it."""

    box: Box
    line: int
    section: Section
    proofs: list[Proof]

    @property
    def words(self) -> str:
        """In the learner's language."""
        return in_language(self.box.words)


@dataclass(frozen=True)
class Bar:
    """How many of some boxes are ticked."""

    name: str
    ticked: int
    boxes: int


@dataclass(frozen=True)
class Next:
    """What to do next: the lesson (None where none has the box), why, and the command, with what comes before it."""

    lesson: Lesson | None
    box: str
    why: str
    command: str
    first: str = ""


def in_language(words: str) -> str:
    """The half of "English · 中文" that the learner reads, without Markdown's bold; words of the learner's own stay whole."""
    english, separator, chinese = words.replace("**", "").strip().partition(SEPARATOR)
    return tr(english, chinese) if separator else english


def entries(page: Page, template: str, proofs: dict[str, list[Proof]]) -> list[Entry]:
    """Every box that the template has and the learner kept, in the template's order."""
    here, places, found = page.boxes(), page.places(), list[Entry]()
    section: Section | None = None
    for line in Page(template).lines:
        section = section_of(line) or section
        box = box_of(line)
        if section and box and box.id in here:
            found.append(Entry(here[box.id], places[box.id] + 1, section, proofs.get(box.id, [])))
    return found


def by_week(found: list[Entry]) -> list[Bar]:
    """A bar for each pair of weeks, named by the plan's heading."""
    names = {
        e.section.fields["weeks"]: in_language(e.section.title) for e in reversed(found) if "weeks" in e.section.fields
    }
    return _bars(found, "weeks", lambda weeks: names[weeks])


def by_stage(found: list[Entry]) -> list[Bar]:
    """A bar for each stage."""
    return _bars(found, "stage", lambda stage: stage_names().get(stage, stage))


def by_topic(found: list[Entry]) -> list[Bar]:
    """A bar for each topic."""
    return _bars(found, "topic", lambda topic: topic_names().get(topic, topic))


def _bars(found: Iterable[Entry], field: str, name: Callable[[str], str]) -> list[Bar]:
    groups: dict[str, list[Entry]] = {}
    for entry in found:
        if field in entry.section.fields:
            groups.setdefault(entry.section.fields[field], []).append(entry)
    return [Bar(name(key), sum(e.box.ticked for e in group), len(group)) for key, group in groups.items()]


def what_next(found: list[Entry], lessons: list[Lesson]) -> Next | None:
    """The first lesson with an open box, and the command that brings its first missing proof; None where all is ticked.

    A tick is what remains where nothing can be proved, and the sentence before it says what it stands for.
    """
    by_id = {entry.box.id: entry for entry in found}
    for lesson in lessons:
        open_boxes = [by_id[box] for box in boxes_of(lesson) if box in by_id and not by_id[box].box.ticked]
        if not open_boxes:
            continue
        missing = [p for e in open_boxes for p in e.proofs if not p.met and p.lesson == lesson.number]
        # A prediction is made before the run that answers it.
        missing.sort(key=lambda proof: {"predictions": 0, "run": 1}.get(proof.wanted, 2))
        if missing:
            box = next(e for e in open_boxes if missing[0] in e.proofs)
            return Next(lesson, box.box.id, missing[0].says, missing[0].command)
        name = open_boxes[0].box.id
        asked = sum(point.box == name for point in lesson.header.checkpoints)
        first = tr(
            f"when you can answer the lesson's {some(asked, 'checkpoint question')} on it:",
            f"能回答本课关于它的 {asked} 个检查点问题后：",
        )
        proved = tr("what proves it is there:", "依据已齐：")
        return Next(lesson, name, open_boxes[0].words, f"workbook tick {name}", first if asked else proved)
    entry = next((entry for entry in found if not entry.box.ticked), None)
    if entry is None:
        return None
    first = tr("no lesson yet for this box; if you know it already:", "该条目暂无对应课程；若已掌握：")
    return Next(None, entry.box.id, entry.words, f"workbook tick {entry.box.id}", first)
