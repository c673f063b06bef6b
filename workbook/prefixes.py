"""What lesson 2.2 looks at inside the block pool, and its tables: hashes of waiting requests, the free queue, hits.

Works where the engine core lives in this process, as the workbook asks of vLLM with one rank.
"""

from typing import Any

from workbook import engine_setup, titled
from workbook.i18n import tr
from workbook.lesson import Run
from workbook.pairs import Pairs


def hashes(llm: Any) -> list[str]:
    """The hashes of the newest request's full blocks, as hexadecimal digits: vLLM makes them when a request arrives."""
    *_, request = engine_setup.scheduler(llm).requests.values()
    return [block_hash.hex() for block_hash in request.block_hashes]


def first_parent() -> str:
    """What stands in place of a parent's hash for the first block, as hexadecimal digits."""
    from vllm.v1.core import kv_cache_utils

    return getattr(kv_cache_utils, "NONE_HASH", b"").hex()  # with prefix caching off, nobody sets it


def queue(llm: Any, names: dict[str, str]) -> list[str]:
    """The free queue, the next block to be used first: the name of the block's hash, or – where nothing is cached in it."""
    pool = engine_setup.scheduler(llm).kv_cache_manager.block_pool
    free = pool.free_block_queue.get_all_free_blocks()
    # A key of the pool is a hash and, behind it, four bytes for the KV cache group.
    return [names.get(block.block_hash[:-4].hex(), "?") if block.block_hash else "–" for block in free]


def stream(run: Run, asked: list[dict[str, Any]], size: int) -> None:
    """A row for each request of the stream: tokens, hashes (one for each full block), tokens found."""
    title = tr(f"One request after another, blocks of {size} tokens", f"一个接一个的请求，每块 {size} 个 token")
    columns = (tr("tokens", "token"), tr("hashes", "哈希"), tr("hit", "命中"), tr("computed", "计算"))
    table = titled.table(title, tr("request", "请求"), "", *columns, left=2)
    for number, one in enumerate(asked):
        row = (one["tokens"], len(one["hashes"]), one["hit"], one["tokens"] - one["hit"])
        table.add_row(str(number), one["what"], *map(str, row))
    run.console.print(table)


def evictions(run: Run, asked: list[dict[str, Any]], usable: int) -> None:
    """A row for each request in the small pool: tokens found, and the free queue after it."""
    title = tr(f"A pool of {usable} blocks", f"只有 {usable} 块的块池")
    after = tr("free queue afterwards: next to be used … last", "之后的空闲队列：最先被用 … 最后被用")
    table = titled.table(title, tr("text", "文本"), tr("hit", "命中"), after, left=3)
    table.columns[1].justify = "right"
    for one in asked:
        table.add_row(one["what"], str(one["hit"]), " ".join(one["queue"]))
    run.console.print(table)


def gains(run: Run, measured: dict[str, Pairs]) -> None:
    """A row for each pair: seconds with the cache emptied and kept, and how many times as long the former takes."""
    title = tr("What it gains: emptied and kept in turns", "有什么收益：清空与保留轮流测")
    ratio = tr("times as long when emptied", "清空后的耗时倍数")
    table = titled.table(title, "", tr("emptied · s", "清空 · 秒"), tr("kept · s", "保留 · 秒"), ratio, left=4)
    for what, pairs in measured.items():
        seconds = (f"{pairs.median(way):.3f}" for way in ("emptied", "kept"))
        table.add_row(what, *seconds, str(pairs.ratio("emptied", to="kept")))
    run.console.print(table)
