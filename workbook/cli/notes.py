"""``workbook draw``: the pictures and pages for the learner's notes."""

from typing import Annotated

import typer
from rich.console import Console

from workbook.i18n import tr

app = typer.Typer()


@app.command(
    "draw",
    help=tr(
        "Notes for a lesson's drawings, and the picture of your own run to compare with: `workbook draw 2.1`.",
        "准备一课的绘图笔记，并画出你自己运行的图以供对照：`workbook draw 2.1`。",
    ),
)
def draw_command(
    lesson: Annotated[
        str | None,
        typer.Argument(metavar="LESSON", help=tr("Such as 2.1; without it they are listed.", "如 2.1；不写则列出。")),
    ] = None,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help=tr(
                "Which run; by default the last whole one of the lesson's script.",
                "哪次运行；默认为本课脚本最近一次完整运行。",
            ),
        ),
    ] = None,
) -> None:
    """Copy the templates, draw, and say where everything is."""
    from workbook.drawing import notes, report

    if lesson is None:
        print(report.choices())
        return
    report.report(notes.draw(lesson, run), Console(highlight=False))
