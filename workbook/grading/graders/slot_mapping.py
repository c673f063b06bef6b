"""Slots of every token, step by step, against the slot mapping that the model runner gave to the attention kernel."""

from collections.abc import Callable, Iterator

from workbook import runinfo
from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake


def cases(run: Evidence) -> Iterator[Case]:
    """The steps that the script made by hand."""
    info = runinfo.read(run.folder)
    if info is None or "batches" not in info.results:
        raise run.lacking(runinfo.FILE)
    size = run.recording.header.block_size
    for number, batch in enumerate(info.results["batches"], 1):
        starts, positions = batch["query_start_loc"], batch["positions"]
        row = [
            (Text(f"request {r} of the batch", f"批里第 {r} 个请求"), position)
            for r, start in enumerate(starts[:-1])
            for position in positions[start : starts[r + 1]]
        ]
        yield Case(
            (batch["tables"], starts, positions, size),
            batch["slots"],
            Text(f"step {number}", f"第 {number} 步（step）"),
            parts=tuple(Text(f"{who.en}, position {p}", f"{who.zh}，位置 {p}") for who, p in row),
        )


def _version(slot: Callable[[list[int], int, int, int], int], one_table: bool = False) -> Callable[..., list[int]]:
    """The answer of somebody whose slot is ``slot(table, position, block size, place among the request's tokens)``."""

    def answer(tables: list[list[int]], starts: list[int], positions: list[int], size: int) -> list[int]:
        return [
            slot(tables[0 if one_table else request], position, size, place)
            for request, start in enumerate(starts[:-1])
            for place, position in enumerate(positions[start : starts[request + 1]])
        ]

    return answer


def _at(table: list[int], entry: int) -> int:
    return table[min(entry, len(table) - 1)]


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _version(lambda table, p, size, _: _at(table, p // size) * size + p % size, one_table=True),
            Text(
                "you look every token up in the first request's block table; query_start_loc says whose token it is.",
                "你用第一个请求的块表查所有 token；每个 token 属于哪个请求，要看 query_start_loc。",
            ),
        ),
        Mistake(
            _version(lambda table, p, size, _: table[0] * size + p),
            Text(
                "you count on from the first block; a request's blocks need not be neighbours: look each position's block up.",
                "你从第一块一直往后数；一个请求的块不一定相邻：每个位置都要查它自己的块。",
            ),
        ),
        Mistake(
            _version(lambda table, p, size, place: _at(table, place // size) * size + place % size),
            Text(
                "you count a request's tokens from 0 in every step; where they stand in the text is in positions.",
                "你在每一步里都从 0 数起；token 在文本中的位置由 positions 给出。",
            ),
        ),
        Mistake(
            _version(lambda table, p, size, _: (table[p // size] - 1) * size + p % size),
            Text(
                "you count slots from block 1; block 0, the null block, has slots as well.",
                "你从第 1 块开始数槽位；第 0 块是占位块（null block），也占槽位。",
            ),
        ),
        Mistake(
            _version(lambda table, p, size, _: p),
            Text(
                "you gave the position itself: the block table is what turns it into a slot.",
                "你给出的是位置本身；把它变成槽位的是块表。",
            ),
        ),
        Mistake(
            _version(lambda table, p, size, _: table[p // size] * size),
            Text(
                "you gave the first slot of the block; add the token's offset in it, position % block_size.",
                "你给出的是块的第一个槽位；还要加上块内偏移 position % block_size。",
            ),
        ),
        Mistake(
            _version(lambda table, p, size, _: table[p // size] + p % size),
            Text(
                "you added the block's number; its first slot is the number times block_size.",
                "你加的是块号；块的第一个槽位是块号乘以 block_size。",
            ),
        ),
    ],
    shipped=("paging",),
)
