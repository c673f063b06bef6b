"""RMSNorm, against what vLLM's norms of two layers gave for what they got."""

from collections.abc import Iterator

import numpy as np

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.llama_layer import Array, layers


def cases(run: Evidence) -> Iterator[Case]:
    """Both norms of each layer, in each step. The sum of a pair is what its norm is taken of; it is not rounded before."""
    captured = run.captured
    for layer in layers(run):
        eps = layer.config["rms_norm_eps"]
        for part in ("input_layernorm", "post_attention_layernorm"):
            name = f"{layer.name}.{part}"
            for call in range(captured.calls(name)):
                x = captured(name, call, "in.0")
                if f"{name}/{call}/in.1" in captured.keys:
                    x = x + captured(name, call, "in.1")
                label = layer.label(call)
                if call not in layer.calls:
                    label = Text("the embeddings divided by 1000", "缩小到千分之一的嵌入向量")
                label = Text(f"{label.en}, {part}", f"{label.zh}，{part}")
                yield Case((x, layer.weights[f"{part}.weight"], eps), captured(name, call, "out.0"), label)


def _rms(x: Array) -> Array:
    return np.asarray(np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True)))


def _layer_norm(x: Array, weight: Array, eps: float) -> Array:
    x = x - x.mean(-1, keepdims=True)
    return np.asarray(x / np.sqrt(np.mean(np.square(x), -1, keepdims=True) + eps) * weight)


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _layer_norm,
            Text(
                "that is LayerNorm: you subtract the mean, which RMSNorm leaves alone.",
                "这是 LayerNorm：你减去了均值，而 RMSNorm 不减。",
            ),
        ),
        Mistake(
            lambda x, weight, eps: x / (_rms(x) + eps) * weight,
            Text(
                "your epsilon is outside the root; it is added to the mean of the squares.",
                "你的 epsilon 在根号外面；它应当加在平方的均值上。",
            ),
        ),
        Mistake(
            lambda x, weight, eps: x / _rms(x) * weight,
            Text("your formula has no epsilon.", "你的公式里没有 epsilon。"),
        ),
        Mistake(
            lambda x, weight, eps: x / np.sqrt(np.sum(np.square(x), -1, keepdims=True) + eps) * weight,
            Text(
                "you sum the squares; it is their mean, so that the width of the vector does not matter.",
                "你对平方求了和；应当取均值，这样结果与向量宽度无关。",
            ),
        ),
        Mistake(
            lambda x, weight, eps: x / (np.mean(np.square(x), -1, keepdims=True) + eps) * weight,
            Text("the square root is missing.", "缺少开平方。"),
        ),
        Mistake(
            lambda x, weight, eps: x / np.sqrt(np.mean(np.square(x)) + eps) * weight,
            Text(
                "your mean runs over all tokens; each token has its own, along the last axis.",
                "你对所有 token 一起取了均值；应当沿最后一维，每个 token 各算各的。",
            ),
        ),
        Mistake(
            lambda x, weight, eps: x / np.sqrt(np.mean(np.square(x), -1, keepdims=True) + eps),
            Text("you do not multiply by the weight.", "你没有乘以 weight。"),
            must_differ=False,  # the tiny model's weights are all 1
        ),
    ],
    # vLLM rounds to bfloat16 twice: the normalised vector, and its product with the weight. Each moves a number by
    # up to 2^-8 of itself.
    tolerance=Tolerance(relative=0.008, absolute=1e-6),
)
