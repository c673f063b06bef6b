"""The pictures of a recording for lessons and notes, as SVG: :func:`timeline`, :func:`blocks`, :func:`kv_use`."""

from collections.abc import Callable

from workbook.i18n import some, tr
from workbook.recorder import Recording
from workbook.views.blockpicture import blocks
from workbook.views.colours import KINDS
from workbook.views.gantt import Span, spans
from workbook.views.kvpicture import kv_use
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet, room, tick

__all__ = ["blocks", "kv_use", "timeline"]

_EDGE = 16
_LANES = 96  # requests; more cannot be told apart


# A panel under the lanes: it gets the sheet, the x at which the first step begins, a step's width, and its own top.
Below = Callable[[Sheet, float, float, float], None]


def timeline(recording: Recording, first: int = 1, last: int | None = None, below: Below | None = None) -> str:
    """A lane for each request, in the colours of what it does, over steps ``first`` to ``last``; ``below`` adds a panel."""
    stop = min(last or len(recording.steps), len(recording.steps))
    lanes = [
        [_clip(span, first - 1, stop - 1) for span in lane if _within(span, first - 1, stop - 1)]
        for lane in spans(recording)
    ]
    shown = [index for index, lane in enumerate(lanes) if lane][:_LANES]
    count = stop - first + 1
    sheet = Sheet(
        tr("Which request ran in which step", "每个请求在哪些调度步中运行"),
        tr(
            f"{some(len(shown), 'request')} over steps {first} to {stop}; {some(recording.summary.preemptions, 'preemption')}.",
            f"{len(shown)} 个请求，第 {first} 到 {stop} 步；抢占 {recording.summary.preemptions} 次。",
        ),
    )
    names = [tr("request ", "请求 ") + recording.requests[index].id for index in shown]
    height = max(9.0, min(40.0, 760 / max(1, len(shown))))
    size = min(SIZE, height * 0.62)
    left = _EDGE + (min(220.0, max(map(room, names), default=0)) + 12 if size >= 12 else 70)
    width = (WIDTH - _EDGE - left) / max(1, count)
    top = 58.0

    _axis(sheet, left, width, count, first, top, top + len(shown) * (height + height / 5))
    told: set[str] = set()
    for place, index in enumerate(shown):
        y = top + place * (height + height / 5)
        if size >= 12:
            sheet.text(left - 12, y + height / 2, names[place], size, anchor="end")
        said = [
            _draw(sheet, span, left + (span.first - first + 1) * width, y, width, height, size, told)
            for span in lanes[index]
        ]
        # What found no room in the last bar stands beside it.
        last_span = lanes[index][-1]
        end = left + (last_span.last - first + 2) * width
        tokens = _tokens(last_span).strip()
        if size >= 12 and tokens and not said[-1] and end + room(tokens, size) + 10 < WIDTH:
            sheet.text(end + 8, y + height / 2, tokens, size, "dim")
    if below:
        below(sheet, left, width, sheet.height + 30)
    untold = {span.kind for index in shown for span in lanes[index]} - told
    if untold:
        entries = [(kind.fill, kind.about) for name, kind in KINDS.items() if name in untold]
        sheet.swatches(entries, left, sheet.height + 26)
    return str(sheet)


def _within(span: Span, first: int, last: int) -> bool:
    return span.last >= first and span.first <= last


def _clip(span: Span, first: int, last: int) -> Span:
    """What is left of a span between two places; how many tokens that part has is not known."""
    if first <= span.first and span.last <= last:
        return span
    return Span(max(first, span.first), min(last, span.last), span.kind, 0, span.recompute)


def _draw(
    sheet: Sheet, span: Span, x: float, y: float, step: float, height: float, size: float, told: set[str]
) -> bool:
    """A span with the longest of its names that fits into it. Whether its tokens are among what is said there."""
    kind = KINDS[span.kind]
    width = max(2.0, span.steps * step)
    again = tr(" again", "（重算）") if span.recompute else ""
    long = f"{kind.name}{again}{_tokens(span)}"
    sheet.rect(x + 0.5, y, max(1.5, width - 1), height, kind.fill, tip=f"{long} · {span.first + 1}–{span.last + 1}")
    for label in (long, f"{kind.name}{again}", kind.name):
        if size >= 12 and room(label, size) + 8 <= width:
            sheet.text(x + width / 2, y + height / 2, label, size, kind.ink, "middle")
            told.add(span.kind)
            return label == long
    return False


def _tokens(span: Span) -> str:
    """How many tokens were scheduled in it, where that is known."""
    return tr(f" {some(span.tokens, 'token')}", f" {span.tokens} 个 token") if span.tokens else ""


def _axis(sheet: Sheet, left: float, width: float, count: int, first: int, top: float, bottom: float) -> None:
    """Numbers of steps at round places, a faint line down from each."""
    unit = tick(count)
    sheet.text(left - 12, 30, tr("step", "调度步"), SMALL, "dim", "end")
    numbers = [first, *(number for number in range(unit, first + count, unit) if number - first >= unit / 2)]
    for number in numbers:
        x = left + (number - first + 0.5) * width
        sheet.line(x, 46, x, bottom)
        sheet.text(x, 30, str(number), SMALL, "dim", "middle")
