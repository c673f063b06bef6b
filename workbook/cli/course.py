"""``workbook check``: whether the course's own content holds together, also with another vLLM."""

from pathlib import Path
from typing import Annotated

import typer

from workbook.i18n import tr

app = typer.Typer()

_AGAINST = tr(
    "Say what another vLLM (a wheel, or a folder that holds vllm/) does to the symbols of the course.",
    "报告另一版 vLLM（wheel 文件，或含有 vllm/ 的目录）会影响课程中的哪些符号。",
)
_WRITE = tr(
    "First write the pages that are made from data (stages/what_moved.md).",
    "先写出由数据生成的页面（stages/what_moved.zh.md）。",
)


@app.command(
    "check",
    help=tr(
        "Check the course: headers, both languages, symbols, files. Each finding says file, line and remedy.",
        "检查课程：课程头、两种语言、符号、文件；指出行号和改法。",
    ),
)
def check_command(
    against: Annotated[Path | None, typer.Option("--against", metavar="PATH", help=_AGAINST)] = None,
    write: Annotated[bool, typer.Option("--write", help=_WRITE)] = False,
) -> None:
    """Print the findings, or the upgrade report; fail if there is a finding."""
    from workbook import lint

    if against:
        print(lint.upgrade_report(against))
        return
    if write:
        lint.write()
    found = lint.check()
    for finding in found:
        print(finding)
    if found:
        raise typer.Exit(1)
    print(tr("The course holds together.", "课程内容没有问题。"))
