"""A solution of lesson 2.5's exercise shard_weight.

第 2.5 课练习 shard_weight 的参考解答。
"""

import torch


def shard_weight(name: str, parts: list[torch.Tensor], rank: int, ranks: int, head_dim: int) -> torch.Tensor:
    """Which part of a weight does one rank hold, and in which order do packed weights lie there?

    一个 rank 持有权重的哪一部分？打包在一起的权重，在 rank 里按什么次序排列？
    """
    if name in ("o_proj", "down_proj"):
        return parts[0].chunk(ranks, dim=1)[rank]
    shares = [ranks] * len(parts)
    if name == "qkv_proj":
        kv_heads = len(parts[1]) // head_dim
        shares[1:] = [min(ranks, kv_heads)] * 2  # fewer than ranks: rank after rank takes the same share
    mine = [part.chunk(share)[rank * share // ranks] for part, share in zip(parts, shares, strict=True)]
    return torch.cat(mine)
