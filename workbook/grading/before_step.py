"""What the scheduler has before it when it decides on a step, worked out from a recording.

A recording tells what each step did; this tells what it was decided from: the two queues in their order, the free
blocks, and for each waiting request what the prefix cache answers when the scheduler comes to it. For LLaMAs without
drafts, first come first served.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from workbook.recorder import Recording
from workbook.recorder.steps import Row, State, Step

Request = dict[str, int]  # as the exercise gives it


@dataclass(frozen=True)
class Before:
    """One decision. Requests by their index in the recording, in the order of vLLM's queues."""

    step: Step
    running: list[Request]  # id, tokens, computed, blocks, frees
    waiting: list[Request]  # id, tokens, hit, hit_free
    free: int  # blocks


def walk(recording: Recording) -> Iterator[Before]:
    """The decision before each step."""
    running: list[int] = []
    waiting: list[int] = []
    tables: dict[int, list[int]] = {}
    computed: dict[int, int] = {}
    outputs = [0] * len(recording.requests)
    cache = _Contents(recording)

    def tokens(request: int) -> int:
        return recording.requests[request].prompt_tokens + outputs[request]

    for step, state in recording.walk():
        waiting += step.arrived
        for end in step.ended_before:
            for queue in (running, waiting):
                if end.i in queue:
                    queue.remove(end.i)
            tables.pop(end.i, None)
        held: set[int] = set()
        runs: list[Request] = []
        for i in running:
            table = tables[i]
            one = {"id": i, "tokens": tokens(i), "computed": computed[i], "blocks": len(table)}
            runs.append({**one, "frees": len(set(table) - held)})
            held.update(table)
        cache.note(state)
        rows = {row.request: row for row in step.rows}
        admitted = [row.request for row in step.rows if row.admitted]
        waits: list[Request] = []
        for i in waiting:
            if i in rows:
                hit, free = _admitted(rows[i], state, admitted, recording.header.block_size)
            else:
                hit, free = cache.look_up(i, tokens(i), state)
            waits.append({"id": i, "tokens": tokens(i), "hit": hit, "hit_free": free})
        yield Before(step, runs, waits, step.usable - len(held))

        for victim in step.preempted:
            running.remove(victim.i)
            waiting.insert(0, victim.i)
            del tables[victim.i]
        for i in admitted:
            waiting.remove(i)
            running.append(i)
        for i, row in rows.items():
            tables[i], computed[i] = list(state.tables[i]), row.computed + row.scheduled
            outputs[i] += len(row.sampled)
        for end in step.finished:
            running.remove(end.i)
            del tables[end.i]


def _admitted(row: Row, state: State, admitted: list[int], size: int) -> tuple[int, int]:
    """Tokens that it found in the prefix cache, and how many of their blocks nobody held when it was admitted."""
    later = set(admitted[admitted.index(row.request) :])
    found = state.tables[row.request][: row.hit // size]
    return row.hit, sum(set(state.holders[block]) <= later for block in found)


class _Contents:
    """Which tokens the blocks of the prefix cache hold: so that it can be asked on behalf of a request that waits."""

    def __init__(self, recording: Recording) -> None:
        self.recording, self.size = recording, recording.header.block_size
        self.enabled = bool(recording.header.engine.get("enable_prefix_caching"))
        self.holds: dict[int, int] = {}  # block → hash of all tokens up to its end

    def _key(self, request: int, place: int) -> int:
        return hash(tuple(self.recording.requests[request].tokens[: (place + 1) * self.size]))

    def note(self, state: State) -> None:
        """Take down what the blocks of a step's tables hold, as soon as they are full."""
        for request, table in state.tables.items():
            for place, block in enumerate(table[: state.computed[request] // self.size]):
                self.holds[block] = self._key(request, place)

    def look_up(self, request: int, tokens: int, state: State) -> tuple[int, int]:
        """Tokens that the prefix cache holds of it, and how many of their blocks are in the free list. The last token
        of a request is never looked for: it must be computed, since the next one is sampled from it."""
        there = {self.holds[block]: block for block in state.cached if block in self.holds} if self.enabled else {}
        blocks: list[int] = []
        while (len(blocks) + 1) * self.size < tokens and (key := self._key(request, len(blocks))) in there:
            blocks.append(there[key])
        return len(blocks) * self.size, sum(block not in state.holders for block in blocks)
