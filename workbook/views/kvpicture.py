"""A picture of how full the KV cache is over the steps, with the queues below: where memory decides, and when."""

from workbook.i18n import tr
from workbook.recorder import Recording
from workbook.views import blockmap
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet, room, tick

_LEFT, _RIGHT = 92.0, 16.0
_PLOT = WIDTH - _LEFT - _RIGHT
_PANELS = ((64.0, 250.0), (372.0, 120.0))  # top and height


class _Band:
    """Values over the steps, drawn between a lower and an upper curve, with its name where it is thick enough."""

    def __init__(self, low: list[float], high: list[float], top: float, height: float, most: float) -> None:
        count = max(1, len(low))
        width = _PLOT / count
        # At most one corner for each px: of the steps in it, the largest value.
        every = max(1, int(count / _PLOT))
        self.spans = [
            (
                _LEFT + start * width,
                _LEFT + min(count, start + every) * width,
                top + height * (1 - max(high[start : start + every]) / most),
                top + height * (1 - max(low[start : start + every]) / most),
            )
            for start in range(0, count, every)
        ]

    def draw(self, sheet: Sheet, fill: str = "", style: str = "") -> None:
        upper = [point for x1, x2, high, _ in self.spans for point in ((x1, high), (x2, high))]
        lower = [point for x1, x2, _, low in reversed(self.spans) for point in ((x2, low), (x1, low))]
        if any(low - high > 0 for _, _, high, low in self.spans):
            sheet.area([*upper, *lower], fill, style)

    def place(self, text: str, size: float) -> tuple[float, float] | None:
        """Where the text fits between the curves: the middle of the thickest place."""
        best: tuple[float, float, float] | None = None
        needed = room(text, size) + 10
        for x1, *_ in self.spans[:: max(1, len(self.spans) // 200)]:
            inside = [span for span in self.spans if span[1] > x1 and span[0] < x1 + needed]
            if x1 + needed > WIDTH - _RIGHT:
                break
            high, low = max(span[2] for span in inside), min(span[3] for span in inside)
            if low - high >= size * 1.15 and (best is None or low - high > best[0] + 1):
                best = (low - high, x1 + needed / 2, (high + low) / 2)
        return best and best[1:]


def kv_use(recording: Recording) -> str:
    """Blocks held, blocks free but still in the prefix cache, and free ones; below, who runs and who waits."""
    usable = recording.header.blocks - 1
    used = [float(step.used) for step in recording.steps]
    kept = [u + c for u, c in zip(used, blockmap.cached_free(recording), strict=True)]
    title = tr("How full the KV cache is, step by step", "每个调度步中 KV 缓存的占用")
    about = tr(
        f"At most {max(used, default=0):.0f} of {usable} blocks are held.",
        f"{usable} 块中最多占用 {max(used, default=0):.0f} 块。",
    )
    sheet = Sheet(title, about)
    zero = [0.0] * len(used)
    top, height = _PANELS[0]
    # A pool of which little is used is cut off above twice its use, and says so.
    most = min(float(usable), max(4.0, 2 * max(kept, default=1.0)))
    whole = tr(f"KV blocks: {usable:,} in all", f"KV 块：共 {usable:,} 块")
    if most < usable:
        whole += tr(f", drawn up to {most:.0f}", f"，图中只到 {most:.0f}")
    sheet.text(_LEFT, 30, whole, SIZE, weight="600")
    _frame(sheet, top, height, most)
    bands = [
        (_Band(zero, used, top, height, most), "", "held", tr("held by requests", "被请求占用"), ""),
        (
            _Band(used, kept, top, height, most),
            KINDS["cached"].fill,
            "",
            tr("free, in the prefix cache|free, cached", "空闲，在前缀缓存中|空闲，已缓存"),
            KINDS["cached"].ink,
        ),
        (_Band(kept, [most] * len(kept), top, height, most), "", "none", tr("free", "空闲"), "dim"),
    ]
    untold = _bands(sheet, bands)
    _preemptions(sheet, recording, top)

    top, height = _PANELS[1]
    running = [float(step.running) for step in recording.steps]
    both = [r + step.waiting for r, step in zip(running, recording.steps, strict=True)]
    most = max(1.0, *both)
    sheet.text(_LEFT, top - 26, tr("Requests", "请求"), SIZE, weight="600")
    _frame(sheet, top, height, most)
    bands = [
        (_Band(zero, running, top, height, most), KINDS["decode"].fill, "", tr("running", "运行"), KINDS["decode"].ink),
        (
            _Band(running, both, top, height, most),
            KINDS["waiting"].fill,
            "",
            tr("waiting", "等待"),
            KINDS["waiting"].ink,
        ),
    ]
    untold += _bands(sheet, bands)
    bottom = top + height
    _steps(sheet, recording, bottom)
    if untold:
        sheet.swatches(untold, _LEFT, sheet.height + 24)
    return str(sheet)


def _bands(sheet: Sheet, bands: list[tuple[_Band, str, str, str, str]]) -> list[tuple[str, str]]:
    """Draw them all, then their names; those whose name fits nowhere are returned."""
    untold = []
    for band, fill, style, _, _ in bands:
        band.draw(sheet, fill, style)
    for band, fill, _, names, ink in bands:
        for name in names.split("|"):  # the longest that fits
            if spot := band.place(name, SIZE):
                sheet.text(spot[0], spot[1], name, SIZE, ink, "middle")
                break
        else:
            if fill and any(low - high > 0 for _, _, high, low in band.spans):
                untold.append((fill, name))
    return untold


def _frame(sheet: Sheet, top: float, height: float, most: float) -> None:
    """The scale at the left: whole, round numbers, with room for each."""
    for value in range(0, int(most) + 1, tick(most, int(height // 40))):
        y = top + height * (1 - value / most)
        sheet.line(_LEFT - 6, y, _LEFT, y, "mark")
        sheet.text(_LEFT - 12, y, f"{value:,}", SMALL, "dim", "end")


def _preemptions(sheet: Sheet, recording: Recording, top: float) -> None:
    """A mark over the first panel wherever a request was preempted, and how many there were."""
    width = _PLOT / max(1, len(recording.steps))
    colour = KINDS["preempted"].fill
    places = [place for place, step in enumerate(recording.steps) if step.preempted]
    for place in places:
        x = _LEFT + place * width
        sheet.line(x, top - 16, x, top + 4, colour, 4 if len(places) < 12 else 2)
    if places:
        count = sum(len(recording.steps[place].preempted) for place in places)
        text = tr(f"{count} preempted", f"抢占 {count} 次")
        sheet.text(WIDTH - _RIGHT, 30, text, SIZE, colour, "end", "600")


def _steps(sheet: Sheet, recording: Recording, bottom: float) -> None:
    count = len(recording.steps)
    unit = tick(count)
    width = _PLOT / max(1, count)
    numbers = sorted({1, *range(unit, count + 1, unit)})
    for number in numbers:
        x = _LEFT + (number - 0.5) * width
        sheet.line(x, bottom, x, bottom + 6, "mark")
        sheet.text(x, bottom + 20, str(number), SMALL, "dim", "middle")
    sheet.text(_LEFT - 12, bottom + 20, tr("step", "调度步"), SMALL, "dim", "end")
