"""What a recording says, as typed objects: a step, a request's row in it, a request's story, the engine's state.

Plain data, filled in by :mod:`workbook.recorder.replay`.
"""

from dataclasses import dataclass, field
from typing import Literal

from workbook.recorder.schema import Finish, Preemption

Phase = Literal["prefill", "chunk", "decode"]
Status = Literal["waiting", "running", "preempted", "finished"]


@dataclass(slots=True)
class Row:
    """What one request of the batch does in one step. Counts are tokens."""

    request: int
    phase: Phase  # prefill: all that was left of the prompt; chunk: one of several parts of it; decode: new tokens
    computed: int  # before this step: their K and V are in the cache
    scheduled: int
    recompute: bool = False  # a prefill after a preemption: prompt and what was generated, again
    recomputed: int = 0  # of the scheduled tokens, those whose K and V had been computed before a preemption
    admitted: bool = False  # it left the waiting queue in this step
    hit: int = 0  # found in the prefix cache on admission
    new_blocks: list[int] = field(default_factory=list)  # block ids allocated in this step (first KV cache group)
    drafts: list[int] = field(default_factory=list)  # token ids proposed; -1: known to the worker only
    accepted: int | None = None  # of the drafts; None: not known, or none were proposed
    sampled: list[int] = field(default_factory=list)  # token ids that the request got


@dataclass(slots=True)
class Step:
    """One engine step. Times in seconds; ``at`` counts from the recording's start."""

    number: int
    at: float
    schedule_s: float
    model_s: float | None  # None: the step was not seen to end
    update_s: float
    rows: list[Row]
    arrived: list[int]  # requests that came since the step before
    ended_before: list[Finish]  # requests that ended between the step before and this one, as by an abort
    preempted: list[Preemption]
    finished: list[Finish]  # at the end of this step
    running: int  # requests
    waiting: int  # requests, the preempted ones included
    free: int  # blocks
    cached: int  # blocks in the prefix cache, in use or free
    usable: int  # blocks in all, without the null block
    budget: int  # tokens that a step may schedule

    @property
    def used(self) -> int:
        """Blocks that at least one request holds."""
        return self.usable - self.free

    @property
    def scheduled(self) -> int:
        """Tokens computed in this step."""
        return sum(row.scheduled for row in self.rows)

    @property
    def left(self) -> int:
        """Tokens of the budget that nobody needed, or nobody could have."""
        return self.budget - self.scheduled

    @property
    def ended_at(self) -> float:
        """When its results were in; for a step that was not seen to end, when it was scheduled."""
        return self.at + self.schedule_s + (self.model_s or 0.0) + self.update_s


@dataclass(slots=True)
class RequestStory:
    """One request from arrival to end. Times in seconds from the recording's start; steps by number."""

    index: int
    id: str
    arrived: float  # at the scheduler
    sent: float  # at the front end
    prompt: list[int]  # token ids
    prompt_tokens: int
    max_tokens: int | None
    priority: int
    outputs: list[int] = field(default_factory=list)  # token ids
    output_times: list[float] = field(default_factory=list)  # one for each output token
    output_steps: list[int] = field(default_factory=list)
    first_step: int | None = None
    last_step: int | None = None
    preemptions: int = 0
    hit: int = 0  # prompt tokens found in the prefix cache at the first admission
    reason: str | None = None  # why it ended; None: it did not

    @property
    def tokens(self) -> list[int]:
        """Prompt and outputs."""
        return self.prompt + self.outputs


@dataclass
class State:
    """The engine while a step's forward pass runs. Requests by index, blocks by id (first KV cache group)."""

    status: dict[int, Status] = field(default_factory=dict)
    computed: dict[int, int] = field(default_factory=dict)  # tokens, this step's included
    tables: dict[int, list[int]] = field(default_factory=dict)  # block tables of requests that hold blocks
    holders: dict[int, list[int]] = field(default_factory=dict)  # block → the requests that hold it
    cached: set[int] = field(default_factory=set)  # blocks in the prefix cache

    def give(self, request: int, blocks: list[int], fresh: list[int]) -> None:
        """The request holds ``blocks`` too; ``fresh`` of them were allocated anew and lose what they cached."""
        self.cached.difference_update(fresh)
        self.tables.setdefault(request, []).extend(blocks)
        for block in blocks:
            self.holders.setdefault(block, []).append(request)

    def take(self, request: int, cached: int) -> None:
        """Free the request's blocks; its first ``cached`` ones stay in the prefix cache."""
        table = self.tables.pop(request, [])
        self.cached.update(table[:cached])
        for block in table:
            holders = self.holders[block]
            holders.remove(request)
            if not holders:
                del self.holders[block]
