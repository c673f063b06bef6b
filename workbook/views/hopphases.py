"""A trace of nested hops as phases that add up: what each part of a call took itself, without the parts inside it."""

from collections.abc import Mapping

from rich import box
from rich.table import Table

from workbook.hops.records import Call
from workbook.i18n import tr
from workbook.views.hoptree import Node, merged, nested
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet, room

Phases = list[tuple[str, float]]  # name, seconds

_BAR, _ROW, _EDGE = "#0072B2", 46.0, 24.0


def phases(calls: list[Call], names: Mapping[str, str], rest: str) -> Phases:
    """Seconds by phase, in the order of ``names``: function (``Class.method``) -> phase. They add up to the outermost call's.

    A call inside another belongs to the other's phase unless it has its own; what belongs to none is ``rest``. Of
    several ranks, which work at the same time, the first one counts.
    """
    first = [call for call in calls if "-" not in call.process or call.process.endswith("-0")]
    seconds = dict.fromkeys([*names.values(), rest], 0.0)
    _add(nested(merged(first)), names, rest, seconds)
    return list(seconds.items())


def _add(nodes: list[Node], names: Mapping[str, str], above: str, seconds: dict[str, float]) -> None:
    for node in nodes:
        phase = names.get(node.name, above)
        seconds[phase] += node.call.seconds - _covered(node)
        _add(node.inner, names, phase, seconds)


def _covered(node: Node) -> float:
    """How much of the call's time the calls inside it take: overlaps once, and nothing beyond its end."""
    end = node.call.start + node.call.seconds
    covered, reached = 0.0, node.call.start
    for inner in sorted((child.call for child in node.inner), key=lambda call: call.start):
        stop = min(inner.start + inner.seconds, end)
        covered += max(0.0, stop - max(inner.start, reached))
        reached = max(reached, stop)
    return covered


def table(found: Phases) -> Table:
    """Phase and seconds, and their sum in the last row."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column(tr("phase", "阶段"))
    shown.add_column(tr("seconds", "秒"), justify="right")
    for name, seconds in found:
        shown.add_row(name, f"{seconds:.2f}")
    shown.add_row(tr("in all", "合计"), f"{sum(seconds for _, seconds in found):.2f}", style="bold")
    return shown


def picture(found: Phases, title: str) -> str:
    """A bar for each phase; each begins where the one above ends, so that the last one ends at the sum."""
    total = sum(seconds for _, seconds in found)
    sheet = Sheet(title, ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found))
    sheet.text(_EDGE, 30, title, weight="bold")
    left = _EDGE + max(room(name, SMALL) for name, _ in found) + 12
    scale = (WIDTH - _EDGE - left) / total
    x, y = left, 62.0
    for name, seconds in found:
        sheet.text(left - 12, y + 15, name, SMALL, anchor="end")
        sheet.rect(x, y, max(2.0, seconds * scale), 30, _BAR)
        label = f"{seconds:.2f} s"
        after = x + seconds * scale + 8
        if after + room(label, SIZE) < WIDTH:
            sheet.text(after, y + 15, label, SIZE)
        else:
            sheet.text(x - 8, y + 15, label, SIZE, anchor="end")
        x, y = x + seconds * scale, y + _ROW
    return str(sheet)
