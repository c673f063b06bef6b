"""How the commands print what the library found: light tables that fit 80 columns, advice on a line of its own."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from workbook.check import Check
from workbook.i18n import tr
from workbook.models import Model
from workbook.wrap import Prose

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, header_style="bold", overflow="fold")
    return table


def checks(found: list[Check]) -> Table:
    """One row for each check; a remedy, or what follows, stands under what was found."""
    table = _table("", tr("check", "检查项"), tr("found", "结果"))
    for check in found:
        text = Text(check.found)
        if check.remedy:
            text.append(f"\n→ {check.remedy}", style="" if check.status == "ok" else "bold")
        table.add_row(Text(check.status, style=_COLOURS[check.status]), check.name, Prose(text))
    return table


def models(rows: list[tuple[Model, Path | None]]) -> Table:
    """The known models with their sizes, and where each one is."""
    table = _table(
        tr("model", "模型"),
        tr("weights", "权重"),
        tr("KV/token", "KV/token"),
        tr("heads/KV", "头/KV 头"),
        tr("what", "说明"),
    )
    for model, where in rows:
        a = model.architecture
        text = Text(f"{tr(*model.about)}\n")
        text.append(str(where) if where else tr("not here yet", "尚未准备"), style="dim")
        table.add_row(
            Text(model.name, style="bold"),
            f"{2 * a.parameters / 1024**2:,.0f} MiB",
            f"{a.kv_bytes_per_token() / 1024:.1f} KiB",
            f"{a.heads}/{a.kv_heads}",
            Prose(text),
        )
    return table


def scripts(rows: list[tuple[str, str]]) -> Table:
    """Scripts by name, each with the first line of its docstring."""
    table = _table(tr("script", "脚本"), tr("what it is about", "内容"))
    for name, about in rows:
        table.add_row(Text(name, style="bold"), Prose(about))
    return table
