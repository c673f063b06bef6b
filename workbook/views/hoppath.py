"""A trace of hops as a picture: a lane for each process, and the way of a token from one to the other and back."""

from workbook.i18n import some, tr
from workbook.views.hoptree import Node, nested, short, values
from workbook.views.svg import SMALL, WIDTH, Sheet, room

_ROW, _LANE, _EDGE = 29.0, 30.0, 24.0
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")  # Okabe and Ito, as in workbook.views.colours


def picture(nodes: list[Node], title: str) -> str:
    """The calls from top to bottom, each in the lanes of its processes; what came in and went out beside them."""
    rows = list(_flat(nested(nodes), 0))
    lanes = list(dict.fromkeys(name for node in nodes for name in sorted(node.processes)))
    sheet = Sheet(
        title,
        tr(
            f"{some(len(rows), 'function')} in {some(len(lanes), 'process', 'processes')}.",
            f"{len(lanes)} 个进程里的 {len(rows)} 个函数。",
        ),
    )
    sheet.text(_EDGE - 8, 26, title, weight="bold")
    _names(sheet, lanes)
    top = 56.0 + _ROW * len(lanes)
    left = _EDGE + _LANE * len(lanes)
    for place, (node, depth) in enumerate(rows):
        y = top + _ROW * place
        here = [lanes.index(name) for name in node.processes]
        if place:
            before = [lanes.index(name) for name in rows[place - 1][0].processes]
            for lane in here:
                near = min(before, key=lambda other: abs(other - lane))
                sheet.line(_x(near), y - _ROW, _x(lane), y, _COLOURS[lane % 5], 3)
        for lane in here:
            sheet.rect(_x(lane) - 7, y - 7, 14, 14, _COLOURS[lane % 5], radius=7)
        x = left + 13 * depth
        sheet.text(x, y, node.name, SMALL)
        said = _cut(values(node.call), WIDTH - _EDGE - x - room(node.name, SMALL) - 8)
        sheet.text(WIDTH - _EDGE, y, said, SMALL, "dim", "end")
    return str(sheet)


def _flat(nodes: list[Node], depth: int) -> list[tuple[Node, int]]:
    return [row for node in nodes for row in [(node, depth), *_flat(node.inner, depth + 1)]]


def _x(lane: int) -> float:
    return _EDGE + _LANE * lane


def _names(sheet: Sheet, lanes: list[str]) -> None:
    """The lanes' names as steps down to where each begins."""
    bottom = 56.0 + _ROW * len(lanes)
    for lane, name in enumerate(lanes):
        y = 62 + (_ROW - 3) * lane
        sheet.line(_x(lane), y + 10, _x(lane), bottom, "line", 2)
        sheet.text(
            _x(lane) - 7, y, tr("script", "脚本") if name == "main" else name, SMALL, _COLOURS[lane % 5], weight="bold"
        )


def _cut(text: str, width: float) -> str:
    if room(text, SMALL) > width:
        text = short(text, 3)
    if room(text, SMALL) > width and " → " in text:
        text = "→ " + text.partition(" → ")[2]
    while text and room(text, SMALL) > width:
        text = text[:-2] + "…"
    return text
