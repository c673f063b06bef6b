"""Exercise of lesson 2.5. Grade it: workbook grade layer_from_shards

第 2.5 课练习。评分：workbook grade layer_from_shards
"""

import torch


def layer_from_shards(x: torch.Tensor, gate_up: list[torch.Tensor], down: list[torch.Tensor]) -> torch.Tensor:
    """What does the MLP give, when each rank computes with its own shards alone, and one all-reduce follows?

    Each rank has the whole x. It computes gate and up for its own share of the intermediate numbers, SiLU(gate) · up of
    them, and the part of down_proj that belongs to them. What it has then is as large as the result, but only a part of it.

    x         [tokens, hidden], float32: what goes into the MLP
    gate_up   of each rank, [2 · intermediate / ranks, hidden]: its gate, and below it its up
    down      of each rank, [hidden, intermediate / ranks]
    returns   [tokens, hidden]: what every rank has after the all-reduce

    Example: one token x = [[1.0]], two ranks, gate_up [[1.0], [2.0]] and [[1.0], [3.0]], down [[1.0]] and [[10.0]]: the
    ranks give SiLU(1) · 2 · 1 = 1.4621 and SiLU(1) · 3 · 10 = 21.9318, the result is [[23.3939]].

    Source: vllm.model_executor.models.llama:LlamaMLP.forward, vllm.model_executor.layers.linear:RowParallelLinear.forward

    每个 rank 只用自己的分片计算，最后做一次 all-reduce，MLP 的输出是什么？

    每个 rank 都有完整的 x。它为自己那份中间维度算 gate、up 和 SiLU(gate) · up，再乘以 down_proj 中对应的部分。
    这时它手里的张量与结果一样大，但只是结果的一部分。

    x         [token 数, hidden]，float32：MLP 的输入
    gate_up   每个 rank 的 [2 · intermediate / ranks, hidden]：先是自己的 gate，下面是自己的 up
    down      每个 rank 的 [hidden, intermediate / ranks]
    返回值    [token 数, hidden]：all-reduce 之后每个 rank 都有的结果

    例：一个 token，x = [[1.0]]；两个 rank，gate_up 为 [[1.0], [2.0]] 和 [[1.0], [3.0]]，down 为 [[1.0]] 和 [[10.0]]：
    两个 rank 分别得 SiLU(1) · 2 · 1 = 1.4621 和 SiLU(1) · 3 · 10 = 21.9318，结果是 [[23.3939]]。
    """
    raise NotImplementedError("layer_from_shards")
