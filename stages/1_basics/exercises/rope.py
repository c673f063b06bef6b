"""Exercise of lesson 1.4. Grade it: workbook grade rope

第 1.4 课练习。评分：workbook grade rope
"""

from typing import Any

import torch


def rope(x: torch.Tensor, positions: torch.Tensor, parameters: dict[str, Any]) -> torch.Tensor:
    """Turn every query, or key, by its position (rotary position embedding).

    Element i of a head and element i + head_dim / 2 make a pair. Pair i turns by the angle position · frequency_i, with
    frequency_i = rope_theta ** (-2i / head_dim), in radians. A pair (a, b) turned by t becomes
    (a · cos t - b · sin t, b · cos t + a · sin t).

    x           [tokens, heads, head_dim], float32: queries or keys, as they come out of qkv_proj
    positions   [tokens], integers: the place of each token in its text, the first is 0
    parameters  {"rope_theta": 100000.0, "rope_type": "default"} in SmolLM2. Where rope_type is "llama3", there are also
                factor, low_freq_factor, high_freq_factor and original_max_position_embeddings (called L below). Then
                turns = L · frequency_i / 2π, smooth = (turns - low) / (high - low), cut to 0 … 1, and pair i has the
                frequency smooth · frequency_i + (1 - smooth) · frequency_i / factor. Runs with --llama3-rope ask for it.
    returns     [tokens, heads, head_dim]

    Example: one head of 4, x = [[[1.0, 2.0, 3.0, 4.0]]], positions = [1], rope_theta = 100.0: pair 0 is (1, 3) and turns
    by 1 radian, pair 1 is (2, 4) and turns by 0.1: [[[-1.9841, 1.5907, 2.4624, 4.1797]]].

    Source: vllm.model_executor.layers.rotary_embedding.base:RotaryEmbedding.forward_static,
    vllm.model_executor.layers.rotary_embedding.llama3_rope:Llama3RotaryEmbedding._compute_inv_freq

    按位置旋转每个查询或键（旋转位置编码）。

    一个头的第 i 个元素与第 i + head_dim / 2 个元素为一对。第 i 对旋转的角度是 位置 · 频率_i，
    频率_i = rope_theta ** (-2i / head_dim)，单位为弧度。一对 (a, b) 旋转 t 之后是
    (a · cos t - b · sin t, b · cos t + a · sin t)。

    x           [token 数, 头数, head_dim]，float32：qkv_proj 输出的查询或键
    positions   [token 数]，整数：每个 token 在文本中的位置，第一个是 0
    parameters  SmolLM2 为 {"rope_theta": 100000.0, "rope_type": "default"}。rope_type 是 "llama3" 时，还有 factor、
                low_freq_factor、high_freq_factor 和 original_max_position_embeddings（下面记作 L）。此时
                turns = L · 频率_i / 2π，smooth = (turns - low) / (high - low)，截断到 0 … 1，第 i 对的频率是
                smooth · 频率_i + (1 - smooth) · 频率_i / factor。用 --llama3-rope 运行后，评分会要求这一部分。
    返回值      [token 数, 头数, head_dim]

    例：一个头，head_dim 为 4，x = [[[1.0, 2.0, 3.0, 4.0]]]、positions = [1]、rope_theta = 100.0：第 0 对是 (1, 3)，
    旋转 1 弧度；第 1 对是 (2, 4)，旋转 0.1 弧度：[[[-1.9841, 1.5907, 2.4624, 4.1797]]]。
    """
    raise NotImplementedError("rope")
