"""``notes/code_map.md``: vLLM's source in the order in which one reads it, each line a link into the installed files.

Links are relative with ``#L123``: VSCode opens those at the line, from the editor and from the preview, also on a
remote machine. (``vscode://file/…`` would open on the machine before the learner, ``/absolute`` below the workspace.)
"""

import os
from pathlib import Path
from urllib.parse import quote

import msgspec

from workbook import paths
from workbook.course import data, lessons, symbols
from workbook.course.header import Text
from workbook.course.symbols import SymbolError
from workbook.i18n import tr

FILE = paths.NOTES / "code_map.md"
ORDER = paths.STAGES / "reading_order.yaml"


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the plan's reading order. ``url``: for what the wheel does not hold."""

    plan: str  # the path as the plan has it
    note: Text
    symbols: list[str] = []
    url: str | None = None


class Week(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to read in one week."""

    week: int
    title: Text
    read: list[Reading]


def order(file: Path = ORDER) -> list[Week]:
    """The plan's reading order. Raises WorkbookError where the file does not fit."""
    return data.read(file, list[Week])


def text(folder: Path) -> str:
    """The map in the learner's language, for a file in ``folder``. Raises WorkbookError."""
    lines = [
        tr("# Code map", "# 代码地图"),
        "",
        tr(
            "Made by `workbook map` for the vLLM that is installed here: make it again after an upgrade; what you write here is lost then. "
            "Ctrl+click a line in the editor, or click it in the preview (Ctrl+Shift+V).",
            "由 `workbook map` 按本机安装的 vLLM 生成：升级后请重新生成（写在这里的内容会丢失）。在编辑器中 Ctrl+单击，或在预览（Ctrl+Shift+V）中单击，即可打开源码。",
        ),
        "",
        tr("## By week", "## 按周"),
        "",
    ]
    colon = tr(": ", "：")
    for week in order():
        lines += [tr(f"### Week {week.week}: {week.title}", f"### 第 {week.week} 周：{week.title}"), ""]
        for reading in week.read:
            plan = f"[`{reading.plan}`]({reading.url})" if reading.url else f"`{reading.plan}`"
            lines.append(f"- {plan}{colon}{reading.note}")
            lines += [f"  - {_entry(symbol, folder)}" for symbol in reading.symbols]
        lines.append("")
    lines += [tr("## By lesson", "## 按课"), ""]
    for lesson in lessons.all_lessons():
        head = lesson.header
        looks = {stop.at: f"{colon}{stop.look}" for stop in head.stops}
        named = dict.fromkeys([*looks, *head.code, *(paper.symbol for paper in head.papers)])
        if named:
            lines += [f"### [{head.lesson} {head.title}]({_link(lesson.page, folder)})", ""]
            lines += [f"- {_entry(symbol, folder)}{looks.get(symbol, '')}" for symbol in named]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _entry(symbol: str, folder: Path) -> str:
    try:
        place = symbols.resolve(symbol)
    except SymbolError as error:
        return f"`{symbol}`: {error}"
    shown = place.path.relative_to(symbols.installed(symbol.partition(":")[0].split(".")[0]))
    return f"[{shown}:{place.line}]({_link(place.path, folder)}#L{place.line}) `{symbol.partition(':')[2] or symbol}`"


def _link(path: Path, folder: Path) -> str:
    return quote(Path(os.path.relpath(path, folder)).as_posix())


def write(file: Path = FILE) -> Path:
    """Write the map; it is made anew each time."""
    paths.write_atomically(file, text(file.parent))
    return file
