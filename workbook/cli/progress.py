"""``workbook progress`` and ``workbook tick``: the checklists."""

import io
import sys
from typing import Annotated

import typer
from rich.console import Console

from workbook.i18n import tr

app = typer.Typer()


def _console() -> Console:
    """What the terminal's encoding lacks (as in the locale C) is printed as ``?`` instead of ending the command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False)


def _ids(incomplete: str) -> list[str]:
    from workbook.progress import commands

    return commands.ids(incomplete)


@app.command(
    "progress",
    help=tr(
        "See how far you are and what comes next; a box: `workbook progress w01-first-run`. Keeps notes/progress.md up to date.",
        "查看学习进度和下一步；单个条目：`workbook progress w01-first-run`。同时更新 notes/progress.md。",
    ),
)
def progress_command(
    box: Annotated[
        str | None,
        typer.Argument(metavar="ID", help=tr("One box.", "某个条目。"), autocompletion=_ids),
    ] = None,
    boxes: Annotated[
        bool, typer.Option("--boxes", help=tr("Every box with its evidence.", "列出所有条目及其依据。"))
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=tr("For other programs.", "供其他程序读取。"))] = False,
    restore: Annotated[
        bool,
        typer.Option("--restore", help=tr("Put back boxes that are gone from your file.", "补回文件中已丢失的条目。")),
    ] = False,
) -> None:
    """Print the bars, the boxes, or JSON."""
    from workbook.progress import commands

    commands.progress(_console(), box, boxes, as_json, restore)


@app.command(
    "tick",
    help=tr(
        "Tick boxes of notes/progress.md: `workbook tick w01-first-run`; --undo unticks.",
        "勾选 notes/progress.md 中的条目：`workbook tick w01-first-run`；--undo 取消勾选。",
    ),
)
def tick_command(
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help=tr("Ids, or beginnings that only one has.", "条目 id，或唯一的开头。"),
            autocompletion=_ids,
        ),
    ],
    undo: Annotated[bool, typer.Option("--undo", help=tr("Untick.", "取消勾选。"))] = False,
) -> None:
    """Tick, or untick."""
    from workbook.progress import commands

    commands.tick(_console(), ids, not undo)
