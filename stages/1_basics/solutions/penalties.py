"""A solution of lesson 1.5's exercise penalties.

第 1.5 课练习 penalties 的参考解答。
"""

import torch


def penalties(
    logits: torch.Tensor,
    prompt: list[int],
    output: list[int],
    presence: float,
    frequency: float,
    repetition: float,
) -> torch.Tensor:
    """Make tokens that were there before less likely, by three penalties.

    用三种惩罚降低已出现过的 token 的可能性。
    """
    counts = torch.bincount(torch.tensor(output, dtype=torch.long), minlength=len(logits))
    seen = counts > 0
    seen[prompt] = True
    # Dividing a negative logit would make its token likelier. · 负的 logit 若用除法，反而会更可能被选中。
    repeated = torch.where(logits > 0, logits / repetition, logits * repetition)
    return torch.where(seen, repeated, logits) - frequency * counts - presence * (counts > 0)
