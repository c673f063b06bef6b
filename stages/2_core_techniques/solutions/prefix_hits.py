"""A solution of lesson 2.2's exercise prefix_hits.

第 2.2 课练习 prefix_hits 的参考解答。
"""


def prefix_hits(requests: list[tuple[list[bytes], int, int]], block_size: int, blocks: int) -> list[int]:
    """How many tokens does each request find in the prefix cache?

    每个请求在前缀缓存里命中多少个 token？
    """
    free = list(range(blocks))  # the next block to be used first · 最先被用的在前
    cached: dict[int, bytes] = {}  # block → hash, the longest cached first · 块 → 哈希，最早缓存的在前
    hits = []
    for hashes, prompt_tokens, computed_tokens in requests:
        table: list[int] = []
        for wanted in hashes[: (prompt_tokens - 1) // block_size]:
            block = next((block for block, kept in cached.items() if kept == wanted), None)
            if block is None:
                break
            free.remove(block)
            table.append(block)
        hits.append(len(table) * block_size)
        while len(table) * block_size < computed_tokens:
            table.append(free.pop(0))
            cached.pop(table[-1], None)  # evicted · 被淘汰
        for block, wanted in zip(table, hashes, strict=False):  # the partly filled block has none · 没装满的块没有哈希
            cached.setdefault(block, wanted)
        # In reverse: of two blocks that were used at the same time, the one further from the beginning goes first,
        # for without the beginning it could not be found any more.
        # 逆序归还：同时用过的两个块里，离开头远的先被淘汰，因为没有开头，后面的块就再也命中不了。
        full = table[: len(hashes)]
        free = table[len(hashes) :] + free + full[::-1]
    return hits
