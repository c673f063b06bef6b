"""SwiGLU, against what vLLM's SiluAndMul gave for the output of gate_up_proj."""

from collections.abc import Iterator

import numpy as np

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.llama_layer import Array, layers, silu


def cases(run: Evidence) -> Iterator[Case]:
    """Each step of each layer."""
    for layer in layers(run):
        for call in layer.calls:
            x, y = (run.captured(f"{layer.name}.mlp.act_fn", call, which) for which in ("in.0", "out.0"))
            yield Case((x,), y, layer.label(call))


def _halves(x: Array) -> tuple[Array, Array]:
    gate, up = np.split(x, 2, axis=-1)
    return gate, up


def _gelu(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))))


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            lambda x: _halves(x)[0] * silu(_halves(x)[1]),
            Text(
                "SiLU is on the wrong half: gate is the first, up the second.",
                "SiLU 用错了一半：前一半是 gate，后一半是 up。",
            ),
        ),
        Mistake(
            lambda x: silu(x[..., ::2]) * x[..., 1::2],
            Text("gate and up are the two halves, not every other number.", "gate 和 up 是前后两半，不是交替排列。"),
        ),
        Mistake(
            lambda x: 1 / (1 + np.exp(-_halves(x)[0])) * _halves(x)[1],
            Text("that is a sigmoid; SiLU multiplies it by its own input.", "这是 sigmoid；SiLU 还要再乘以输入本身。"),
        ),
        Mistake(lambda x: silu(_halves(x)[0]), Text("up does not take part.", "up 没有参与计算。")),
        Mistake(
            lambda x: silu(x[..., : x.shape[-1] // 2] * x[..., x.shape[-1] // 2 :]),
            Text("SiLU is taken of gate alone, before the product.", "SiLU 只作用于 gate，在相乘之前。"),
        ),
        Mistake(lambda x: _gelu(_halves(x)[0]) * _halves(x)[1], Text("that is GELU.", "这是 GELU。")),
    ],
    # Two roundings to bfloat16, of SiLU and of the product: each up to 2^-8 of the number.
    tolerance=Tolerance(relative=0.008, absolute=1e-6),
)
