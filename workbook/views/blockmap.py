"""The pool of KV blocks in one step: who holds each block, which are shared, which wait in the prefix cache.

Knows recordings; :mod:`workbook.views.stepview` and :mod:`workbook.views.pictures` draw what it finds.
"""

from dataclasses import dataclass

from workbook.recorder import Recording
from workbook.recorder.steps import State, Step


@dataclass(frozen=True)
class Block:
    """A block of the pool. ``kind``: a kind of :mod:`workbook.views.colours`; a held block has that of its request."""

    number: int
    kind: str
    holders: tuple[int, ...] = ()  # requests, by index
    cached: bool = False  # it is in the prefix cache
    new: bool = False  # handed out in this step
    phase: str = ""  # what the first holder does in this step: prefill, chunk, decode, paused


@dataclass(frozen=True)
class Part:
    """A block of a request's table, and which tokens of the request it has room for."""

    block: Block
    first: int  # its first token, counted from 0
    filled: int  # of its slots; this step's tokens included


def pool(step: Step, state: State, recording: Recording) -> list[Block]:
    """All blocks but the null block, by number."""
    phases = {row.request: str(row.phase) for row in step.rows}
    new = {block for row in step.rows for block in row.new_blocks}
    blocks = []
    for number in range(1, recording.header.blocks):
        holders, cached = tuple(state.holders.get(number, ())), number in state.cached
        phase = phases.get(holders[0], "paused") if holders else ""
        kind = "shared" if len(holders) > 1 else phase or ("cached" if cached else "free")
        blocks.append(Block(number, kind, holders, cached, number in new, phase))
    return blocks


def table(request: int, state: State, blocks: list[Block], size: int) -> list[Part]:
    """The block table of a request; ``blocks`` is the whole pool."""
    computed = state.computed.get(request, 0)
    return [
        Part(blocks[number - 1], place * size, max(0, min(size, computed - place * size)))
        for place, number in enumerate(state.tables.get(request, ()))
    ]


def cached_free(recording: Recording) -> list[int]:
    """For each step, how many blocks are free and still in the prefix cache."""
    return [sum(block not in state.holders for block in state.cached) for _, state in recording.walk()]


def rows(blocks: list[Block], columns: int, limit: int) -> list[list[Block] | int]:
    """The pool in rows of ``columns``; a number stands for so many blocks left out: free ones, or too many rows."""
    found: list[list[Block] | int] = []
    shown = 0
    for start in range(0, len(blocks), columns):
        row = blocks[start : start + columns]
        dull = start > 0 and all(block.kind == "free" for block in row)
        if dull or shown >= limit:
            if found and isinstance(last := found[-1], int):
                found[-1] = last + len(row)
            else:
                found.append(len(row))
        else:
            found.append(row)
            shown += 1
    return found
