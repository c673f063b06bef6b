"""A solution of lesson 2.1's exercise block_allocator.

第 2.1 课练习 block_allocator 的参考解答。
"""

from collections import Counter


class block_allocator:  # noqa: N801  named as its file
    """Gives out the blocks of the KV cache and takes them back, and comes to the very block numbers that vLLM comes to.

    分配和回收 KV 缓存的块，并得出与 vLLM 完全相同的块号。
    """

    def __init__(self, num_blocks: int) -> None:
        """A pool of num_blocks blocks. 共 num_blocks 块。"""
        # A list is short to write; vLLM links the blocks themselves, so that one in the middle is taken out in O(1).
        # 用列表写起来短；vLLM 把块本身串成双向链表，从中间取出一个只要 O(1)。
        self.queue = list(range(1, num_blocks))
        self.holders: Counter[int] = Counter()
        self.tables: dict[str, list[int]] = {}

    def allocate(self, request: str, hit: list[int], new: int) -> list[int]:
        """A request starts. 一个请求开始运行。"""
        for (
            block
        ) in hit:  # before new ones are taken, or one of these might be taken. 先占住命中的块，以免被当作新块取走
            if not self.holders[block]:
                self.queue.remove(block)
            self.holders[block] += 1
        self.tables[request] = list(hit)
        self.append(request, new)
        return list(self.tables[request])

    def append(self, request: str, new: int) -> list[int]:
        """A running request needs more. 运行中的请求还需要块。"""
        taken, self.queue = self.queue[:new], self.queue[new:]
        self.holders.update(taken)
        self.tables[request] += taken
        return taken

    def free(self, request: str, cached: int) -> None:
        """A request ends. 一个请求结束。"""
        front, end = [], []
        for place, block in reversed(list(enumerate(self.tables.pop(request)))):
            self.holders[block] -= 1
            if not self.holders[block]:
                (end if place < cached else front).append(block)
        self.queue = front + self.queue + end

    def num_free(self) -> int:
        """How many blocks are free. 空闲块的数量。"""
        return len(self.queue)

    def ref_count(self, block: int) -> int:
        """How many requests hold the block. 有多少个请求占用这个块。"""
        return self.holders[block]
