"""``workbook show``: what the engine did."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbook.i18n import tr
from workbook.views import show

app = typer.Typer()

_STEP = tr("One step in full: batch, queues, blocks and what they hold.", "某一步的全貌：批、队列、块及其内容。")
_SVG = tr("Write a picture: timeline, blocks (of --step) or kv.", "写出图片：timeline、blocks（--step 那一步）或 kv。")
_HTML = tr("Write the time machine, a page for the browser.", "写出时间机器（浏览器页面）。")
_COMPARE = tr("Another run, beside this one.", "与另一次运行对比。")
_OUT = tr(
    "Where to write; else into the run's folder, or notes/pages for a recording that is no run of yours.",
    "写到哪里；默认写入该次运行的目录；不是你自己的运行时写入 notes/pages。",
)
_SALVAGE = tr("Of a damaged recording, read what stands before the damage.", "录制损坏时，读取损坏处之前的部分。")


@app.command(
    "show",
    help=tr(
        "See what the engine did: `workbook show last`, or SCRIPT, SCRIPT/TIME, a folder, a file; alone, it lists the runs.",
        "查看引擎做了什么：`workbook show last`，或 SCRIPT、SCRIPT/TIME、目录、文件；不带参数则列出所有运行。",
    ),
)
def show_command(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=tr("Which run.", "哪次运行。"))] = None,
    step: Annotated[int | None, typer.Option("--step", metavar="N", parser=show.step_number, help=_STEP)] = None,
    steps: Annotated[str | None, typer.Option("--steps", help=tr("These steps: 10:40", "只列这些步：10:40"))] = None,
    everything: Annotated[bool, typer.Option("--all", help=tr("Leave nothing out.", "不省略任何内容。"))] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help=tr("A line for each step of a run in progress.", "跟踪正在进行的运行，每步输出一行。")
        ),
    ] = False,
    compare: Annotated[str | None, typer.Option("--compare", metavar="RUN", help=_COMPARE)] = None,
    html: Annotated[bool, typer.Option("--html", help=_HTML)] = False,
    svg: Annotated[str | None, typer.Option("--svg", metavar="KIND", help=_SVG)] = None,
    trace: Annotated[
        bool,
        typer.Option("--trace", help=tr("Write a trace for ui.perfetto.dev.", "写出 ui.perfetto.dev 可打开的 trace。")),
    ] = False,
    salvage: Annotated[bool, typer.Option("--salvage", help=_SALVAGE)] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="PATH", help=_OUT)] = None,
    open_: Annotated[
        bool, typer.Option("--open", help=tr("Open the page in the browser.", "在浏览器中打开页面。"))
    ] = False,
) -> None:
    """Print the run, or write what was asked for."""
    wish = show.Wish(run, step, steps, everything, follow, compare, html, svg, trace, salvage, out, open_)
    show.show(wish, Console(highlight=False))
