"""A solution of lesson 1.4's exercise rms_norm.

第 1.4 课练习 rms_norm 的参考解答。
"""

import torch


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Scale each token's vector to a root mean square (RMS) of 1, then each of its numbers by a learned weight.

    把每个 token 的向量缩放到均方根（RMS）为 1，再逐个元素乘以学到的权重。
    """
    # eps inside the root: what keeps a vector of zeros from dividing by zero.
    # eps 在根号里面：全零的向量才不会除以零。
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight
