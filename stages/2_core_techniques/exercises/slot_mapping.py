"""Exercise of lesson 2.1. Grade it: workbook grade slot_mapping

第 2.1 课练习。评分：workbook grade slot_mapping
"""


def slot_mapping(
    block_tables: list[list[int]], query_start_loc: list[int], positions: list[int], block_size: int
) -> list[int]:
    """Into which slot of the KV cache do K and V of each token of a step go?

    The tokens of all requests of the batch lie in one row, request after request. Slots are counted through the whole
    cache: block 0 has the slots 0 to block_size - 1, block 1 the next block_size ones, and so on.

    block_tables      for each request of the batch its block numbers, in the order of its text
    query_start_loc   for each request where its tokens begin in the row, and at the end the length of the row
    positions         for each token of the row where it stands in its own request's text, from 0
    block_size        tokens that one block has room for
    returns           a list as long as positions: the slot of each token, as ints

    Example: two requests. The first holds the blocks 7 and 3 and computes positions 3, 4 and 5, the second holds block 2
    and computes position 0: slot_mapping([[7, 3], [2]], [0, 3, 4], [3, 4, 5, 0], 4) == [31, 12, 13, 8]

    Source: vllm.v1.worker.block_table:BlockTable.compute_slot_mapping

    一个调度步里，每个 token 的 K 和 V 写到 KV 缓存的哪个槽位？

    批里所有请求的 token 一个请求接一个请求地排成一行。槽位在整个缓存里统一编号：第 0 块是槽位 0 到 block_size - 1，
    第 1 块是接下来的 block_size 个，依此类推。

    block_tables      批里每个请求的块号，按它自己文本的顺序
    query_start_loc   每个请求的 token 在这一行里从哪里开始，最后再加上这一行的长度
    positions         这一行里每个 token 在它所属请求的文本中的位置，从 0 数起
    block_size        一个块能放多少个 token
    返回值            与 positions 等长的列表：每个 token 的槽位（int）

    例：两个请求，第一个占用第 7、3 块，计算位置 3、4、5；第二个占用第 2 块，计算位置 0：
    slot_mapping([[7, 3], [2]], [0, 3, 4], [3, 4, 5, 0], 4) == [31, 12, 13, 8]
    """
    raise NotImplementedError("slot_mapping")
