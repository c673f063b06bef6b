"""``workbook where`` and ``workbook map``: from a symbol to vLLM's source."""

from typing import Annotated

import typer

from workbook.codemap import page, where
from workbook.i18n import tr

app = typer.Typer()


@app.command(
    "where",
    help=tr(
        "Find code of vLLM: `workbook where Scheduler.schedule`. In VSCode's terminal it opens there.",
        "查找 vLLM 的代码：`workbook where Scheduler.schedule`。在 VSCode 终端里会直接打开。",
    ),
)
def where_command(
    symbol: Annotated[
        str | None,
        typer.Argument(
            metavar="SYMBOL",
            help=tr(
                "package.module:Name, a Name alone, or a path as path/file.py::Name; without it, what the lessons name.",
                "package.module:Name，或只写 Name，或 path/file.py::Name 这样的路径；不写则列出各课用到的符号。",
            ),
        ),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help=tr("Open it in VSCode.", "在 VSCode 中打开。"))] = False,
) -> None:
    """Print path:line."""
    if symbol is None:
        print(where.names())
        return
    place = where.find(symbol)
    print(where.shown(place))
    if open_ or where.in_vscode():
        where.open_in_vscode(place)


@app.command(
    "map",
    help=tr(
        "Write notes/code_map.md: vLLM's source by week and by lesson, with links.",
        "写出 notes/code_map.md：按周、按课排列的 vLLM 源码链接。",
    ),
)
def map_command() -> None:
    """Write the map and say where."""
    print(page.write())
