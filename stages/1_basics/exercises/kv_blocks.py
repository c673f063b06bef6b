"""Exercise of lesson 1.1. Grade it: workbook grade kv_blocks

第 1.1 课练习。评分：workbook grade kv_blocks
"""


def kv_blocks(prompt_tokens: int, forward_pass: int, block_size: int) -> int:
    """How many blocks of KV cache does a request hold during one of its forward passes?

    Every forward pass writes the keys and values of the tokens that it takes in. vLLM gives the request the blocks for
    them before the pass starts, and no block earlier than it is needed.

    prompt_tokens   tokens of the prompt; the first forward pass (the prefill) takes in all of them
    forward_pass    which of the request's forward passes: 1 is the prefill, every later one is a decode step
    block_size      tokens that one block has room for
    returns         blocks in the request's block table while this forward pass runs, as an int

    Example: 37 prompt tokens and blocks of 32 need 2 blocks in forward pass 1: kv_blocks(37, 1, 32) == 2

    Source: vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots

    一个请求在某次前向计算期间持有多少个 KV 缓存块？

    每次前向计算都会写入本次输入的那些 token 的 K 和 V。vLLM 在前向计算开始之前为它们分配好块，
    并且不会提前分配暂时用不到的块。

    prompt_tokens   提示词的 token 数；第一次前向计算（预填充）一次输入全部提示词
    forward_pass    这个请求的第几次前向计算：1 是预填充，之后每次都是一个解码步
    block_size      一个块能放多少个 token
    返回值          这次前向计算期间，请求的块表里有多少个块（int）

    例：37 个提示词 token、块大小 32，第 1 次前向计算需要 2 个块：kv_blocks(37, 1, 32) == 2
    """
    raise NotImplementedError("kv_blocks")
