"""The timeline of a run, and under it how each step's token budget was shared between prompts and decoding."""

from workbook.i18n import tr
from workbook.recorder import Recording
from workbook.views import pictures
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

_HEIGHT = 220.0
_KINDS = ("decode", "chunk", "prefill")  # from below; the scheduler serves running requests first


def timeline_with_budget(recording: Recording) -> str:
    """The picture, as SVG; a bar for each step, a line for what a step may schedule."""

    def panel(sheet: Sheet, left: float, width: float, top: float) -> None:
        _panel(sheet, recording, left, width, top)

    return pictures.timeline(recording, below=panel)


def _panel(sheet: Sheet, recording: Recording, left: float, width: float, top: float) -> None:
    budget = recording.header.token_budget
    most = max((step.scheduled for step in recording.steps), default=0)
    # A budget of which little is used would press the bars flat: then it is said and not drawn.
    drawn = budget <= 3 * most
    scale = _HEIGHT / max(1.0, 1.1 * (budget if drawn else most))
    base = top + 40 + _HEIGHT
    sheet.text(left, top + 8, _title(budget, most, drawn), SIZE, weight="600")
    for place, step in enumerate(recording.steps):
        y = base
        for kind in _KINDS:
            tokens = sum(row.scheduled for row in step.rows if row.phase == kind)
            if tokens:
                height = max(1.5, tokens * scale)
                y -= height
                tip = f"{step.number}: {KINDS[kind].name} {tokens}"
                sheet.rect(
                    left + place * width + 0.5, y, max(1.0, width - 1), height, KINDS[kind].fill, tip=tip, radius=1
                )
    sheet.line(left, base, WIDTH - 16, base, "mark")
    ticks = [most] if most != budget else []
    if drawn:
        sheet.line(left - 6, base - budget * scale, WIDTH - 16, base - budget * scale, "mark", 3)
        ticks.append(budget)
    for value in (0, *ticks):
        if value in (0, budget) or not drawn or (budget - value) * scale > SMALL:
            sheet.text(left - 12, base - value * scale, f"{value:,}", SMALL, "dim", "end")


def _title(budget: int, most: int, drawn: bool) -> str:
    if drawn:
        return tr(f"Tokens in each step; the line is the budget, {budget:,}", f"每步的 token 数；横线是预算 {budget:,}")
    return tr(
        f"Tokens in each step, at most {most:,}; the budget is {budget:,}",
        f"每步的 token 数，最多 {most:,}；预算为 {budget:,}",
    )
