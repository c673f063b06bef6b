"""What a recording holds: JSON lines, one event each, in the order in which the engine produced them.

A file begins with one :class:`Header`. Then, in any order: :class:`Arrival` (a request reaches the scheduler),
:class:`StepLine` (one engine step), :class:`FinishLine` (a request ends between two steps, as an abort does),
:class:`ResetLine` (the prefix cache is emptied), :class:`CutLine` (the size limit is reached; no more steps
follow) and, whenever no request is left, :class:`EndLine`.

Only what changed since the step before is written: this is what the disk holds, and
:mod:`workbook.recorder.replay` makes whole steps of it. Times are integers, microseconds since ``Header.started``.
Requests are named by their index, the number of their Arrival. This module knows neither vLLM nor files.
"""

from typing import Any

import msgspec

VERSION = 1


class _Line(msgspec.Struct, tag_field="kind", omit_defaults=True):
    pass


class Header(_Line, tag="header"):
    """What was running: the first line.

    ``architecture`` holds the model's numbers (layers, hidden_size, heads, kv_heads, head_dim, vocab_size, dtype),
    ``engine`` the arguments that decide what the scheduler does; their keys are vLLM's names.
    ``blocks`` counts the whole pool, with the null block (id 0), which no request ever gets.
    """

    version: int
    vllm: str
    started: float  # Unix time, seconds
    model: str
    device: str
    runner: str  # "V1" or "V2", the generation of vLLM's model runner
    scheduler: str  # the class of vLLM whose work is recorded: "Scheduler" or "AsyncScheduler"
    block_size: int  # tokens
    blocks: int
    token_budget: int  # tokens that one step may schedule
    kv_groups: int = 1  # KV cache groups; 1 for a LLaMA
    architecture: dict[str, Any] = {}
    engine: dict[str, Any] = {}


class Arrival(_Line, tag="request"):
    """A request reached the scheduler: ``vllm.v1.core.sched.scheduler:Scheduler.add_request``."""

    i: int
    id: str  # as the learner, or LLM, gave it: without the random suffix that vLLM appends
    at: int
    prompt: list[int]  # token ids; empty for a prompt given as embeddings
    prompt_tokens: int
    max_tokens: int | None = None
    priority: int = 0
    sent: int | None = None  # when the front end took it (``Request.arrival_time``)


class Admission(msgspec.Struct, array_like=True):
    """A waiting request starts to run."""

    i: int
    computed: int  # tokens found in the prefix cache
    blocks: list[list[int]]  # its whole block table, a list for each KV cache group
    resumed: bool = False  # it ran before and was preempted


class Preemption(msgspec.Struct, array_like=True):
    """A running request loses its blocks: ``Scheduler._preempt_request``."""

    i: int
    computed: int  # tokens whose KV it had, to be computed again
    blocks: list[int]  # its block table, which it gives back
    cached: int = 0  # of these, how many full blocks stay in the prefix cache until they are reused


class Finish(msgspec.Struct, array_like=True):
    """A request ends."""

    i: int
    reason: str  # "stop", "length", "abort", ...: ``vllm.v1.engine:FinishReason``
    cached: int = 0  # how many of its full blocks stay in the prefix cache until they are reused


class StepLine(_Line, tag="step"):
    """One engine step: ``schedule()``, the model's forward pass, ``update_from_output()``.

    Counts of blocks and queues are those right after ``schedule()``: what the forward pass ran with.
    """

    n: int  # 1, 2, ...
    at: int  # when schedule() was entered
    schedule: int  # µs in schedule()
    model: int | None = None  # µs from there to update_from_output(); None: the step was not seen to end
    update: int = 0  # µs in update_from_output()
    batch: list[int] | None = None  # requests in batch order; None: those of the step before
    tokens: list[int] | None = None  # scheduled tokens, in batch order; None: one each
    admitted: list[Admission] = []
    blocks: list[tuple[int, list[list[int]]]] = []  # (request, new block ids by group) of requests that ran before
    drafts: list[tuple[int, list[int]]] = []  # (request, proposed tokens); -1: known to the worker only
    accepted: list[tuple[int, int]] = []  # (request, how many of its drafts were accepted)
    cached: list[tuple[int, int]] = []  # (request, its leading blocks that are in the prefix cache), where changed
    preempted: list[Preemption] = []
    sampled: list[list[int]] = []  # tokens that each request of the batch got
    finished: list[Finish] = []
    free: int | None = None  # free blocks; None: unchanged
    running: int | None = None  # requests in Scheduler.running; None: unchanged
    waiting: int | None = None  # requests that wait, preempted ones included; None: unchanged


class FinishLine(_Line, tag="finish"):
    """A request ended between two steps."""

    at: int
    what: Finish


class ResetLine(_Line, tag="reset"):
    """``LLM.reset_prefix_cache()``: from here on no block is in the prefix cache."""

    at: int
    done: bool  # False: blocks were still in use, so the cache stayed
    preempted: list[Preemption] = []  # with reset_running_requests


class CutLine(_Line, tag="cut"):
    """The recording has reached its size limit: the engine ran on, unrecorded."""

    n: int  # the last step that is recorded
    limit: int  # bytes


class EndLine(_Line, tag="end"):
    """Nothing is left to do: every request has ended. More may follow; a file that ends without it is that of a killed run."""

    steps: int  # so far, also those after a cut
    tokens: int  # generated so far, also those after a cut
    own: int  # µs that recording took of the engine's time, in all
    aside: int = 0  # µs of processor time that writing took beside it, in all


Line = Header | Arrival | StepLine | FinishLine | ResetLine | CutLine | EndLine
