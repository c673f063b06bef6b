"""Who did what in which steps: for each request the stretches of steps in which it waited, ran, was preempted.

What the timelines in the terminal and in SVG draw. Knows recordings, and neither colours nor where they are drawn.
"""

from dataclasses import dataclass
from itertools import pairwise

from workbook.recorder import Recording
from workbook.recorder.steps import Row

# Where a column of a timeline covers several steps, the rarest of what happened in them is shown.
_RARE_FIRST = ("preempted", "prefill", "chunk", "decode", "waiting", "paused")
_RARITY = {name: rank for rank, name in enumerate(_RARE_FIRST)}


@dataclass(slots=True)
class Span:
    """Steps ``first`` to ``last``, by their place in ``Recording.steps``, in which a request did the same."""

    first: int
    last: int
    kind: str  # prefill, chunk, decode, waiting, preempted; paused: it runs, and has no token in these steps
    tokens: int = 0  # scheduled
    recompute: bool = False

    @property
    def steps(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass(slots=True)
class _Life:
    arrived: int
    rows: list[tuple[int, Row]]
    preempted: list[int]
    ended: int  # the last step in which it is there


def spans(recording: Recording) -> list[list[Span]]:
    """For each request, by index, its spans in the order of time, without gaps from arrival to end."""
    return [_spans(life) if life else [] for life in _lives(recording)]


def columns(lane: list[Span], steps: int, width: int) -> list[str]:
    """The lane as ``width`` kinds, "" where the request is not there; for ``steps`` > ``width`` the rarest of several."""
    cells = [""] * min(steps, width)
    for span in lane:
        for column in range(column_of(span.first, steps, width), column_of(span.last, steps, width) + 1):
            if not cells[column] or _RARITY[span.kind] < _RARITY[cells[column]]:
                cells[column] = span.kind
    return cells


def column_of(step: int, steps: int, width: int) -> int:
    """The column in which the step stands, counted from 0."""
    return step if steps <= width else step * width // steps


def _lives(recording: Recording) -> list[_Life | None]:
    lives: list[_Life | None] = [None] * len(recording.requests)

    def life(request: int) -> _Life:
        found = lives[request]
        if found is None:  # it came before the first step that is recorded
            found = lives[request] = _Life(0, [], [], len(recording.steps) - 1)
        return found

    for place, step in enumerate(recording.steps):
        for request in step.arrived:
            lives[request] = _Life(place, [], [], len(recording.steps) - 1)
        for finish in step.ended_before:
            life(finish.i).ended = place - 1
        for victim in step.preempted:
            life(victim.i).preempted.append(place)
        for row in step.rows:
            life(row.request).rows.append((place, row))
        for finish in step.finished:
            life(finish.i).ended = place
    return lives


def _spans(life: _Life) -> list[Span]:
    found: list[Span] = []

    def add(first: int, last: int, kind: str, row: Row | None = None) -> None:
        if last < first:
            return
        recompute = bool(row and row.recompute)
        if found and found[-1].kind == kind and found[-1].recompute == recompute:
            found[-1].last = last
        else:
            found.append(Span(first, last, kind, 0, recompute))
        if row:
            found[-1].tokens += row.scheduled

    def gap(after: int, before: int, readmitted: bool) -> None:
        """The steps between two in which it ran, or after the last."""
        lost = next((place for place in life.preempted if after < place <= before), None)
        if lost is None and readmitted:
            lost = after + 1  # preempted between two steps, by a reset of the prefix cache
        if lost is None:
            lost = before
        add(after + 1, min(lost, before) - 1, "paused")
        add(min(lost, before), before - 1, "preempted" if lost < before else "paused")

    if not life.rows:
        add(life.arrived, life.ended, "waiting")
        return found
    add(life.arrived, life.rows[0][0] - 1, "waiting")
    add(life.rows[0][0], life.rows[0][0], life.rows[0][1].phase, life.rows[0][1])
    for (place, _), (following, row) in pairwise(life.rows):
        gap(place, following, row.admitted)
        add(following, following, row.phase, row)
    gap(life.rows[-1][0], life.ended + 1, readmitted=False)
    # Under asynchronous scheduling a request may be scheduled once more after the step in which it ended.
    return found
