"""Grouped-query attention, against what vLLM's attention gave for the queries, keys and values of a request."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.llama_layer import attend, layers


def cases(run: Evidence) -> Iterator[Case]:
    """Each step of each layer; the keys and values of the steps before are what the KV cache holds by then."""
    for layer in layers(run):
        keys, values = [], []
        for call in layer.calls:
            q, k, v = layer.attention(call)
            keys.append(k)
            values.append(v)
            output = run.captured(f"{layer.name}.self_attn.attn", call, "out.0")
            yield Case((q, np.concatenate(keys), np.concatenate(values)), output, layer.label(call))


def _with(**wrong: Any) -> Callable[..., Any]:
    return lambda q, k, v: attend(q, k, v, **wrong)


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with(tile=True),
            Text(
                "you give query head h the KV head h % kv_heads, as `repeat` does; neighbours share one: h // group, as `repeat_interleave`.",
                "你让查询头 h 使用第 h % kv_heads 个 KV 头（`repeat` 的顺序）；应当是相邻的头共用一个：h // 组大小，即 `repeat_interleave`。",
            ),
            must_differ=False,  # a model with as many KV heads as heads, or with one, cannot refute it
        ),
        Mistake(
            _with(mask="none"),
            Text(
                "tokens see those behind them: the causal mask is missing.",
                "token 看到了它后面的 token：缺少因果掩码。",
            ),
        ),
        Mistake(
            _with(mask="start"),
            Text(
                "in a decode step your one query sees the first key only: count the mask from the end, for the queries are the last tokens.",
                "在解码步里，你唯一的查询只看到第一个键：查询是最后那些 token，掩码要从末尾对齐。",
            ),
        ),
        Mistake(_with(scale=1.0), Text("the scores are not divided by √head_dim.", "分数没有除以 √head_dim。")),
        Mistake(
            lambda q, k, v: attend(q, k, v, scale=float(q.shape[1] * q.shape[2]) ** -0.5),
            Text(
                "you divide by the root of the hidden size; it is that of one head.",
                "你除以了隐藏维度的平方根；应当是单个头的维度。",
            ),
        ),
        Mistake(
            lambda q, k, v: attend(q, k, v).reshape(len(q), q.shape[1], -1).swapaxes(1, 2).reshape(len(q), -1),
            Text(
                "the heads are mixed up in the result: one head's head_dim numbers stand side by side.",
                "结果里各个头混在了一起：同一个头的 head_dim 个数应当相邻。",
            ),
        ),
    ],
    # The result is rounded to bfloat16, and on the way the kernel may round the weights of the mixture.
    tolerance=Tolerance(relative=0.008, absolute=1e-6, row=0.004),
)
