"""Exercise of lesson 1.4. Grade it: workbook grade rms_norm

第 1.4 课练习。评分：workbook grade rms_norm
"""

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Scale each token's vector to a root mean square (RMS) of 1, then each of its numbers by a learned weight.

    RMSNorm(x) = x / sqrt(mean(x²) + eps) · weight, the mean over the numbers of one token.

    x         [tokens, hidden], float32: the numbers that vLLM's norm got
    weight    [hidden], float32, from the checkpoint
    eps       rms_norm_eps of config.json, 1e-05 in SmolLM2
    returns   [tokens, hidden]

    Example: x = [[3.0, 4.0]], weight = [1.0, 2.0] and eps = 0.5 give [[0.8321, 2.2188]], for mean(x²) is 12.5.

    Some cases are of vectors so small that eps decides. vLLM computes in float32 and rounds to bfloat16 twice, so the
    grader allows 0.8 %.

    Source: vllm.model_executor.layers.layernorm:RMSNorm.forward_native

    把每个 token 的向量缩放到均方根（RMS）为 1，再逐个元素乘以学到的权重。

    RMSNorm(x) = x / sqrt(mean(x²) + eps) · weight，均值只对同一个 token 的各个数来取。

    x         [token 数, hidden]，float32：就是送进 vLLM 归一化的那些数
    weight    [hidden]，float32，来自检查点
    eps       config.json 里的 rms_norm_eps，SmolLM2 为 1e-05
    返回值    [token 数, hidden]

    例：x = [[3.0, 4.0]]、weight = [1.0, 2.0]、eps = 0.5，得 [[0.8321, 2.2188]]，因为 mean(x²) 是 12.5。

    有些用例的向量很小，结果由 eps 决定。vLLM 用 float32 计算，并两次舍入到 bfloat16，所以评分允许 0.8 % 的误差。
    """
    raise NotImplementedError("rms_norm")
