"""A solution of lesson 2.1's exercise paged_attention.

第 2.1 课练习 paged_attention 的参考解答。
"""

import torch


def paged_attention(
    query: torch.Tensor, key_cache: torch.Tensor, value_cache: torch.Tensor, block_table: list[int], seq_len: int
) -> torch.Tensor:
    """Attention of one token in a decode step, over K and V that lie scattered in blocks.

    解码步里一个 token 的注意力：它要读的 K 和 V 分散在各个块里。
    """
    # Gathered in the order of the text, and cut where it ends. A kernel does not copy: it walks through the table.
    # 按文本顺序收集，到文本末尾为止。真正的 kernel不复制，而是沿着块表逐块读取。
    keys, values = (cache[block_table].flatten(0, 1)[:seq_len] for cache in (key_cache, value_cache))
    heads, head_dim = query.shape
    grouped = query.view(keys.shape[1], -1, head_dim)  # [kv_heads, heads of each, head_dim]
    scores = torch.einsum("kgd,skd->kgs", grouped, keys) / head_dim**0.5
    return torch.einsum("kgs,skd->kgd", scores.softmax(dim=-1), values).reshape(heads * head_dim)
