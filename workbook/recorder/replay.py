"""Makes whole steps of a recording's differences, in the order of time.

The engine's own rules, and nothing else, lead from line to line: a scheduled token counts as computed when
``schedule()`` returns (``Scheduler._update_after_schedule``), a rejected draft is taken back in
``update_from_output()``, and a block keeps its place in the prefix cache until it is handed out again
(``BlockPool.get_new_blocks``). Under asynchronous scheduling a step is scheduled before the one before it has
ended; replay follows the clock, so this shows. This module knows neither vLLM nor files.
"""

from collections.abc import Iterator

from workbook.recorder.schema import (
    Arrival,
    CutLine,
    EndLine,
    Finish,
    FinishLine,
    Header,
    Line,
    Preemption,
    ResetLine,
    StepLine,
)
from workbook.recorder.steps import RequestStory, Row, State, Step


class Replay:
    """Walks through a recording once. ``requests`` and ``state`` grow while :meth:`steps` is consumed."""

    def __init__(self, header: Header, lines: list[Line]) -> None:
        self.header = header
        self.requests: list[RequestStory] = []
        self.state = State()
        self.cut: CutLine | None = None
        self.end: EndLine | None = None
        self._events = self._in_order(lines)
        self._batch: list[int] = []
        self._free = self._running = self._waiting = 0
        self._target: dict[int, int] = {}  # tokens that the current prefill must compute
        self._start: dict[int, int] = {}  # tokens that were there when it began
        self._lost: dict[int, int] = {}  # tokens that had been computed when the request was last preempted
        self._arrived: list[int] = []
        self._ended: list[Finish] = []

    def _in_order(self, lines: list[Line]) -> list[tuple[int, int, Line]]:
        """``(time, rank, line)``, sorted; a step stands twice: rank 2 its schedule, rank 0 its update."""
        events: list[tuple[int, int, Line]] = []
        for line in lines:
            if not isinstance(line, EndLine | CutLine | ResetLine):
                self.end = None  # it was only a pause
            if isinstance(line, StepLine):
                events.append((line.at, 2, line))
                if line.model is not None:
                    events.append((line.at + line.schedule + line.model + line.update, 0, line))
            elif isinstance(line, Arrival | FinishLine | ResetLine):
                events.append((line.at, 1, line))
            elif isinstance(line, CutLine):
                self.cut = line
            elif isinstance(line, EndLine):
                self.end = line
        events.sort(key=lambda event: event[:2])
        return events

    def steps(self) -> Iterator[Step]:
        """Each step when it has been scheduled: :attr:`state` is then what its forward pass runs with.

        Its results (``sampled``, ``accepted``, ``finished``) are filled in later, when the walk gets there.
        Raises LookupError or ValueError where a line speaks of a request or a block that cannot be.
        """
        in_flight: dict[int, tuple[Step, dict[int, int]]] = {}
        for time, rank, line in self._events:
            if isinstance(line, StepLine) and rank == 0:
                self._update(*in_flight.pop(line.n), line, time / 1e6)
            elif isinstance(line, StepLine):
                step = self._schedule(line)
                in_flight[line.n] = step, {row.request: self.requests[row.request].preemptions for row in step.rows}
                yield step
            elif isinstance(line, Arrival):
                self._arrive(line)
            elif isinstance(line, FinishLine):
                self._finish(line.what)
                self._ended.append(line.what)
            elif isinstance(line, ResetLine):
                for victim in line.preempted:
                    self._preempt(victim)
                if line.done:
                    self.state.cached.clear()

    def _arrive(self, line: Arrival) -> None:
        if line.i != len(self.requests):
            raise ValueError(f"request {line.i} follows request {len(self.requests) - 1}")
        at = line.at / 1e6
        sent = at if line.sent is None else line.sent / 1e6
        self.requests.append(
            RequestStory(line.i, line.id, at, sent, line.prompt, line.prompt_tokens, line.max_tokens, line.priority)
        )
        self.state.status[line.i] = "waiting"
        self.state.computed[line.i] = 0
        self._arrived.append(line.i)

    def _schedule(self, line: StepLine) -> Step:
        if line.batch is not None:
            self._batch = line.batch
        self._free = self._free if line.free is None else line.free
        self._running = self._running if line.running is None else line.running
        self._waiting = self._waiting if line.waiting is None else line.waiting
        for victim in line.preempted:
            self._preempt(victim)

        state, size = self.state, self.header.block_size
        rows: dict[int, Row] = {}
        tokens = line.tokens or [1] * len(self._batch)
        admitted = {admission.i: admission for admission in line.admitted}
        for request, scheduled in zip(self._batch, tokens, strict=True):
            row = rows[request] = Row(request, "decode", state.computed[request], scheduled)
            story = self.requests[request]
            if admission := admitted.get(request):
                row.admitted, row.hit, row.computed = True, admission.computed, admission.computed
                if not admission.resumed:
                    story.hit = admission.computed
                blocks, shared = admission.blocks[0], admission.computed // size
                row.new_blocks = blocks[shared:]
                state.give(request, blocks, row.new_blocks)
                state.status[request] = "running"
                self._target[request] = story.prompt_tokens + len(story.outputs)
                self._start[request] = admission.computed
            target = self._target[request]
            if row.computed < target:
                whole = row.computed == self._start[request] and row.computed + scheduled >= target
                row.phase = "prefill" if whole else "chunk"
                row.recompute = story.preemptions > 0
                row.recomputed = max(0, min(row.computed + scheduled, self._lost.get(request, 0)) - row.computed)
            if story.first_step is None:
                story.first_step = line.n
            state.computed[request] = row.computed + scheduled
        for request, new in line.blocks:
            rows[request].new_blocks = new[0]
            state.give(request, new[0], new[0])
        for request, count in line.cached:
            state.cached.update(state.tables[request][:count])
        for request, proposed in line.drafts:
            rows[request].drafts = proposed

        step = Step(
            number=line.n,
            at=line.at / 1e6,
            schedule_s=line.schedule / 1e6,
            model_s=None if line.model is None else line.model / 1e6,
            update_s=line.update / 1e6,
            rows=list(rows.values()),
            arrived=self._arrived,
            ended_before=self._ended,
            preempted=line.preempted,
            finished=line.finished,
            running=self._running,
            waiting=self._waiting,
            free=self._free,
            cached=len(state.cached),
            usable=self.header.blocks - 1,
            budget=self.header.token_budget,
        )
        self._arrived, self._ended = [], []
        return step

    def _update(self, step: Step, before: dict[int, int], line: StepLine, time: float) -> None:
        """``before``: how often each request of the batch had been preempted when the step was scheduled."""
        accepted = dict(line.accepted)
        for row, sampled in zip(step.rows, line.sampled, strict=True):
            story = self.requests[row.request]
            row.sampled = sampled
            story.outputs += sampled
            story.output_times += [time] * len(sampled)
            story.output_steps += [step.number] * len(sampled)
            if row.request in accepted:
                row.accepted = accepted[row.request]
                if self.requests[row.request].preemptions == before[row.request]:  # else its count began anew
                    self.state.computed[row.request] -= len(row.drafts) - row.accepted
            if sampled:
                story.last_step = step.number
        for finish in line.finished:
            self._finish(finish)

    def _preempt(self, victim: Preemption) -> None:
        # Blocks that it got earlier in this same step are not in its table; what they held is gone all the same.
        known = self.state.tables.get(victim.i, [])
        self.state.cached.difference_update(victim.blocks[len(known) :])
        self.state.take(victim.i, victim.cached)
        self._lost[victim.i] = victim.computed
        self.state.status[victim.i] = "preempted"
        self.state.computed[victim.i] = 0
        self.requests[victim.i].preemptions += 1

    def _finish(self, finish: Finish) -> None:
        self.state.take(finish.i, finish.cached)
        self.state.status[finish.i] = "finished"
        self.requests[finish.i].reason = finish.reason
