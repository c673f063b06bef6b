"""A solution of lesson 1.5's exercise top_p.

第 1.5 课练习 top_p 的参考解答。
"""

import torch


def top_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Keep the likeliest tokens that together have at least the probability p, and share out all of it among them.

    保留概率最大的若干 token，使它们的概率之和至少为 p，再把全部概率分给它们。
    """
    ordered, places = logits.sort(descending=True)
    chances = ordered.softmax(-1)
    before = chances.cumsum(-1) - chances  # what the likelier tokens have together
    # 比它更可能的 token 的概率之和
    ordered = ordered.masked_fill(before >= p, -torch.inf)
    return torch.empty_like(logits).scatter(0, places, ordered).log_softmax(-1)  # back into the vocabulary's order
    # 放回词表顺序
