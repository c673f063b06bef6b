"""Exercise of lesson 1.4. Grade it: workbook grade gqa_attention

第 1.4 课练习。评分：workbook grade gqa_attention
"""

import torch


def gqa_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Causal attention in which several query heads share one KV head (grouped-query attention).

    With 9 query heads and 3 KV heads, query heads 0, 1, 2 use KV head 0, query heads 3, 4, 5 use KV head 1, and so on.
    For each query head: scores = q · k / sqrt(head_dim), softmax over the keys, and the values mixed by it. A token sees
    itself and those before it.

    q         [new, heads, head_dim], float32: queries of the new tokens, which this step computes, already turned by RoPE
    k, v      [all, kv_heads, head_dim]: keys and values of all tokens so far, as the KV cache holds them. The new tokens
              are the last of them: in a prefill new == all, in a decode step new == 1.
    returns   [new, heads · head_dim]: the heads side by side

    Example: one new token, two query heads and one KV head of head_dim 1: q = [[[1.0], [0.0]]], k = [[[0.0]], [[1.0]]],
    v = [[[10.0]], [[20.0]]] give [[17.3106, 15.0]]. Query head 1, which is 0, weighs both tokens alike.

    Do it in tensor operations, not with torch's scaled_dot_product_attention.

    Source: vllm.model_executor.layers.attention.attention:Attention.forward

    因果注意力，几个查询头共用一个 KV 头（分组查询注意力）。

    9 个查询头、3 个 KV 头时，查询头 0、1、2 使用 KV 头 0，查询头 3、4、5 使用 KV 头 1，依此类推。对每个查询头：
    分数 = q · k / sqrt(head_dim)，沿键做 softmax，再按它混合各个值。一个 token 只看得到自己和它前面的 token。

    q         [new, 头数, head_dim]，float32：本步计算的 new 个 token 的查询，已经过 RoPE 旋转
    k, v      [all, KV 头数, head_dim]：至今全部 all 个 token 的键和值，与 KV 缓存里的一样。新 token 排在最后：
              预填充时 new == all，解码步里 new == 1。
    返回值    [new, 头数 · head_dim]：各个头依次并排

    例：一个新 token，两个查询头、一个 KV 头，head_dim 为 1：q = [[[1.0], [0.0]]]、k = [[[0.0]], [[1.0]]]、
    v = [[[10.0]], [[20.0]]]，得 [[17.3106, 15.0]]。查询头 1 是 0，对两个 token 一视同仁。

    请用张量运算写出来，不要用 torch 的 scaled_dot_product_attention。
    """
    raise NotImplementedError("gqa_attention")
