"""Progress on the terminal, and as JSON. Fits 60 cells; says by numbers and letters what it shows by colour."""

import os
from pathlib import Path
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from workbook import paths
from workbook.i18n import listed, tr
from workbook.progress import learner, report
from workbook.progress.learner import State
from workbook.progress.report import Bar, Entry, Next


def overview(console: Console, state: State, found: list[Entry], then: Next | None) -> None:
    """Bars by week, stage and topic; what changed; what to do next."""
    ticked = sum(entry.box.ticked for entry in found)
    console.print(
        Text.assemble(
            (tr("Progress", "学习进度"), "bold"),
            tr(f"  {ticked} of {len(found)} boxes", f"  {len(found)} 项中已完成 {ticked} 项"),
            (f"  {_shown(learner.FILE)}", "dim"),
        )
    )
    groups = [
        (tr("By week", "按周"), report.by_week(found)),
        (tr("By stage", "按阶段"), report.by_stage(found)),
        (tr("By topic", "按主题"), report.by_topic(found)),
    ]
    drawn = min(30, console.width // 4)
    names = max(cell_len(bar.name) for _, bars in groups for bar in bars)
    for title, bars in groups:
        console.print(Text(f"\n{title}", style="bold"))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=min(names, console.width - drawn - 12), overflow="fold")
        table.add_column(width=drawn)
        table.add_column(justify="right", width=5)
        for bar in bars:
            table.add_row(bar.name, _bar(bar), f"{bar.ticked}/{bar.boxes}")
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    console.print()
    changed(console, state)
    coming(console, then)


def boxes(console: Console, found: list[Entry]) -> None:
    """Every box with its evidence, below the headings of the template."""
    section = ""
    for entry in found:
        if entry.section.id != section:
            section = entry.section.id
            console.print(Text(f"\n{report.in_language(entry.section.title)}", style="bold"))
        box(console, entry)


def box(console: Console, entry: Entry) -> None:
    """One box: its words, its id, and below it what its lessons ask for."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    words = Text.assemble(entry.words, (f"  {entry.box.id}", "cyan"))
    if entry.box.rest:
        words.append(f"  {entry.box.rest}", "italic")
    table.add_row(Text("[x]", style="green") if entry.box.ticked else Text("[ ]"), words)
    for proof in entry.proofs:
        wanted, _, name = proof.wanted.partition(" ")
        kinds = {"run": tr("run", "运行"), "predictions": tr("predictions", "预测"), "exercise": tr("exercise", "练习")}
        kind = f"{kinds.get(wanted, wanted)} {name}".strip()
        text = Text.assemble(f"{'+' if proof.met else '-'} {proof.lesson} {kind}: ", proof.says)
        if not proof.met:
            text.append(f": {proof.command}", "cyan")
        text.style = "green" if proof.met else "dim"
        table.add_row("", text)
    console.print(table)


def changed(console: Console, state: State) -> None:
    """What was done to the file, a sentence each; nothing where nothing was."""
    changes, file = state.changes, _shown(learner.FILE)
    lines = []
    if state.made:
        lines.append(tr(f"Made {file}: your own copy of the checklists.", f"已创建 {file}：这是你自己的清单。"))
    if state.proved:
        names = listed(state.proved)
        lines.append(tr(f"Ticked by what you did: {names}.", f"根据你完成的内容自动勾选：{names}。"))
    if changes.added:
        names = listed(changes.added)
        lines.append(tr(f"New boxes: {names}.", f"新增条目：{names}。"))
    if changes.reworded:
        names = listed(changes.reworded)
        lines.append(tr(f"Reworded boxes: {names}.", f"措辞有更新的条目：{names}。"))
    if changes.retired:
        names = listed(changes.retired)
        lines.append(tr(f"Boxes that the workbook no longer has: {names}.", f"手册里已不再有的条目：{names}。"))
    if changes.missing:
        names = listed(changes.missing)
        lines.append(
            tr(
                f"Boxes that you took out: {names}; workbook progress --restore puts them back.",
                f"你删掉的条目：{names}；运行 workbook progress --restore 可补回。",
            )
        )
    for line in lines:
        console.print(Text(line))


def coming(console: Console, then: Next | None) -> None:
    """What to do next."""
    if then is None:
        console.print(Text(tr("Every box is ticked.", "所有条目都已完成。")))
        return
    if then.lesson:
        title = then.lesson.header.title
        console.print(Text.assemble((tr("Next: ", "下一步："), "bold"), f"{then.lesson.number} {title}"))
        console.print(Text(f"  {_shown(then.lesson.page)}", style="dim"))
    else:
        console.print(Text(tr("Next", "下一步"), style="bold"))
    console.print(Text(f"  {then.box}: {then.why}"))
    if then.first:
        console.print(Text(f"  {then.first}"))
    console.print(Text(f"  {then.command}", style="cyan"), soft_wrap=True)


def as_json(state: State, found: list[Entry], then: Next | None) -> str:
    """All of it for other programs."""

    def bars(found: list[Bar]) -> list[Any]:
        return [{"name": bar.name, "ticked": bar.ticked, "boxes": bar.boxes} for bar in found]

    value = {
        "file": _utf8(learner.FILE),
        "ticked": sum(entry.box.ticked for entry in found),
        "boxes": [
            {
                "id": entry.box.id,
                "ticked": entry.box.ticked,
                "words": entry.box.words.strip(),
                "line": entry.line,
                "section": entry.section.id,
                **{name: entry.section.fields.get(name) for name in ("weeks", "stage", "topic")},
                "proofs": entry.proofs,
            }
            for entry in found
        ],
        "weeks": bars(report.by_week(found)),
        "stages": bars(report.by_stage(found)),
        "topics": bars(report.by_topic(found)),
        "next": then
        and {
            "lesson": then.lesson and then.lesson.number,
            "page": then.lesson and _utf8(then.lesson.page),
            "box": then.box,
            "why": then.why,
            "first": then.first,
            "command": then.command,
        },
        "changes": {"made": state.made, "proved": state.proved, **vars(state.changes)},
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _utf8(path: Path) -> str:
    """The path as text: in a locale of ASCII alone, Python holds its other letters as surrogates, which JSON cannot."""
    return os.fsencode(path).decode("utf-8", "replace")


def _bar(bar: Bar) -> ProgressBar:
    return ProgressBar(bar.boxes, bar.ticked, complete_style="green", finished_style="green")


def _shown(path: Any) -> str:
    return str(path.relative_to(paths.ROOT)) if path.is_relative_to(paths.ROOT) else str(path)
