"""A solution of lesson 1.4's exercise decoder_layer. It uses the other four.

第 1.4 课练习 decoder_layer 的参考解答，用到另外四个练习。
"""

from typing import Any

import torch
from gqa_attention import gqa_attention
from rms_norm import rms_norm
from rope import rope
from swiglu import swiglu


def decoder_layer(
    positions: torch.Tensor,
    hidden: torch.Tensor,
    residual: torch.Tensor | None,
    weights: dict[str, torch.Tensor],
    config: dict[str, Any],
) -> tuple[torch.Tensor, torch.Tensor]:
    """A whole LLaMA layer on the tokens of a prompt, from its parts.

    LLaMA 完整的一层，由各部分拼成。
    """

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ weights[f"{name}.weight"].T

    def heads(x: torch.Tensor) -> torch.Tensor:
        return x.view(len(x), -1, config["head_dim"])

    stream = hidden if residual is None else hidden + residual
    x = rms_norm(stream, weights["input_layernorm.weight"], config["rms_norm_eps"])
    q, k, v = (heads(linear(x, f"self_attn.{name}_proj")) for name in "qkv")
    q, k = (rope(part, positions, config["rope"]) for part in (q, k))
    stream = stream + linear(gqa_attention(q, k, v), "self_attn.o_proj")

    x = rms_norm(stream, weights["post_attention_layernorm.weight"], config["rms_norm_eps"])
    gate_up = torch.cat((linear(x, "mlp.gate_proj"), linear(x, "mlp.up_proj")), dim=-1)
    return linear(swiglu(gate_up), "mlp.down_proj"), stream
