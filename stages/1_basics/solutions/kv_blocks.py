"""A solution of lesson 1.1's exercise kv_blocks.

第 1.1 课练习 kv_blocks 的参考解答。
"""


def kv_blocks(prompt_tokens: int, forward_pass: int, block_size: int) -> int:
    """How many blocks of KV cache does a request hold during one of its forward passes?

    一个请求在某次前向计算期间持有多少个 KV 缓存块？
    """
    # Without the token that this pass samples: the next pass computes its K and V.
    # 不包括本次采样出的 token：下一次前向计算才会算出它的 K 和 V。
    tokens = prompt_tokens + forward_pass - 1
    return -(-tokens // block_size)  # rounded up, as vllm.utils.math_utils:cdiv
