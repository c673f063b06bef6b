"""Takes down what the scheduler did, on the engine's own time: copies of what vLLM goes on to change, and no more.

After a forward pass the processor's caches hold nothing of ours, and every object that is touched costs; so the
work that can wait is left to :mod:`workbook.recorder.clerk`. Reads vLLM's objects and changes none. The budget is
15 µs for a step and 1 µs for each request that runs; ``scripts/bench_recorder.py`` measures it.
"""

from typing import TYPE_CHECKING, Any

from workbook.recorder import schema
from workbook.recorder.clerk import Clerk
from workbook.recorder.lines import Arrived, Finished, Given, Preempted, Reset, Scheduled, Updated
from workbook.recorder.writer import Writer

if TYPE_CHECKING:
    from vllm.v1.core.sched.output import SchedulerOutput
    from vllm.v1.core.sched.scheduler import Scheduler
    from vllm.v1.outputs import ModelRunnerOutput
    from vllm.v1.request import Request

Accepted = list[tuple[str, int]]  # (vLLM's request id, accepted drafts)


class Notes:
    """Notes of one engine. ``zero``: the monotonic clock, ns, at the moment ``header.started``."""

    def __init__(self, writer: Writer, header: schema.Header, zero: int, scheduler: "Scheduler") -> None:
        self.own = 0  # ns of the engine's time that notes took
        self.in_step = False  # whether update_from_output() is running
        self._scheduler = scheduler
        self._pool = scheduler.kv_cache_manager.block_pool
        # Of a model with several KV cache groups the first one's cached blocks are noted; a LLaMA has one group.
        self._cached_of: dict[str, int] = scheduler.kv_cache_manager.coordinator.single_type_managers[
            0
        ].num_cached_block
        self._started = header.started
        self._preempted: list[Preempted] = []
        self._finished: list[Finished] = []
        self.clerk = Clerk(writer, header, zero)
        self._put = self.clerk.put

    def arrived(self, request: "Request", now: int) -> None:
        """A request came."""
        sampling = request.sampling_params
        line = schema.Arrival(
            i=-1,
            id=request.request_id,
            at=0,
            prompt=list(request.prompt_token_ids or ()),
            prompt_tokens=request.num_prompt_tokens,
            max_tokens=sampling.max_tokens if sampling else None,
            priority=request.priority,
            sent=int((request.arrival_time - self._started) * 1e6),
        )
        self._put(Arrived(now, line))

    def scheduled(self, output: "SchedulerOutput", start: int, end: int) -> None:
        """``schedule()`` ran from ``start`` to ``end``. A step without tokens and victims is none."""
        tokens = output.num_scheduled_tokens
        preempted, self._preempted = self._preempted, []
        if not tokens and not preempted:
            return
        # The model runner, in the same process, goes on to extend the block lists, and the engine to fill in drafts.
        admitted = _given([new.block_ids for new in output.scheduled_new_reqs]) if output.scheduled_new_reqs else []
        new_blocks = output.scheduled_cached_reqs.new_block_ids
        given = _given(new_blocks) if new_blocks.count(None) != len(new_blocks) else []
        drafts = output.scheduled_spec_decode_tokens
        if drafts:
            drafts = {name: list(proposed) for name, proposed in drafts.items()}
        scheduler = self._scheduler
        self._put(
            Scheduled(
                output,
                tokens.copy(),
                admitted,
                given,
                drafts,
                self._cached_of.copy(),
                preempted,
                self._pool.get_num_free_blocks(),
                len(scheduler.running),
                len(scheduler.waiting) + len(scheduler.kv_holding_waiting),
                start,
                end,
            )
        )

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
        # Copies: vllm.v1.engine.output_processor:OutputProcessor cuts the lists at a stop string.
        sampled = {
            output.request_id: output.new_token_ids.copy() for client in result.values() for output in client.outputs
        }
        finished, self._finished = self._finished, []
        self._put(Updated(scheduler_output, sampled, accepted, finished, start, end))
        if not self._scheduler.running and not self._scheduler.waiting:
            self.clerk.catch_up(self.own)

    def preempted(self, request: "Request") -> None:
        """``request`` is about to lose its blocks, in ``schedule()`` or in ``reset_prefix_cache()``."""
        name = request.request_id
        blocks = self._scheduler.kv_cache_manager.get_block_ids(name)[0]
        computed = request.num_computed_tokens - request.num_output_placeholders
        self._preempted.append(Preempted(name, computed, list(blocks), self._cached_of.get(name, 0)))

    def finished(self, request: "Request", now: int) -> None:
        """``request`` is about to be freed: at the end of a step, or between two when it is aborted."""
        name = request.request_id
        at = None if self.in_step else now
        what = Finished(name, str(request.get_finished_reason()), self._cached_of.get(name, 0), at)
        if self.in_step:
            self._finished.append(what)
        else:
            self._put(what)

    def reset(self, done: bool, now: int) -> None:
        """``reset_prefix_cache()`` ran; ``done``: it emptied the cache (it does not while a block is in use)."""
        if done or self._preempted:
            self._put(Reset(now, done, self._preempted))
            self._preempted = []

    def close(self) -> None:
        """Write what is left. The last line says so only where no request was cut off."""
        idle = not self._scheduler.running and not self._scheduler.waiting
        self.clerk.close(self.own if idle else None)


def _given(lists: "list[Any]") -> Given:
    """Copies of the block lists that are there, each with its place."""
    return [(place, [list(group) for group in blocks]) for place, blocks in enumerate(lists) if blocks is not None]
