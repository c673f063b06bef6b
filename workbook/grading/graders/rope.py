"""RoPE, against the queries and keys before and after vLLM's rotary embedding."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.llama_layer import Array, frequencies, layers, rope, turn


def cases(run: Evidence) -> Iterator[Case]:
    """Queries and keys of each layer, in each step."""
    for layer in layers(run):
        for call in layer.calls:
            positions, *_ = layer.entering(call)
            for before, after, en, zh in zip(
                layer.before_rope(call), layer.attention(call), ("queries", "keys"), ("查询", "键"), strict=False
            ):
                label = layer.label(call)
                yield Case(
                    (before, positions, layer.config["rope"]), after, Text(f"{label.en}, {en}", f"{label.zh}，{zh}")
                )


def _with(angles: Callable[[Array, dict[str, Any], int], Array], interleaved: bool = False) -> Callable[..., Any]:
    """The answer of somebody who turns by other angles, or pairs other elements."""
    return lambda x, positions, parameters: turn(x, angles(positions[:, None], parameters, x.shape[-1]), interleaved)


def _angles(positions: Array, parameters: dict[str, Any], dim: int) -> Array:
    return np.asarray(positions * frequencies(parameters, dim))


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {"rope_theta": parameters["rope_theta"]}


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with(_angles, interleaved=True),
            Text(
                "you pair neighbours, 2i with 2i + 1 (GPT-J's style); LLaMA's checkpoints pair i with i + head_dim / 2.",
                "你把相邻元素 2i 与 2i + 1 配对（GPT-J 风格）；LLaMA 的检查点是 i 与 i + head_dim / 2 配对。",
            ),
        ),
        Mistake(
            _with(lambda p, r, d: -_angles(p, r, d)),
            Text("you turn the other way: look at the sign of the sine.", "旋转方向反了：请检查 sin 的符号。"),
        ),
        Mistake(
            _with(lambda p, r, d: _angles(p + 1, r, d)),
            Text(
                "your positions start at 1; the first token stands at 0.", "你的位置从 1 开始；第一个 token 在位置 0。"
            ),
        ),
        Mistake(
            _with(lambda p, r, d: p * frequencies(r, d, step=1)),
            Text(
                "your exponent grows half as fast: for pair i it is 2i / head_dim.",
                "你的指数增长慢了一半：第 i 对应为 2i / head_dim。",
            ),
        ),
        Mistake(
            _with(lambda p, r, d: _angles(p, r | {"rope_theta": 10000.0}, d)),
            Text("you took 10000 for theta; this model has its own.", "你用了 10000 作为 theta；这个模型有自己的值。"),
            must_differ=False,  # of a model whose theta that is
        ),
        Mistake(
            lambda x, positions, r: rope(x, positions, _plain(r)),
            Text(
                'you left out Llama 3\'s scaling: `parameters["rope_type"]` is "llama3".',
                '你漏掉了 Llama 3 的缩放：`parameters["rope_type"]` 是 "llama3"。',
            ),
            must_differ=False,  # without such a scaling it is right
        ),
        Mistake(
            lambda x, positions, r: rope(
                x, positions, _plain(r) | {"rope_theta": r["rope_theta"] * r.get("factor", 8.0)}
            ),
            Text(
                "you scaled theta; Llama 3 divides the frequencies of the slow pairs.",
                "你缩放了 theta；Llama 3 是把慢的那些维度对的频率除以 factor。",
            ),
            must_differ=False,
        ),
    ],
    # cos and sin come from a table in bfloat16, and the result is rounded again. What the two products lose goes by
    # the length of the pair, not by what is left of their sum: hence a part of the head's largest number.
    tolerance=Tolerance(relative=0.004, absolute=1e-6, row=0.008),
)
