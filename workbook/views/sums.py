"""What was worked out beside what the engine says, and whether both are the same."""

from rich.table import Table

from workbook import titled
from workbook.i18n import tr


def table(rows: list[tuple[str, float, float]], title: str) -> Table:
    """A row for each quantity: its name, the value that was worked out, vLLM's own."""
    shown = titled.table(title)
    shown.add_column("")
    shown.add_column(tr("worked out", "计算值"), justify="right")
    shown.add_column("vLLM", justify="right")
    shown.add_column("")
    for name, ours, theirs in rows:
        shown.add_row(name, _number(ours), _number(theirs), "=" if ours == theirs else "≠")
    return shown


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
