"""A solution of lesson 1.4's exercise rope.

第 1.4 课练习 rope 的参考解答。
"""

from typing import Any

import torch


def rope(x: torch.Tensor, positions: torch.Tensor, parameters: dict[str, Any]) -> torch.Tensor:
    """Turn every query, or key, by its position (rotary position embedding).

    按位置旋转每个查询或键（旋转位置编码）。
    """
    head_dim = x.shape[-1]
    frequency = parameters["rope_theta"] ** (-torch.arange(0, head_dim, 2) / head_dim)
    if parameters.get("rope_type") == "llama3":
        low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
        turns = parameters["original_max_position_embeddings"] * frequency / (2 * torch.pi)
        smooth = ((turns - low) / (high - low)).clamp(0, 1)  # 1: as it is, 0: slowed by the factor
        frequency = smooth * frequency + (1 - smooth) * frequency / parameters["factor"]
    angle = positions[:, None, None] * frequency  # [tokens, 1, head_dim / 2]: the same for every head
    cos, sin = angle.cos(), angle.sin()
    a, b = x.chunk(2, dim=-1)  # halves, not neighbours · 前后两半，不是相邻元素
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)
