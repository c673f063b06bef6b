"""``workbook check``: whether the course's own content holds together."""

import typer

from workbook.i18n import tr

app = typer.Typer()


@app.command(
    "check",
    help=tr(
        "Check the course: headers, both languages, symbols, files. Each finding says file, line and remedy.",
        "检查课程内容：课程头、两种语言、符号、文件。每个问题都写明文件、行号和改法。",
    ),
)
def check_command() -> None:
    """Print the findings; fail if there is one."""
    from workbook import lint

    found = lint.check()
    for finding in found:
        print(finding)
    if found:
        raise typer.Exit(1)
    print(tr("The course holds together.", "课程内容没有问题。"))
