"""``workbook check``: whether the course's own content holds together."""

import typer

app = typer.Typer()
