"""``workbook grade``, ``hint`` and ``solution``: the exercises."""

import typer

app = typer.Typer()
