"""A solution of lesson 2.5's exercise layer_from_shards.

第 2.5 课练习 layer_from_shards 的参考解答。
"""

import torch


def layer_from_shards(x: torch.Tensor, gate_up: list[torch.Tensor], down: list[torch.Tensor]) -> torch.Tensor:
    """What does the MLP give, when each rank computes with its own shards alone, and one all-reduce follows?

    每个 rank 只用自己的分片计算，最后做一次 all-reduce，MLP 的输出是什么？
    """
    total = torch.zeros_like(x)
    for mine, back in zip(gate_up, down, strict=True):  # on each rank, all at once
        gate, up = (x @ mine.T).chunk(2, dim=-1)
        total += (torch.nn.functional.silu(gate) * up) @ back.T  # +=: the all-reduce
    return total
