"""Exercise of lesson 1.4. Grade it: workbook grade swiglu

第 1.4 课练习。评分：workbook grade swiglu
"""

import torch


def swiglu(gate_up: torch.Tensor) -> torch.Tensor:
    """The activation inside LLaMA's MLP: one half of the numbers decides how much of the other half passes.

    vLLM computes gate_proj and up_proj as one matrix; gate_up is what comes out of it, gate first, then up.
    SwiGLU = SiLU(gate) · up, with SiLU(z) = z · sigmoid(z).

    gate_up   [tokens, 2 · intermediate], float32
    returns   [tokens, intermediate]

    Example: [[1.0, -1.0, 2.0, 3.0]] gives [[1.4621, -0.8068]]: SiLU(1) · 2 and SiLU(-1) · 3.

    Source: vllm.model_executor.layers.activation:SiluAndMul.forward_native

    LLaMA 的 MLP 里的激活函数：由一半的数决定另一半通过多少。

    vLLM 把 gate_proj 和 up_proj 合成一个矩阵来算；gate_up 是它的输出，先是 gate，后是 up。
    SwiGLU = SiLU(gate) · up，其中 SiLU(z) = z · sigmoid(z)。

    gate_up   [token 数, 2 · intermediate]，float32
    返回值    [token 数, intermediate]

    例：[[1.0, -1.0, 2.0, 3.0]] 得 [[1.4621, -0.8068]]，即 SiLU(1) · 2 和 SiLU(-1) · 3。
    """
    raise NotImplementedError("swiglu")
