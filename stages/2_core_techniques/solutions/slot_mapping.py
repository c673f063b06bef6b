"""A solution of lesson 2.1's exercise slot_mapping.

第 2.1 课练习 slot_mapping 的参考解答。
"""


def slot_mapping(
    block_tables: list[list[int]], query_start_loc: list[int], positions: list[int], block_size: int
) -> list[int]:
    """Into which slot of the KV cache do K and V of each token of a step go?

    一个调度步里，每个 token 的 K 和 V 写到 KV 缓存的哪个槽位？
    """
    slots = []
    for request, table in enumerate(block_tables):
        for position in positions[query_start_loc[request] : query_start_loc[request + 1]]:
            # Which block of its own, and where inside: vLLM's kernel computes the same two numbers.
            # 自己的第几块、块内第几个：vLLM 的 kernel 算的也是这两个数。
            entry, offset = divmod(position, block_size)
            slots.append(table[entry] * block_size + offset)
    return slots
