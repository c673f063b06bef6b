"""Decode attention over blocks, against what vLLM's kernel gave for the same query and the same blocks of its KV cache."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbook import paging, paths, runinfo
from workbook.capture import Captured
from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.llama_layer import attend

Array = np.ndarray
OURS = "paging"


def cases(run: Evidence) -> Iterator[Case]:
    """Each request of the steps whose queries and outputs were kept. The blocks are those after the last of these steps:
    behind a request's tokens of an earlier step stand some that it has got since."""
    info = runinfo.read(run.folder)
    if info is None or "batches" not in info.results:
        raise run.lacking(runinfo.FILE)
    captured: Captured = run.captured
    if f"{paging.CACHE}/0/blocks" not in captured.keys:  # a processor whose kernel packs its blocks in another way
        yield from cases(Evidence(paths.STAGES / "2_core_techniques" / "recordings" / OURS))
        return
    keys, values = paging.pool(captured)
    for step, batch in enumerate(info.results["batches"], 1):
        if batch["kept"] is None:
            continue
        query = captured(paging.LAYER, batch["kept"], "in.0")
        output = captured(paging.LAYER, batch["kept"], "out.0")
        for row, (table, length) in enumerate(zip(batch["tables"], batch["seq_lens"], strict=True)):
            label = Text(
                f"step {step}, the request with blocks {table} and {length} tokens",
                f"第 {step} 步（step），块表为 {table}、有 {length} 个 token 的请求",
            )
            heads = query[row].reshape(-1, keys.shape[-1])
            yield Case((heads, keys, values, table, length), output[row].reshape(-1), label)


def _version(
    tokens: Callable[[Array, list[int], int], Array] = lambda cache, table, n: _text(cache, table)[:n], **wrong: Any
) -> Callable[..., Array]:
    """The answer of somebody who takes ``tokens(cache, table, seq_len)`` for the request's keys and values."""

    def answer(query: Array, keys: Array, values: Array, table: list[int], n: int) -> Array:
        k, v = (tokens(cache, table, n) for cache in (keys, values))
        return np.asarray(attend(query[None], k, v, **wrong)[0])

    return answer


def _text(cache: Array, table: list[int]) -> Array:
    return np.asarray(cache[table].reshape(-1, *cache.shape[2:]))


def _block_by_block(query: Array, keys: Array, values: Array, table: list[int], n: int) -> Array:
    """A softmax for each block, and the mean of the results."""
    size = keys.shape[1]
    k, v = (_text(cache, table)[:n] for cache in (keys, values))
    parts = [attend(query[None], k[at : at + size], v[at : at + size])[0] for at in range(0, n, size)]
    return np.asarray(np.mean(parts, axis=0))


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _version(lambda cache, table, n: _text(cache, table)),
            Text(
                "you read the last block to its end; only seq_len tokens are this request's, and a zero key still gets its weight.",
                "你把最后一块读到了末尾；属于这个请求的只有 seq_len 个 token，而全零的 K 同样会分到权重。",
            ),
        ),
        Mistake(
            _version(lambda cache, table, n: _text(cache, [*range(len(cache))])[table[0] * cache.shape[1] :][:n]),
            Text(
                "you read on from the first block; the next block of this request lies elsewhere: follow block_table.",
                "你从第一块一直往后读；这个请求的下一块在别处：要按 block_table 查找。",
            ),
        ),
        Mistake(
            _version(lambda cache, table, n: _text(cache, table)[: n - 1]),
            Text(
                "you left the new token out; it attends to itself as well, and its K and V are in the cache already.",
                "你漏掉了新 token；它也要关注自己，而且它的 K 和 V 已经在缓存里。",
            ),
        ),
        Mistake(
            _block_by_block,
            Text(
                "you normalise within each block; one softmax goes over the scores of all blocks.",
                "你在每一块里分别做了归一化；softmax 应当对所有块的分数一起做。",
            ),
        ),
        Mistake(
            _version(tile=True),
            Text(
                "you give query head h the KV head h % kv_heads, as `repeat` does; neighbours share one: h // group.",
                "你让查询头 h 使用第 h % kv_heads 个 KV 头（`repeat` 的顺序）；应当是相邻的头共用一个：h // 组大小。",
            ),
            must_differ=False,  # a model with as many KV heads as heads, or with one, cannot refute it
        ),
        Mistake(_version(scale=1.0), Text("the scores are not divided by √head_dim.", "分数没有除以 √head_dim。")),
    ],
    # The result is rounded to bfloat16, and on the way the kernel may round the weights of the mixture.
    tolerance=Tolerance(relative=0.008, absolute=1e-6, row=0.004),
    shipped=(OURS,),
)
