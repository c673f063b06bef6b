"""Exercise of lesson 2.1. Grade it: workbook grade block_allocator

第 2.1 课练习。评分：workbook grade block_allocator
"""


class block_allocator:  # noqa: N801  named as its file
    """Gives out the blocks of the KV cache and takes them back, and comes to the very block numbers that vLLM comes to.

    Free blocks stand in a queue, in the order of their numbers at first. New blocks are taken from its front. How many
    requests hold a block is its reference count; a block goes back into the queue when nobody holds it any more.

    When a request ends, its blocks are given back from the last to the first. Those whose content stays in the prefix
    cache go to the end of the queue one after another, since they may be asked for again. The others are of no use to
    anyone, and go to the front, so that they are taken next: as a group, the first given back foremost.

    A request may hold blocks of others, found in the prefix cache. Such a block may also be in the queue, free, but with
    its content: then it leaves the queue, wherever it stands.

    Example: pool = block_allocator(8); pool.allocate("a", [], 3) == [1, 2, 3]; pool.allocate("b", [1], 1) == [1, 4];
    pool.ref_count(1) == 2; pool.append("a", 1) == [5]; pool.free("a", 2); pool.num_free() == 5: blocks 5, 3, 6, 7, 2

    Source: vllm.v1.core.block_pool:BlockPool.get_new_blocks, vllm.v1.core.block_pool:BlockPool.free_blocks

    分配和回收 KV 缓存的块，并得出与 vLLM 完全相同的块号。

    空闲块排成一个队列，起初按块号排列；新块从队首取。一个块被多少个请求占用，就是它的引用计数；没有请求占用时，
    它回到队列里。

    请求结束时，从最后一块到第一块依次归还。内容留在前缀缓存里的块，逐个排到队尾，因为以后可能还会用到。其余的块
    谁也用不上，排到队首，下次先取：它们作为一组插入，最先归还的在最前面。

    一个请求可以占用在前缀缓存中找到的、别的请求的块。这样的块也可能正空闲地排在队列里，但内容还在：这时它无论排在
    哪里都要离开队列。

    例：pool = block_allocator(8); pool.allocate("a", [], 3) == [1, 2, 3]; pool.allocate("b", [1], 1) == [1, 4];
    pool.ref_count(1) == 2; pool.append("a", 1) == [5]; pool.free("a", 2); pool.num_free() == 5：第 5、3、6、7、2 块
    """

    def __init__(self, num_blocks: int) -> None:
        """A pool of num_blocks blocks. Block 0 is the null block, which nobody ever gets.

        共 num_blocks 块。第 0 块是占位块（null block），从不分配。
        """
        raise NotImplementedError("block_allocator")

    def allocate(self, request: str, hit: list[int], new: int) -> list[int]:
        """A request starts: it holds the blocks ``hit``, found in the prefix cache, and ``new`` more. Returns its block table.

        一个请求开始运行：占用在前缀缓存中命中的块 hit，再新分配 new 块。返回它的块表。
        """
        raise NotImplementedError("block_allocator")

    def append(self, request: str, new: int) -> list[int]:
        """A running request needs ``new`` more blocks. Returns their numbers.

        运行中的请求还需要 new 块。返回它们的块号。
        """
        raise NotImplementedError("block_allocator")

    def free(self, request: str, cached: int) -> None:
        """A request ends. The first ``cached`` blocks of its table stay in the prefix cache.

        一个请求结束。它块表中的前 cached 块留在前缀缓存里。
        """
        raise NotImplementedError("block_allocator")

    def num_free(self) -> int:
        """How many blocks are free, those with content in the prefix cache included.

        空闲块的数量，包括内容仍在前缀缓存里的。
        """
        raise NotImplementedError("block_allocator")

    def ref_count(self, block: int) -> int:
        """How many requests hold the block.

        有多少个请求占用这个块。
        """
        raise NotImplementedError("block_allocator")
