"""What ``workbook draw`` prints: where each note is, where its picture is, and which run was drawn."""

from rich.console import Console
from rich.text import Text

from workbook import paths
from workbook.drawing.notes import PICTURES, Result
from workbook.i18n import listed, tr


def report(result: Result, console: Console) -> None:
    """Print it."""
    for drawn in result.drawn:
        state = tr("new", "新建") if drawn.fresh else tr("yours, left as it is", "你的笔记，未改动")
        console.print(Text.assemble((paths.shown(drawn.note), "bold"), f"  {state}"), soft_wrap=True)
        if drawn.picture:
            console.print(Text(f"  {tr('compare with', '对照图')}  {paths.shown(drawn.picture)}"), soft_wrap=True)
    for remark in result.remarks:
        console.print(Text(remark))
    if result.run:
        console.print(Text(tr(f"Drawn from {result.run}", f"取自 {result.run}"), style="dim"), soft_wrap=True)
    if any(drawn.fresh and drawn.picture for drawn in result.drawn):
        console.print(tr("Draw yours first; then open the picture.", "先画自己的，再打开对照图。"))


def choices() -> str:
    """The lessons that have drawings of their own, and how to name one."""
    found: dict[str, list[str]] = {}
    for name in PICTURES:
        number, _, what = name.partition("_")
        found.setdefault(number, []).append(what)
    lines = [f"{number}  {listed(names)}" for number, names in found.items()]
    lines.append(
        tr(
            "Name one: workbook draw 2.1. Any other lesson gets the general page for notes.",
            "请指定一课：workbook draw 2.1。其他课使用通用的笔记模板。",
        )
    )
    return "\n".join(lines)
