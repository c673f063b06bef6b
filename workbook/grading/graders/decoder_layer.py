"""A whole layer from the checkpoint's weights, against the pair that vLLM's layer returned for the prompt."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from workbook import grading
from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.llama_layer import decoder_layer, layers

_PARTS = ("rms_norm", "rope", "gqa_attention", "swiglu")  # exercises of their own, which this one calls


def cases(run: Evidence) -> Iterator[Case]:
    """The prefill of each layer: layer 0 gets no residual, layer 1 the pair."""
    for layer in layers(run):
        arguments = (*layer.entering(0), layer.weights, layer.config)
        given = [run.captured(layer.name, 0, which) for which in ("out.0", "out.1")]
        parts = (Text("hidden: the MLP's output", "hidden：MLP 的输出"), Text("residual", "residual"))
        yield Case(arguments, given, layer.label(0), parts=parts)


def _with(wrong: str) -> Callable[..., Any]:
    return partial(decoder_layer, wrong=wrong)


def reason(case: Case, got: Any) -> Text | None:
    """The parts that are not known to be right: an error in one of them shows here as well."""
    left = [name for name in _PARTS if not grading.passed(name)]
    if not left:
        return None
    return Text(
        f"a part of it: {', '.join(left)} {'has' if len(left) == 1 else 'have'} not passed yet; first `workbook grade {left[0]}`.",
        f"出在它用到的部分：{'、'.join(left)} 还没有通过；请先运行 `workbook grade {left[0]}`。",
    )


GRADER = Grader(
    cases,
    reason=reason,
    mistakes=[
        Mistake(
            _with("summed"),
            Text(
                "you added the MLP's output already; vLLM leaves that to the next norm, and returns the pair.",
                "你已经把 MLP 的输出加上去了；vLLM 把这一步留给下一个归一化，返回的是一对张量。",
            ),
        ),
        Mistake(
            _with("residual ignored"),
            Text(
                "from layer 1 on the stream is hidden + residual; you took hidden alone.",
                "从第 1 层起，残差流是 hidden + residual；你只用了 hidden。",
            ),
        ),
        Mistake(
            _with("attention not added"),
            Text(
                "the residual that you return lacks the attention's output.",
                "你返回的 residual 没有加上注意力的输出。",
            ),
        ),
        Mistake(
            _with("attention alone"),
            Text(
                "the residual that you return is the attention's output alone: add the stream that came in.",
                "你返回的 residual 只有注意力的输出：要加上进来的残差流。",
            ),
        ),
        Mistake(
            _with("norm kept"),
            Text(
                "you add the attention's output to the normalised vector; the stream itself is never normalised.",
                "你把注意力的输出加到了归一化之后的向量上；残差流本身从不归一化。",
            ),
        ),
        Mistake(
            _with("no second norm"),
            Text("the MLP's input is not normalised.", "MLP 的输入没有归一化。"),
        ),
        Mistake(_with("no rope"), Text("queries and keys are not turned (RoPE).", "查询和键没有旋转（RoPE）。")),
        Mistake(_with("no mask"), Text("the causal mask is missing.", "缺少因果掩码。")),
        Mistake(
            _with("tiled"),
            Text(
                "the KV heads are repeated in the wrong order: repeat_interleave.",
                "KV 头的重复顺序不对：应当用 repeat_interleave。",
            ),
            must_differ=False,  # as for gqa_attention
        ),
        Mistake(
            _with("transposed"),
            Text(
                "a weight is [outputs, inputs]: x @ W.T. Where it is square, as q_proj here, the wrong way raises no error.",
                "权重的形状是 [输出, 输入]：应为 x @ W.T。像这里的 q_proj 是方阵，写反了也不会报错。",
            ),
        ),
    ],
    # vLLM rounds to bfloat16 some ten times on the way, each time by up to 2^-8 of the number; sums keep the error of
    # their largest part. Measured with SmolLM2: at most 0.009 of a token's largest number; every mistake: above 0.1.
    tolerance=Tolerance(relative=0.008, absolute=1e-6, row=0.02),
)
