"""Exercise of lesson 1.4. Grade it: workbook grade decoder_layer

第 1.4 课练习。评分：workbook grade decoder_layer
"""

from typing import Any

import torch


def decoder_layer(
    positions: torch.Tensor,
    hidden: torch.Tensor,
    residual: torch.Tensor | None,
    weights: dict[str, torch.Tensor],
    config: dict[str, Any],
) -> tuple[torch.Tensor, torch.Tensor]:
    """A whole LLaMA layer on the tokens of a prompt, from its parts. Use your own four functions:
    `from rms_norm import rms_norm`, and so on; they lie in this folder.

    stream    = hidden + residual, or hidden alone where residual is None (layer 0)
    attention = o_proj(gqa_attention(q, k, v)), with q, k, v from the normalised stream (input_layernorm), q and k turned
    residual' = stream + attention
    hidden'   = down_proj(SwiGLU of gate_proj and up_proj), of the normalised residual' (post_attention_layernorm)

    vLLM does not add hidden' to residual': it returns both, and the next layer's norm adds them as it reads them.

    positions   [tokens], integers
    hidden      [tokens, hidden], float32; residual: the same, or None
    weights     of this layer, named as in the checkpoint: "input_layernorm.weight", "self_attn.q_proj.weight",
                "self_attn.k_proj.weight", "self_attn.v_proj.weight", "self_attn.o_proj.weight",
                "post_attention_layernorm.weight", "mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight".
                A linear layer's weight is [outputs, inputs]: it computes x @ weight.T. LLaMA's have no bias.
    config      {"num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64, "rms_norm_eps": 1e-05, "rope": {…}}
                config["rope"] is what rope takes as its parameters
    returns     (hidden', residual'), each [tokens, hidden]

    Example: SmolLM2's layer 0 gets 5 tokens, so hidden is [5, 576] and residual None; it returns two tensors [5, 576].

    Source: vllm.model_executor.models.llama:LlamaDecoderLayer.forward

    LLaMA 完整的一层，作用于一个提示词的所有 token，由各部分拼成。请用你自己写的四个函数：
    `from rms_norm import rms_norm` 等等，它们就在这个目录里。

    残差流    = hidden + residual；residual 为 None 时（第 0 层）就是 hidden
    attention = o_proj(gqa_attention(q, k, v))，q、k、v 由归一化之后的残差流（input_layernorm）得到，q 和 k 要旋转
    residual' = 残差流 + attention
    hidden'   = down_proj(gate_proj 与 up_proj 的 SwiGLU)，输入是归一化之后的 residual'（post_attention_layernorm）

    vLLM 不把 hidden' 加到 residual' 上：两个都返回，由下一层的归一化在读入时相加。

    positions   [token 数]，整数
    hidden      [token 数, hidden]，float32；residual 形状相同，或为 None
    weights     本层的九个权重，名称与检查点相同："input_layernorm.weight"、"self_attn.q_proj.weight"、
                "self_attn.k_proj.weight"、"self_attn.v_proj.weight"、"self_attn.o_proj.weight"、
                "post_attention_layernorm.weight"、"mlp.gate_proj.weight"、"mlp.up_proj.weight"、"mlp.down_proj.weight"。
                线性层的 weight 是 [输出, 输入]，计算 x @ weight.T；LLaMA 的线性层没有偏置。
    config      {"num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64, "rms_norm_eps": 1e-05, "rope": {…}}
                config["rope"] 就是传给 rope 的 parameters
    返回值      (hidden', residual')，形状都是 [token 数, hidden]

    例：SmolLM2 的第 0 层收到 5 个 token，所以 hidden 是 [5, 576]，residual 是 None；返回两个 [5, 576] 的张量。
    """
    raise NotImplementedError("decoder_layer")
