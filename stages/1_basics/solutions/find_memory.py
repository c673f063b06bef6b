"""A solution of lesson 1.6's exercise find_memory.

第 1.6 课练习 find_memory 的参考解答。
"""


def find_memory() -> tuple[str, int, int]:
    """Why does `workbook run step1_debugging --problem memory` refuse to start?

    为什么 `workbook run step1_debugging --problem memory` 拒绝启动？
    """
    # float32 instead of the checkpoint's bfloat16: a token takes 2 · 30 · 3 · 64 · 4 = 46,080 bytes, twice as many as before.
    # 2,048 tokens of that do not fit into 35 blocks of 32 tokens (block 0 is never given out). On a GPU blocks have 16 tokens.
    # 用 float32 代替了检查点的 bfloat16：一个 token 占 2 · 30 · 3 · 64 · 4 = 46,080 字节，是以前的两倍。
    # 2048 个这样的 token 放不进 35 个 32-token 的块（块 0 从不分配）。在 GPU 上每块是 16 个 token。
    return "dtype", 2048 * 46_080, 35 * 32 * 46_080
