"""A solution of lesson 1.4's exercise gqa_attention.

第 1.4 课练习 gqa_attention 的参考解答。
"""

import torch


def gqa_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Causal attention in which several query heads share one KV head (grouped-query attention).

    因果注意力，几个查询头共用一个 KV 头（分组查询注意力）。
    """
    new, heads, head_dim = q.shape
    group = heads // k.shape[1]
    k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
    scores = torch.einsum("nhd,ahd->hna", q, k) / head_dim**0.5
    # Counted from the end: the new tokens are the last ones. In a decode step the one new token sees everything.
    # 从末尾对齐：新 token 是最后那些。解码步里唯一的新 token 能看到全部。
    seen = torch.ones(new, len(k), dtype=torch.bool, device=q.device).tril(len(k) - new)
    weight = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return torch.einsum("hna,ahd->nhd", weight, v).reshape(new, -1)
