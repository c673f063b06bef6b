"""Exercise of lesson 2.6. Grade it: workbook grade quantize_kv

第 2.6 课练习。评分：workbook grade quantize_kv
"""

import torch


def quantize_kv(kv: torch.Tensor, kind: str, scale: float) -> list[torch.Tensor]:
    """What does the cache hold for these keys (or values), and with which scales is it read?

    kv       [tokens, kv_heads, head_dim] float32: what an attention layer gives to its cache
    kind     "fp8" (e4m3: 3 bits of mantissa, at most 448), "fp8_e5m2" (2 bits, at most 57,344) or "int8_per_token_head"
    scale    the layer's k_scale or v_scale, for the two fp8 kinds; int8 makes its own
    returns  [stored, scales]
             stored  like kv, float32: the numbers that the 8 bits stand for, before any scale
             scales  [tokens, kv_heads] float32; attention reads stored · scales

    fp8: kv · (1 / scale), then what is too large becomes the largest number of the kind, and what lies between two
    numbers of the kind becomes the one that is nearer to zero. That is vLLM's CPU kernel; a card takes the nearest.
    int8: a scale for each token and head, its largest |value| / 127, and at least 1e-6; then kv · (1 / scale), rounded to
    the nearest integer, a half away from zero.

    Example: kv is [[[1.9, -0.3]]], scale 1.0. With "fp8" stored is [[[1.875, -0.28125]]] and scales [[1.0]]; with
    "int8_per_token_head" stored is [[[127.0, -20.0]]] and scales [[0.01496…]].

    Source: vllm.v1.attention.backends.cpu_attn:CPUAttentionBackendImpl.do_kv_cache_update (fp8),
    vllm.v1.attention.ops.triton_reshape_and_cache_flash:triton_reshape_and_cache_flash_per_token_head_quant (int8)

    这些键（或值）在缓存里存成什么，读取时又乘以什么缩放因子？

    kv       [token 数, kv_heads, head_dim] float32：注意力层交给缓存的内容
    kind     "fp8"（e4m3：尾数 3 位，最大 448）、"fp8_e5m2"（尾数 2 位，最大 57,344）或 "int8_per_token_head"
    scale    这一层的 k_scale 或 v_scale，用于两种 fp8；int8 自己算
    返回值   [stored, scales]
             stored  形状同 kv，float32：8 个比特所表示的数，未乘缩放因子
             scales  [token 数, kv_heads] float32；注意力读到的是 stored · scales

    fp8：先算 kv · (1 / scale)；超出范围的取该类型的最大值，落在两个可表示数之间的取靠近零的那个。
    这是 vLLM 的 CPU 内核的做法；显卡取最近的。
    int8：每个 token、每个头一个缩放因子，即其中最大的 |值| / 127，且不小于 1e-6；再算 kv · (1 / scale)，
    舍入到最近的整数，恰好一半时远离零。

    例：kv 为 [[[1.9, -0.3]]]，scale 为 1.0。"fp8" 时 stored 为 [[[1.875, -0.28125]]]，scales 为 [[1.0]]；
    "int8_per_token_head" 时 stored 为 [[[127.0, -20.0]]]，scales 为 [[0.01496…]]。
    """
    raise NotImplementedError("quantize_kv")
