"""A solution of lesson 1.4's exercise swiglu.

第 1.4 课练习 swiglu 的参考解答。
"""

import torch


def swiglu(gate_up: torch.Tensor) -> torch.Tensor:
    """The activation inside LLaMA's MLP: one half of the numbers decides how much of the other half passes.

    LLaMA 的 MLP 里的激活函数：由一半的数决定另一半通过多少。
    """
    gate, up = gate_up.chunk(2, dim=-1)
    return torch.nn.functional.silu(gate) * up
