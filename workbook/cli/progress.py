"""``workbook progress`` and ``workbook tick``: the checklists."""

import typer

app = typer.Typer()
