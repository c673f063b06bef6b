"""A second pair of eyes: notes at every step what vLLM's own objects hold, by a path that the recorder does not use.

The recorder reads ``SchedulerOutput`` and writes differences; a witness reads ``KVCacheManager``, every
``KVCacheBlock`` of the pool and every ``Request``, whole. What both say must be the same.
"""

from typing import Any, NamedTuple

from workbook.recorder.scheduler import RecordingAsyncScheduler, RecordingScheduler
from workbook.recorder.steps import State, Step


class Seen(NamedTuple):
    """The engine right after ``schedule()``. Requests by vLLM's internal id."""

    scheduled: dict[str, int]
    drafts: dict[str, int]
    tables: dict[str, list[int]]
    computed: dict[str, int]
    references: dict[int, int]  # block → reference count, where it is not 0
    cached: set[int]  # blocks with a hash
    free: int
    running: list[str]
    waiting: int
    arrivals: int  # so far


class _Witness(RecordingScheduler):
    seen: list[Seen]
    requests_seen: dict[str, Any]

    def add_request(self, request: Any) -> None:
        self.__dict__.setdefault("requests_seen", {})[request.request_id] = request
        super().add_request(request)

    def schedule(self, throttle_prefills: bool = False) -> Any:
        preempted = sum(request.num_preemptions for request in self.requests.values())
        output = super().schedule(throttle_prefills)
        if output.num_scheduled_tokens or preempted != sum(r.num_preemptions for r in self.requests.values()):
            self.__dict__.setdefault("seen", []).append(self._look(output))
        return output

    def _look(self, output: Any) -> Seen:
        manager = self.kv_cache_manager
        blocks = [block for block in manager.block_pool.blocks if not block.is_null]
        tables = {name: list(manager.get_block_ids(name)[0]) for name in self.requests}
        return Seen(
            scheduled=dict(output.num_scheduled_tokens),
            drafts={name: len(tokens) for name, tokens in output.scheduled_spec_decode_tokens.items()},
            tables={name: table for name, table in tables.items() if table},
            computed={name: request.num_computed_tokens for name, request in self.requests.items()},
            references={block.block_id: block.ref_cnt for block in blocks if block.ref_cnt},
            cached={block.block_id for block in blocks if block.block_hash is not None},
            free=manager.block_pool.get_num_free_blocks(),
            running=[request.request_id for request in self.running],
            waiting=len(self.waiting),
            arrivals=len(self.requests_seen),
        )


class Witness(_Witness):
    """For ``Scheduler``."""


class AsyncWitness(_Witness, RecordingAsyncScheduler):
    """For ``AsyncScheduler``."""


def compare(now: Step, state: State, truth: Seen, names: list[str]) -> None:
    """Assert that the recording and the witness agree. ``names``: vLLM's request ids by index."""
    assert {names[row.request]: row.scheduled for row in now.rows} == truth.scheduled
    assert {names[row.request]: len(row.drafts) for row in now.rows if row.drafts} == truth.drafts
    assert {names[request]: table for request, table in state.tables.items()} == truth.tables
    assert {block: len(holders) for block, holders in state.holders.items()} == truth.references
    assert state.cached == truth.cached
    assert now.cached == len(truth.cached)
    assert now.free == truth.free == now.usable - len(state.holders)
    assert {name: state.computed[names.index(name)] for name in truth.computed} == truth.computed
    assert {names[request] for request, status in state.status.items() if status == "running"} == set(truth.running)
    assert (now.running, now.waiting) == (len(truth.running), truth.waiting)
