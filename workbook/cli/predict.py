"""``workbook predict``: the questions before a run."""

import typer

app = typer.Typer()
