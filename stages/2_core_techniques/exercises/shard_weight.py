"""Exercise of lesson 2.5. Grade it: workbook grade shard_weight

第 2.5 课练习。评分：workbook grade shard_weight
"""

import torch


def shard_weight(name: str, parts: list[torch.Tensor], rank: int, ranks: int, head_dim: int) -> torch.Tensor:
    """Which part of a weight does one rank hold, and in which order do packed weights lie there?

    PyTorch stores a linear layer's weight as [outputs, inputs]. Of two weights that vLLM packs into one parameter, a rank
    holds its part of the first, and below it its part of the second.

    name      vLLM's parameter: "qkv_proj", "o_proj", "gate_up_proj" or "down_proj"
    parts     the checkpoint's weights: [q, k, v], [o], [gate, up] or [down]
              (of each a strip: the dimension that is not cut is 8 wide here)
    rank      0 … ranks - 1; ranks in order hold parts in order
    ranks     the tensor parallel size; it divides the query heads, and one of KV heads and ranks divides the other
    head_dim  outputs of q, k or v that make up one head; a head is never cut. With fewer KV heads than ranks each is held
              by several ranks, neighbours.
    returns   what the rank's parameter holds

    Example: gate is [[0], [1], [2], [3]] and up is [[10], [11], [12], [13]] (4 outputs, 1 input). Of gate_up_proj rank 1
    of 2 holds [[2], [3], [12], [13]].

    Source: vllm.model_executor.layers.linear:QKVParallelLinear, vllm.model_executor.layers.linear:RowParallelLinear

    一个 rank 持有权重的哪一部分？打包在一起的权重，在 rank 里按什么次序排列？

    PyTorch 把线性层的权重存为 [输出, 输入]。vLLM 把几个权重打包成一个参数时，rank 先放第一个权重中属于自己的部分，
    下面再放第二个的。

    name      vLLM 的参数名："qkv_proj"、"o_proj"、"gate_up_proj" 或 "down_proj"
    parts     检查点里的权重：[q, k, v]、[o]、[gate, up] 或 [down]
              （各取一条：不切的那一维在这里只有 8）
    rank      0 … ranks - 1；rank 按顺序持有各部分
    ranks     张量并行度；它整除查询头数；KV 头数与它之间，一个整除另一个
    head_dim  q、k、v 中一个头的输出数；头不会被切开。KV 头少于 rank 时，相邻的几个 rank 持有同一个头。
    返回值    该 rank 的参数内容

    例：gate 为 [[0], [1], [2], [3]]，up 为 [[10], [11], [12], [13]]（4 个输出，1 个输入）。ranks 为 2 时，
    rank 1 的 gate_up_proj 是 [[2], [3], [12], [13]]。
    """
    raise NotImplementedError("shard_weight")
