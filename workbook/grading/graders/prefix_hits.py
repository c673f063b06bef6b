"""Hit tokens of two streams of requests, in a large pool and in a small one, against what the engine found."""

from collections.abc import Callable, Iterator
from functools import partial

from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake
from workbook.grading.graders.block_hashes import asked, chain
from workbook.recorder import load

SMALL = "recording-2.jsonl"  # of the script's second engine
Requests = list[tuple[list[bytes], int, int]]


def cases(run: Evidence) -> Iterator[Case]:
    """The stream of the first engine; then that of the small pool, in which blocks are evicted."""
    kept, large = asked(run), run.recording
    try:
        small = load(run.folder / SMALL)
    except WorkbookError:
        raise run.lacking(SMALL) from None
    first_parent, size = bytes.fromhex(kept["first_parent"]), large.header.block_size
    where = {"stream": Text("the stream", "请求序列"), "turns": Text("the small pool", "小块池")}
    for (name, label), recording, usable in zip(
        where.items(), (large, small), (large.header.blocks - 1, kept["usable"]), strict=True
    ):
        requests, hits, parts = [], [], []
        # The first engine's later requests are not of the stream: two ran together, the others were timed.
        for number, (one, request) in enumerate(zip(kept[name], recording.requests, strict=False)):
            computed = request.tokens[:-1]
            requests.append((chain(computed, size, first_parent, one["salt"]), request.prompt_tokens, len(computed)))
            hits.append(request.hit)
            parts.append(Text(f"request {number}", f"请求 {number}"))
        yield Case((requests, size, usable), hits, label, parts=tuple(parts))


def simulate(requests: Requests, size: int, blocks: int, wrong: str = "") -> list[int]:
    """The pool as vLLM manages it, or with one thing ``wrong``."""
    free, cached, hits = list(range(blocks)), dict[int, bytes](), []
    for hashes, prompt, computed in requests:
        if wrong == "prompt only":
            hashes = hashes[: prompt // size]
        most = prompt // size if wrong == "last token" else (prompt - 1) // size
        table: list[int] = []
        for wanted in hashes[:most]:
            block = next((block for block, kept in cached.items() if kept == wanted), None)
            if block is None:
                break
            free.remove(block)
            table.append(block)
        hits.append(len(table) * (1 if wrong == "blocks" else size))
        while len(table) * size < computed:
            table.append(free.pop(0))
            cached.pop(table[-1], None)
        for block, wanted in zip(table, hashes, strict=False):
            cached.setdefault(block, wanted)
        full, rest = table[: len(hashes)], table[len(hashes) :]
        if wrong == "forward":
            free = rest + free + full
        elif wrong == "one end":
            free = free + rest + full[::-1]
        else:
            free = rest + free + full[::-1]
    return hits


def never_evicted(requests: Requests, size: int, blocks: int) -> list[int]:
    """As if there were no end of blocks."""
    return simulate(requests, size, sum(-(-computed // size) for _, _, computed in requests))


def _with(wrong: str) -> Callable[..., list[int]]:
    return partial(simulate, wrong=wrong)


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with("last token"),
            Text(
                "you let a whole prompt be found; its last token is always computed, for the logits of the next one: look up (prompt_tokens - 1) // block_size.",
                "你让整个提示词都命中了；最后一个 token 总要计算，否则没有下一个 token 的 logits：只查 (prompt_tokens - 1) // block_size 个。",
            ),
        ),
        Mistake(
            never_evicted,
            Text(
                "nothing is ever evicted in yours; a block that is taken from the queue loses what it cached.",
                "你的版本从不淘汰；从队列取走的块，原来缓存的内容就没有了。",
            ),
        ),
        Mistake(
            _with("forward"),
            Text(
                "you give a request's blocks back first block first, so its beginning is evicted first and the rest cannot be found any more: reverse them.",
                "你从第一块开始归还，于是开头最先被淘汰，后面的块再也命中不了：应当逆序归还。",
            ),
        ),
        Mistake(
            _with("one end"),
            Text(
                "you put blocks that cache nothing at the end of the queue; they go to the front, so that something of use is evicted later.",
                "你把没有缓存内容的块放到了队尾；它们应放到队首，有用的内容才能晚些被淘汰。",
            ),
        ),
        Mistake(
            _with("prompt only"),
            Text(
                "you cached the prompt's blocks only; blocks that generated tokens have filled are found as well.",
                "你只缓存了提示词的块；由生成的 token 填满的块同样会命中。",
            ),
        ),
        Mistake(
            _with("blocks"),
            Text("you counted blocks; give tokens.", "你数的是块；请给出 token 数。"),
        ),
    ],
    shipped=("prefix_128",),
)
