"""Exercise of lesson 2.2. Grade it: workbook grade prefix_hits

第 2.2 课练习。评分：workbook grade prefix_hits
"""


def prefix_hits(requests: list[tuple[list[bytes], int, int]], block_size: int, blocks: int) -> list[int]:
    """How many tokens does each request find in the prefix cache? The pool is small, so blocks get evicted.

    The requests come one after another: each ends before the next one begins. All blocks are free at first, none of them
    caches anything, and the free queue holds them in the order of their numbers, 0 to blocks - 1. For each request:

    1. Look its hashes up, from the first on, until one is missing; but no more than (prompt_tokens - 1) // block_size of
       them. The blocks that are found leave the free queue. (Where several blocks cache the same hash, the one that has
       done so for longest is found.)
    2. All other blocks that it needs for computed_tokens come from the front of the free queue. What they cached is gone.
    3. Its full blocks cache its hashes, each block one, in order.
    4. When it ends, a block that caches nothing goes to the front of the free queue; then the full ones go to the end, the
       request's last block first.

    requests     for each one (hashes, prompt_tokens, computed_tokens): the hashes of its full blocks at its end, those that
                 generated tokens have filled included; computed_tokens: prompt and output but for the last token
    block_size   tokens in a block
    blocks       how many blocks there are
    returns      for each request, the tokens that it found

    Example: with block_size 2, prefix_hits([([b"x", b"y"], 4, 5), ([b"x", b"y"], 4, 5)], 2, 3) == [0, 2]. The first request
    takes the blocks 0, 1 and 2. The second one may look up only one hash, (4 - 1) // 2, and finds it in block 0.

    Source: vllm.v1.core.kv_cache_manager:KVCacheManager.get_computed_blocks, vllm.v1.core.block_pool:BlockPool

    每个请求在前缀缓存里命中多少个 token？块池很小，所以会有块被淘汰。

    请求一个接一个：前一个结束，后一个才开始。起初所有块都空闲，没有缓存任何内容，空闲队列按编号 0 到 blocks - 1 排列。对每个请求：

    1. 从第一个起依次查找它的哈希，遇到查不到的就停；但最多查 (prompt_tokens - 1) // block_size 个。命中的块离开空闲队列。
       （几个块缓存着同一个哈希时，命中的是最早缓存它的那个。）
    2. 为 computed_tokens 个 token 还需要的其余块，都从空闲队列的队首取。它们原来缓存的内容就此消失。
    3. 它的满块依次缓存它的各个哈希，每块一个。
    4. 结束时，没有缓存内容的块放回空闲队列的队首；满块放到队尾，请求的最后一块先放。

    requests     每个请求是（hashes, prompt_tokens, computed_tokens）：hashes 是它结束时所有满块的哈希，包括由生成的 token 填满的块；
                 computed_tokens 是提示词加输出，不含最后一个 token
    block_size   每块的 token 数
    blocks       块的总数
    返回值       每个请求命中的 token 数

    例：block_size 为 2 时，prefix_hits([([b"x", b"y"], 4, 5), ([b"x", b"y"], 4, 5)], 2, 3) == [0, 2]。第一个请求占用第 0、1、2 块；
    第二个最多查 (4 - 1) // 2 = 1 个哈希，在第 0 块里命中。
    """
    raise NotImplementedError("prefix_hits")
