"""Makes lines of what :mod:`workbook.recorder.notes` took down, keeping only what changed since the step before.

It runs behind the engine's back, some steps at a time, so it looks at nothing that the engine may still change:
what it is given are copies, and objects of vLLM that are made for one step and left as they are. Of vLLM it knows
the names of a step's attributes, and calls nothing. Times in events are the monotonic clock's, ns.
"""

import re
from typing import TYPE_CHECKING

import msgspec

from workbook.recorder import schema
from workbook.recorder.schema import Admission, Arrival, Finish, StepLine
from workbook.recorder.writer import Writer

if TYPE_CHECKING:
    from vllm.v1.core.sched.output import SchedulerOutput

Given = list[tuple[int, list[list[int]]]]  # (place in vLLM's list of requests, block ids by KV cache group)
_MAX_PENDING = 64  # steps scheduled and not yet updated; pipelining keeps a few, one of vLLM's own tests many
_SUFFIX = re.compile(r"-[0-9a-f]{8}$")  # what vllm.v1.engine.input_processor:InputProcessor.assign_request_id appends


class Arrived(msgspec.Struct, gc=False):
    """``add_request()`` ran. ``line`` has all but its time, its index, and the name as the learner gave it."""

    at: int
    line: Arrival


class Preempted(msgspec.Struct, gc=False):
    """``_preempt_request()`` is about to run; as :class:`schema.Preemption`, by name."""

    name: str
    computed: int
    blocks: list[int]
    cached: int


class Finished(msgspec.Struct, gc=False):
    """``_free_request()`` is about to run; ``at`` is None at the end of a step, a time between two."""

    name: str
    reason: str
    cached: int
    at: int | None


class Scheduled(msgspec.Struct, gc=False):
    """``schedule()`` ran, and its tokens or victims make it a step."""

    output: "SchedulerOutput"
    tokens: dict[str, int]  # scheduled, in batch order
    admitted: Given  # blocks of output.scheduled_new_reqs
    given: Given  # blocks of output.scheduled_cached_reqs
    drafts: dict[str, list[int]]
    cached: dict[str, int]  # blocks in the prefix cache, of every request that holds some
    preempted: list[Preempted]
    free: int
    running: int
    waiting: int
    start: int
    end: int


class Updated(msgspec.Struct, gc=False):
    """``update_from_output()`` ran."""

    output: "SchedulerOutput"
    sampled: dict[str, list[int]]
    accepted: list[tuple[str, int]]
    finished: list[Finished]
    start: int
    end: int


class Reset(msgspec.Struct, gc=False):
    """``reset_prefix_cache()`` ran."""

    at: int
    done: bool
    preempted: list[Preempted]


Event = Arrived | Scheduled | Updated | Finished | Reset


