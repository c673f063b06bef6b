"""``workbook draw``: the pictures and pages for the learner's notes."""

import typer

app = typer.Typer()
