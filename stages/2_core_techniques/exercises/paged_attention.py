"""Exercise of lesson 2.1. Grade it: workbook grade paged_attention

第 2.1 课练习。评分：workbook grade paged_attention
"""

import torch


def paged_attention(
    query: torch.Tensor, key_cache: torch.Tensor, value_cache: torch.Tensor, block_table: list[int], seq_len: int
) -> torch.Tensor:
    """Attention of one token in a decode step, over K and V that lie scattered in blocks.

    Its own K and V are in the cache already, as the last of seq_len tokens. Scores are divided by the root of head_dim.
    Several query heads share a KV head: with 9 and 3, heads 0, 1, 2 use KV head 0, and so on.

    query         [heads, head_dim], float32
    key_cache     [blocks, block_size, kv_heads, head_dim], float32: the pool of one layer, of all requests
    value_cache   the same shape. (A CPU of vLLM keeps K transposed inside each block, [head_dim, block_size], and K and V in
                  one tensor; here both are laid out alike. Blocks that no running request holds are zero.)
    block_table   block numbers of this request, in the order of its text
    seq_len       tokens of this request, the new one included. Slots behind them hold something else or nothing
    returns       [heads * head_dim], float32: the heads side by side

    Example: with one head and block_size 2, the table [3, 1] and seq_len 3 read slots 0 and 1 of block 3 and slot 0 of
    block 1. With all keys equal the result is the mean of those three values.

    Source: vllm.v1.attention.backends.cpu_attn:CPUAttentionBackendImpl.forward

    解码步里一个 token 的注意力：它要读的 K 和 V 分散在各个块里。

    它自己的 K 和 V 已经写入缓存，是 seq_len 个 token 中的最后一个。分数要除以 head_dim 的平方根。
    多个查询头共用一个 KV 头：9 个与 3 个时，第 0、1、2 个头用第 0 个 KV 头，依此类推。

    query         [heads, head_dim]，float32
    key_cache     [blocks, block_size, kv_heads, head_dim]，float32：一层的块池，所有请求共用
    value_cache   形状相同。（CPU 上的 vLLM 在块内把 K 转置存放为 [head_dim, block_size]，并且 K 和 V 在同一个张量里；
                  这里已整理成同样的排列。没有被运行中的请求占用的块为零。）
    block_table   这个请求的块号，按它文本的顺序
    seq_len       这个请求的 token 数，包括新的这一个。其后的槽位里是别的内容，或者什么也没有
    返回值        [heads * head_dim]，float32：各个头依次排列

    例：一个头、block_size 为 2 时，块表 [3, 1]、seq_len 3 要读第 3 块的槽位 0、1 和第 1 块的槽位 0。
    如果所有的 K 都相同，结果就是那三个 V 的平均。
    """
    raise NotImplementedError("paged_attention")
