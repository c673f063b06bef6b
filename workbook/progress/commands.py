"""What ``workbook progress`` and ``workbook tick`` do."""

import difflib
import sys

from rich.console import Console

from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.i18n import listed, some, tr
from workbook.progress import learner, proofs, report, view
from workbook.progress.page import Page


def progress(
    console: Console, box: str | None = None, every_box: bool = False, as_json: bool = False, restore: bool = False
) -> None:
    """Bring the file up to date and print it: the overview, every box, or one."""
    lessons = proofs.lessons_with_boxes()
    evidence = proofs.gather(lessons)
    state = learner.update(lambda: proofs.proved(evidence), restore=restore)
    found = report.entries(state.page, learner.template(), evidence)
    then = report.what_next(found, lessons)
    if as_json:
        # UTF-8 in every locale: it is for programs
        sys.stdout.buffer.write(view.as_json(state, found, then).encode() + b"\n")
    elif box:
        name = resolve(state.page, box)
        shown = [entry for entry in found if entry.box.id == name]
        view.boxes(console, shown)
    else:
        if every_box:
            view.boxes(console, found)
            console.print()
        view.overview(console, state, found, then)


def tick(console: Console, ids: list[str], ticked: bool = True) -> None:
    """Tick boxes, or untick them: all that are named, or, where one is unknown, none."""
    names: list[str] = []
    before: dict[str, bool] = {}

    def change(page: Page) -> None:
        names.extend(dict.fromkeys(resolve(page, name) for name in ids))
        before.update({name: box.ticked for name, box in page.boxes().items()})
        page.tick(names, ticked)

    lessons: list[Lesson] = proofs.lessons_with_boxes()
    evidence = proofs.gather(lessons)
    state = learner.update(lambda: proofs.proved(evidence), change)
    found = report.entries(state.page, learner.template(), evidence)
    boxes = state.page.boxes()
    for name in names:
        mark = "[x]" if ticked else "[ ]"
        already = tr(" (was so already)", "（原本如此）") if before[name] == ticked else ""
        console.print(f"{mark} {name}  {report.in_language(boxes[name].words)}{already}", markup=False)
    state.proved = [name for name in state.proved if name not in names]
    view.changed(console, state)
    done = sum(entry.box.ticked for entry in found)
    console.print(
        tr(
            f"{done} of {some(len(found), 'box', 'boxes')} ticked: workbook progress shows what comes next.",
            f"{len(found)} 项中已完成 {done} 项；运行 workbook progress 查看下一步。",
        ),
        markup=False,
    )


def ids(beginning: str) -> list[str]:
    """The ids that begin so, for the shell's completion."""
    return [name for name in Page(learner.template()).boxes() if name.startswith(beginning)]


def resolve(page: Page, name: str) -> str:
    """The id of a box in the file that is ``name`` or the only one to begin with it. Raises WorkbookError."""
    known = list(page.boxes())
    if name in known:
        return name
    begun = [one for one in known if one.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise WorkbookError(
            tr(
                f"Several boxes begin with {name!r}: choose one of {listed(begun)}.",
                f"有多个条目以 {name!r} 开头：请从 {listed(begun)} 中选择。",
            )
        )
    if name in Page(learner.template()).boxes():
        raise WorkbookError(
            tr(
                f"You took the box {name} out of {learner.FILE}: workbook progress --restore puts it back.",
                f"你已从 {learner.FILE} 中删掉条目 {name}：运行 workbook progress --restore 可补回。",
            )
        )
    near = difflib.get_close_matches(name, known, 3, 0.4) or [one for one in known if name and name in one][:3]
    if near:
        raise WorkbookError(
            tr(
                f"There is no box {name!r}: did you mean {listed(near)}?",
                f"没有条目 {name!r}：是否想写 {listed(near)}？",
            )
        )
    raise WorkbookError(
        tr(
            f"There is no box {name!r}: workbook progress --boxes lists them.",
            f"没有条目 {name!r}：运行 workbook progress --boxes 查看全部。",
        )
    )
