"""``workbook debug`` and ``workbook attach``: stops inside vLLM, in a terminal."""

import typer

app = typer.Typer()
