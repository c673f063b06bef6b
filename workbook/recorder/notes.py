"""Turns what the scheduler did into lines, keeping only what changed. Written for speed: a GPU step may take 1.5 ms.

Reads vLLM's objects and changes none. The budget is 15 µs for a step and 1 µs for each request that runs;
``scripts/bench_recorder.py`` measures it.
"""

import re
from typing import TYPE_CHECKING, Any

from workbook.recorder import schema
from workbook.recorder.schema import Admission, Arrival, Finish, Preemption, StepLine
from workbook.recorder.writer import Writer

if TYPE_CHECKING:
    from vllm.v1.core.sched.output import SchedulerOutput
    from vllm.v1.core.sched.scheduler import Scheduler
    from vllm.v1.outputs import ModelRunnerOutput
    from vllm.v1.request import Request

Accepted = list[tuple[str, int]]  # (vLLM's request id, accepted drafts)
_MAX_PENDING = 64  # steps scheduled and not yet updated; pipelining keeps a few, one of vLLM's own tests many
_SUFFIX = re.compile(r"-[0-9a-f]{8}$")  # what vllm.v1.engine.input_processor:InputProcessor.assign_request_id appends


class Notes:
    """Writes the lines of one engine. ``zero``: the monotonic clock, ns, at the moment ``header.started``."""

    def __init__(self, writer: Writer, header: schema.Header, zero: int, scheduler: "Scheduler") -> None:
        self.writer = writer
        self.own = 0  # ns that recording took
        self.in_step = False  # whether update_from_output() is running
        self._scheduler = scheduler
        self._pool = scheduler.kv_cache_manager.block_pool
        # Of a model with several KV cache groups the first one's cached blocks are noted; a LLaMA has one group.
        self._cached_of: dict[str, int] = scheduler.kv_cache_manager.coordinator.single_type_managers[
            0
        ].num_cached_block
        self._started, self._zero = header.started, zero
        self._index: dict[str, int] = {}
        self._gone: list[str] = []  # ended; their names may come again
        self._arrivals = self._steps = self._tokens = 0
        self._cut = False
        self._said_end = -1  # the step after which the last EndLine was written
        self._pending: list[tuple[SchedulerOutput, list[str], StepLine, int]] = []
        self._preempted: list[Preemption] = []
        self._finished: list[Finish] = []
        # What a reader knows from the lines so far.
        self._batch: list[str] = []
        self._cached: dict[str, int] = {}
        self._free = self._running = self._waiting = -1
        writer.write(header, zero)
        writer.flush()
        if writer.error:
            raise writer.error

    def arrived(self, request: "Request", now: int) -> None:
        """A request is new. Further input of a streaming session has a known name and is not noted."""
        name = request.request_id
        self._forget()
        if name in self._index:
            return
        index = self._index[name] = self._arrivals
        self._arrivals += 1
        self._batch = []  # the same name may stand for another request now
        sampling = request.sampling_params
        line = Arrival(
            i=index,
            id=_SUFFIX.sub("", name),
            at=self._us(now),
            prompt=list(request.prompt_token_ids or ()),
            prompt_tokens=request.num_prompt_tokens,
            max_tokens=sampling.max_tokens if sampling else None,
            priority=request.priority,
            sent=int((request.arrival_time - self._started) * 1e6),
        )
        self._write(line, now)

    def scheduled(self, output: "SchedulerOutput", start: int, end: int) -> None:
        """``schedule()`` ran from ``start`` to ``end``. A step without tokens and victims is none."""
        if not output.num_scheduled_tokens and not self._preempted:
            return
        if self._gone:
            self._forget()
        index, scheduler = self._index, self._scheduler
        self._steps += 1
        line = StepLine(n=self._steps, at=self._us(start), schedule=(end - start) // 1000)

        batch = list(output.num_scheduled_tokens)
        if batch != self._batch:
            self._batch = batch
            line.batch = [index[name] for name in batch]
        tokens = list(output.num_scheduled_tokens.values())
        if tokens.count(1) != len(tokens):
            line.tokens = tokens

        # Block lists are copied where the model runner, in the same process, goes on to extend them.
        if output.scheduled_new_reqs:
            line.admitted = [
                # The V2 runner gets resumed requests here, too: their names are known by then.
                Admission(index[new.req_id], new.num_computed_tokens, _copy(new.block_ids), new.req_id in self._cached)
                for new in output.scheduled_new_reqs
            ]
        continued = output.scheduled_cached_reqs
        for position, blocks in enumerate(continued.new_block_ids):
            if blocks is not None:
                name = continued.req_ids[position]
                if name in continued.resumed_req_ids:
                    computed = continued.num_computed_tokens[position]
                    line.admitted.append(Admission(index[name], computed, _copy(blocks), True))
                else:
                    line.blocks.append((index[name], _copy(blocks)))
        if output.scheduled_spec_decode_tokens:
            drafts = output.scheduled_spec_decode_tokens
            line.drafts = [(index[name], list(proposed)) for name, proposed in drafts.items()]

        cached, cached_of = self._cached, self._cached_of
        for name in batch:
            count = cached_of.get(name, 0)
            if count != cached.get(name):
                if count or name in cached:
                    line.cached.append((index[name], count))
                cached[name] = count
        if self._preempted:
            line.preempted, self._preempted = self._preempted, []

        free = self._pool.get_num_free_blocks()
        if free != self._free:
            line.free = self._free = free
        running = len(scheduler.running)
        if running != self._running:
            line.running = self._running = running
        waiting = len(scheduler.waiting) + len(scheduler.kv_holding_waiting)
        if waiting != self._waiting:
            line.waiting = self._waiting = waiting

        self._pending.append((output, batch, line, end))
        if len(self._pending) > _MAX_PENDING:
            self._write(self._pending.pop(0)[2], end)

    def accepted(self, scheduler_output: "SchedulerOutput", model: "ModelRunnerOutput") -> Accepted:
        """How many drafts were accepted. To be called before ``update_from_output()``, which cuts the lists at a stop
        where vLLM's statistics count them whole."""
        sampled, position = model.sampled_token_ids, model.req_id_to_index
        per_step = self._scheduler.num_sampled_tokens_per_step
        return [
            (name, len(sampled[position[name]]) - per_step)
            for name in scheduler_output.scheduled_spec_decode_tokens
            if name in position and len(sampled[position[name]]) >= per_step
        ]

    def updated(
        self, scheduler_output: "SchedulerOutput", accepted: Accepted, result: dict[int, Any], start: int, end: int
    ) -> None:
        """``update_from_output()`` ran from ``start`` to ``end`` and returned ``result``."""
        finished, self._finished = self._finished, []
        place = next((k for k, entry in enumerate(self._pending) if entry[0] is scheduler_output), None)
        if place is None:
            return
        _, batch, line, scheduled_at = self._pending.pop(place)
        line.model = (start - scheduled_at) // 1000
        line.update = (end - start) // 1000
        new = {output.request_id: output.new_token_ids for client in result.values() for output in client.outputs}
        line.sampled = [new.get(name) or [] for name in batch]
        self._tokens += sum(map(len, line.sampled))
        if accepted:
            line.accepted = [(self._index[name], count) for name, count in accepted if name in new]
        line.finished = finished
        self._write(line, end)
        if not self._scheduler.running and not self._scheduler.waiting:
            self._end(end)

    def preempted(self, request: "Request") -> None:
        """``request`` is about to lose its blocks, in ``schedule()`` or in ``reset_prefix_cache()``."""
        name = request.request_id
        blocks = self._scheduler.kv_cache_manager.get_block_ids(name)[0]
        computed = request.num_computed_tokens - request.num_output_placeholders
        self._preempted.append(Preemption(self._index[name], computed, list(blocks), self._cached_of.get(name, 0)))
        self._cached[name] = 0

    def finished(self, request: "Request", now: int) -> None:
        """``request`` is about to be freed: at the end of a step, or between two when it is aborted."""
        name = request.request_id
        index = self._index.get(name)
        if index is None or name in self._gone:
            return
        what = Finish(index, str(request.get_finished_reason()), self._cached_of.get(name, 0))
        self._cached.pop(name, None)
        if self.in_step:
            self._finished.append(what)
        else:
            self._write(schema.FinishLine(self._us(now), what), now)
        self._gone.append(name)

    def reset(self, done: bool, now: int) -> None:
        """``reset_prefix_cache()`` ran; ``done``: it emptied the cache (it does not while a block is in use)."""
        if done or self._preempted:
            self._write(schema.ResetLine(self._us(now), done, self._preempted), now)
            self._preempted = []

    def close(self) -> None:
        """Write what is left. The last line says so only where no request was cut off."""
        for _, _, line, end in self._pending:
            self._write(line, end)
        if not self._scheduler.running and not self._scheduler.waiting:
            self._end(self._zero)
        self.writer.close()

    def _end(self, now: int) -> None:
        """The engine falls idle: say so, and let whoever looks now see everything."""
        if self._said_end != self._steps:
            self._said_end = self._steps
            self.writer.write(schema.EndLine(self._steps, self._tokens, self.own // 1000), now)
        self.writer.flush()

    def _forget(self) -> None:
        for name in self._gone:
            del self._index[name]
        self._gone.clear()

    def _us(self, now: int) -> int:
        return (now - self._zero) // 1000

    def _write(self, line: schema.Line, now: int) -> None:
        """Write a line while there is room; then one that says so."""
        if self._cut:
            return
        if self.writer.full:
            self._cut = True
            line = schema.CutLine(self._steps, self.writer.limit)
        self.writer.write(line, now)
        if self.writer.error:
            raise self.writer.error


def _copy(blocks: tuple[list[int], ...]) -> list[list[int]]:
    return [list(group) for group in blocks]
