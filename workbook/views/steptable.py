"""One line for each step: how many requests and tokens, which blocks, how long, and what happened.

A line is made of a whole :class:`Step`, or, while a recording is being written, of a bare line of the file
(:mod:`workbook.views.follow`). Knows nothing of the requests' tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from workbook.i18n import tr
from workbook.recorder import Recording
from workbook.recorder.schema import Header
from workbook.recorder.steps import RequestStory, Step
from workbook.views.cells import cut, left, right
from workbook.views.colours import KINDS

_KINDS = ("preempted", "admitted", "again", "finished", "drafts")  # the rarest first
_MANY = 3  # more requests than this are counted, not named


@dataclass(frozen=True)
class Event:
    """What happened to requests in a step. ``kind``: one of ``_KINDS``."""

    kind: str
    name: str  # the request, as the learner named it
    detail: str = ""
    tokens: int = 0  # found in the prefix cache; or to be computed again


@dataclass(frozen=True)
class Line:
    """What the table says of a step."""

    number: int
    at: float
    batch: int
    tokens: int
    prefill: int
    used: int
    free: int
    cached: int | None  # None: not known
    seconds: float | None  # None: the step was not seen to end
    events: list[Event]


def line(step: Step, requests: list[RequestStory], since: float) -> Line:
    """The line of a step. ``since``: the moment from which its time counts."""
    events = [
        Event("again" if row.recompute else "admitted", requests[row.request].id, tokens=row.hit)
        for row in step.rows
        if row.admitted
    ]
    events += [Event("preempted", requests[victim.i].id, tokens=victim.computed) for victim in step.preempted]
    events += drafts((len(row.drafts), row.accepted) for row in step.rows if row.drafts)
    events += [Event("finished", requests[end.i].id, end.reason) for end in step.finished]
    return Line(
        number=step.number,
        at=step.at - since,
        batch=len(step.rows),
        tokens=step.scheduled,
        prefill=sum(row.scheduled for row in step.rows if row.phase != "decode"),
        used=step.used,
        free=step.free,
        cached=step.cached,
        seconds=None if step.model_s is None else step.ended_at - step.at,
        events=events,
    )


def drafts(pairs: Iterator[tuple[int, int | None]]) -> list[Event]:
    """The event of ``(proposed, accepted)`` for each request that had drafts: one for all of them, or none."""
    counts = list(pairs)
    if not counts:
        return []
    accepted = "?" if any(a is None for _, a in counts) else str(sum(a or 0 for _, a in counts))
    return [Event("drafts", "", f"{accepted}/{sum(n for n, _ in counts)}")]


class Table:
    """Lays lines out in columns that fit ``width`` cells and are known before the first step is."""

    def __init__(self, header: Header, width: int, cached: bool = True) -> None:
        budget, blocks = len(str(header.token_budget)), len(str(header.blocks))
        self.budget = header.token_budget
        titles = [
            ("step", tr("step", "步"), 5),
            ("at", tr("s", "秒"), 7),
            ("batch", tr("batch", "批"), 5),
            ("tokens", tr("P+d/budget", "P+d/预算"), 2 * budget + 3),
            ("used", tr("used", "占用"), blocks),
            ("cached", tr("cached", "缓存"), blocks),
            ("free", tr("free", "空闲"), blocks),
            ("ms", "ms", 7),
        ]
        self._columns = [(name, title, max(size, cell_len(title))) for name, title, size in titles]
        self._width = width
        if not cached:
            self._drop("cached")
        for name in ("at", "cached", "ms"):  # on a narrow screen, in this order
            if self._room < 16:
                self._drop(name)

    @property
    def _room(self) -> int:
        """Cells that are left for the events."""
        return self._width - sum(size + 1 for _, _, size in self._columns) - 1

    def _drop(self, name: str) -> None:
        self._columns = [column for column in self._columns if column[0] != name]

    def head(self) -> list[Text]:
        """The titles, and above them what the counts of blocks count."""
        start = 0
        for name, _, size in self._columns:
            if name == "used":
                break
            start += size + 1
        above = left("", start) + tr("KV blocks", "KV 块")
        titles = " ".join(right(title, size) for _, title, size in self._columns)
        below = cut(f"{titles}  {tr('what happened', '发生了什么')}", self._width)
        return [Text(above, style="dim"), Text(below, style="bold")]

    def row(self, of: Line) -> Text:
        """The line of a step."""
        values = {
            "step": str(of.number),
            "at": f"{of.at:.3f}",
            "batch": str(of.batch),
            "tokens": f"{of.prefill}+{of.tokens - of.prefill}/{self.budget}",
            "used": str(of.used),
            "cached": "" if of.cached is None else str(of.cached),
            "free": str(of.free),
            "ms": "–" if of.seconds is None else f"{of.seconds * 1e3:.1f}",
        }
        text = Text(" ".join(right(values[name], size) for name, _, size in self._columns) + "  ")
        return text.append(_events(of.events, self._room))


def lines(recording: Recording) -> list[Line]:
    """The lines of all steps; time counts from the first arrival."""
    since = min((story.arrived for story in recording.requests), default=0.0)
    return [line(step, recording.requests, since) for step in recording.steps]


def _events(events: list[Event], room: int) -> Text:
    """By name, or, where there are many or there is no room, by number."""
    kinds = [[event for event in events if event.kind == kind] for kind in _KINDS]
    named = [[_one(event) for event in same] for same in kinds]
    fits = sum(cell_len(part) + 1 for parts in named for part in parts) - 1 <= room
    text = Text()
    for same, parts in zip(kinds, named, strict=True):
        for part in [_many(same)] if len(same) > (_MANY if fits else 1) else parts:
            left_over = room - text.cell_len - (1 if text else 0)
            if left_over < 2:
                return text
            text.append(" " if text else "")
            text.append(cut(part, left_over), f"bold {KINDS['preempted'].fill}" if same[0].kind == "preempted" else "")
    return text


def _one(event: Event) -> str:
    name = cut(event.name, 12)
    if event.kind == "preempted":
        return tr(f"x{name} preempted −{event.tokens}", f"x{name} 被抢占 −{event.tokens}")
    if event.kind == "drafts":
        return tr(f"drafts {event.detail}", f"草稿 {event.detail}")
    if event.kind == "finished":
        return f"■{name} {event.detail}"
    again = tr(" again", " 重新运行") if event.kind == "again" else ""
    return f"+{name}{again}" + (tr(f" hit {event.tokens}", f" 命中 {event.tokens}") if event.tokens else "")


def _many(same: list[Event]) -> str:
    kind, count = same[0].kind, len(same)
    if kind == "preempted":
        return tr(f"x {count} preempted", f"x {count} 个被抢占")
    if kind == "finished":
        return tr(f"■ {count} finished", f"■ {count} 个结束")
    hits = sum(event.tokens for event in same)
    hit = tr(f" hit {hits}", f" 命中 {hits}") if hits else ""
    if kind == "again":
        return tr(f"+ {count} again", f"+ {count} 个重新运行") + hit
    return tr(f"+ {count} requests", f"+ {count} 个请求") + hit


def choose(found: list[Line], limit: int = 24) -> list[int]:
    """The places of the steps worth a line: all where they are few; else the first, the last, and where something happened."""
    if len(found) <= limit:
        return list(range(len(found)))
    worth = [
        place
        for place, of in enumerate(found)
        if place < 2 or place == len(found) - 1 or _eventful(of, found[place - 1])
    ]
    if len(worth) <= limit:
        return worth
    third = limit // 3
    preempted = [place for place in worth if any(event.kind == "preempted" for event in found[place].events)]
    return sorted({*worth[:third], *preempted[:third], *worth[-third:]})


def _eventful(of: Line, before: Line) -> bool:
    """Drafts are proposed in every step: they count only where a request starts or ends, or prefills."""
    return any(event.kind != "drafts" for event in of.events) or bool(of.prefill or before.prefill)
