"""Solution of lesson 2.7's exercise. 第 2.7 课练习的参考解答。"""

import torch


def rejection_sample(
    draft_ids: torch.Tensor,
    draft_probs: torch.Tensor | None,
    target_probs: torch.Tensor,
    bonus_id: int,
    uniform: torch.Tensor,
    noise: torch.Tensor,
) -> list[int]:
    """Whatever q is, p comes out: min(p, q) by acceptance, and what is missing, max(0, p - q), by rejection.

    不论 q 是什么，结果都服从 p：接受带来 min(p, q)，拒绝补上缺少的 max(0, p - q)。
    """
    if draft_probs is None:
        draft_probs = torch.nn.functional.one_hot(draft_ids, target_probs.shape[1]).float()
    kept: list[int] = []
    for position, draft in enumerate(draft_ids.tolist()):
        p, q = target_probs[position], draft_probs[position]
        if p[draft] / q[draft] >= uniform[position]:
            kept.append(draft)
            continue
        missing = (p - q).clamp(min=0)
        return [*kept, int((missing / noise).argmax())]
    return [*kept, bonus_id]