class Lines:
    """The lines of one engine. ``zero``: the monotonic clock, ns, at the moment ``Header.started``."""

    def __init__(self, writer: Writer, zero: int) -> None:
        self.steps = self.tokens = 0  # also those after a cut
        self._writer, self._zero = writer, zero
        self._index: dict[str, int] = {}
        self._gone: list[str] = []  # ended; their names may come again
        self._arrivals = 0
        self._last = 0  # the last step that is written
        self._cut = False
        self._said_end = -1  # the step after which the last EndLine was written
        self._pending: list[tuple[Scheduled, list[str], StepLine]] = []
        # What a reader knows from the lines so far.
        self._batch: list[str] = []
        self._cached: dict[str, int] = {}
        self._free = self._running = self._waiting = -1

    def take(self, event: Event) -> None:
        """Write what there is to write after ``event``. Raises OSError."""
        match event:
            case Scheduled():
                self._scheduled(event)
            case Updated():
                self._updated(event)
            case Arrived():
                self._arrived(event)
            case Finished():
                if (finish := self._finish(event)) and event.at is not None:
                    self._write(schema.FinishLine(self._us(event.at), finish))
            case Reset():
                victims = [self._preempt(one) for one in event.preempted]
                self._write(schema.ResetLine(self._us(event.at), event.done, victims))

    def ended(self, own: int, aside: int) -> None:
        """The engine falls idle: say so, once."""
        if self._said_end != self.steps:
            self._said_end = self.steps
            self._writer.write(schema.EndLine(self.steps, self.tokens, own // 1000, aside // 1000))

    def interrupted(self) -> None:
        """Write the steps that are not seen to end."""
        for _, _, line in self._pending:
            self._write(line)
        self._pending.clear()

    def _arrived(self, event: Arrived) -> None:
        """A request is new. Further input of a streaming session has a known name and is not noted."""
        self._forget()
        line, name = event.line, event.line.id
        if name in self._index:
            return
        line.i = self._index[name] = self._arrivals
        line.id, line.at = _SUFFIX.sub("", name), self._us(event.at)
        self._arrivals += 1
        self._batch = []  # the same name may stand for another request now
        self._write(line)

    def _scheduled(self, event: Scheduled) -> None:
        self._forget()
        index, output = self._index, event.output
        self.steps += 1
        line = StepLine(n=self.steps, at=self._us(event.start), schedule=(event.end - event.start) // 1000)
        line.preempted = [self._preempt(one) for one in event.preempted]
        batch, tokens = list(event.tokens), list(event.tokens.values())
        if batch != self._batch:
            self._batch = batch
            line.batch = [index[name] for name in batch]
        if tokens.count(1) != len(tokens):
            line.tokens = tokens

        for place, blocks in event.admitted:
            new = output.scheduled_new_reqs[place]
            # The V2 runner gets resumed requests here, too: their names are known by then.
            resumed = new.req_id in self._cached
            line.admitted.append(Admission(index[new.req_id], new.num_computed_tokens, blocks, resumed))
        continued = output.scheduled_cached_reqs
        for place, blocks in event.given:
            name = continued.req_ids[place]
            if name in continued.resumed_req_ids:
                line.admitted.append(Admission(index[name], continued.num_computed_tokens[place], blocks, True))
            else:
                line.blocks.append((index[name], blocks))
        line.drafts = [(index[name], proposed) for name, proposed in event.drafts.items()]

        known, cached = self._cached, event.cached
        for name in batch:
            count = cached.get(name, 0)
            if count != known.get(name):
                if count or name in known:
                    line.cached.append((index[name], count))
                known[name] = count
        if event.free != self._free:
            line.free = self._free = event.free
        if event.running != self._running:
            line.running = self._running = event.running
        if event.waiting != self._waiting:
            line.waiting = self._waiting = event.waiting

        self._pending.append((event, batch, line))
        if len(self._pending) > _MAX_PENDING:
            self._write(self._pending.pop(0)[2])

    def _updated(self, event: Updated) -> None:
        finished = [finish for one in event.finished if (finish := self._finish(one))]
        place = next((k for k, entry in enumerate(self._pending) if entry[0].output is event.output), None)
        if place is None:
            return
        scheduled, batch, line = self._pending.pop(place)
        line.model = (event.start - scheduled.end) // 1000
        line.update = (event.end - event.start) // 1000
        sampled = event.sampled
        line.sampled = [sampled.get(name) or [] for name in batch]
        self.tokens += sum(map(len, line.sampled))
        line.accepted = [(self._index[name], count) for name, count in event.accepted if name in sampled]
        line.finished = finished
        self._write(line)

    def _preempt(self, event: Preempted) -> schema.Preemption:
        self._cached[event.name] = 0
        return schema.Preemption(self._index[event.name], event.computed, event.blocks, event.cached)

    def _finish(self, event: Finished) -> Finish | None:
        index = self._index.get(event.name)
        if index is None or event.name in self._gone:
            return None
        self._cached.pop(event.name, None)
        self._gone.append(event.name)
        return Finish(index, event.reason, event.cached)

    def _forget(self) -> None:
        for name in self._gone:
            del self._index[name]
        self._gone.clear()

    def _us(self, now: int) -> int:
        return (now - self._zero) // 1000

    def _write(self, line: schema.Line) -> None:
        """Write a line while there is room; then one that says so."""
        if self._cut:
            return
        if self._writer.full:
            self._cut = True
            line = schema.CutLine(self._last, self._writer.limit)
        elif isinstance(line, StepLine):
            self._last = line.n
        self._writer.write(line)
