"""``workbook where`` and ``workbook map``: from a symbol to vLLM's source."""

import typer

app = typer.Typer()
