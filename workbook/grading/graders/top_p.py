"""Top-p, against what vLLM's filter made of the logits that entered it, in rows of a real step."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbook import runinfo
from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.values import Tensor, normal

_FILTER = "sampler.topk_topp_sampler"
_ROUNDING = 2e-6  # of a probability: where p is closer than this to a sum, float32 decides and not the rule


def cases(run: Evidence) -> Iterator[Case]:
    """The first step's rows with a top_p, and no top_k."""
    captured, info = run.captured, runinfo.read(run.folder)
    if info is None or "rows" not in info.results:
        raise run.lacking(runinfo.FILE)
    entered, drawn = captured(_FILTER, 0, "in.0"), captured(_FILTER, 0, "out.1")
    top_k, top_p = captured(_FILTER, 0, "in.2"), captured(_FILTER, 0, "in.3")
    for row in range(len(entered)):
        # SamplingParams(top_p=0.9) is a double; vLLM keeps it as float32, and so 0.9 arrives as 0.89999998.
        p = round(float(top_p[row]), 6)
        if p < 1 and top_k[row] == entered.shape[1] and not _rounding_decides(entered[row], p):
            label: str = info.results["rows"][row]
            yield Case((entered[row], p), _in_order(entered[row], drawn[row]), Text(label, label))


def _chances(logits: Any) -> Any:
    shares = np.exp(logits.astype(np.float64) - logits.max())
    return shares / shares.sum()


def _rounding_decides(logits: Any, p: float) -> bool:
    sums = np.cumsum(np.sort(_chances(logits))[::-1])
    return bool(np.abs(sums - p).min() < _ROUNDING)


def _in_order(logits: Any, values: Any) -> Any:
    """The values, those of equal logits in ascending order: which of them a sort puts first is its own affair."""
    ordered = np.empty_like(values)
    ordered[np.argsort(logits, kind="stable")] = values[np.lexsort((values, logits))]
    return ordered


def _normal_form(case: Case, value: Any) -> Any:
    logits = case.arguments[0]
    if not isinstance(value, Tensor) or value.shape != list(logits.shape) or "float" not in value.dtype:
        return value
    return normal(_in_order(logits, value.numpy()))


def _filtered(logits: Any, p: float, wrong: str) -> Any:
    chances = _chances(logits)
    order = np.arange(len(logits)) if wrong == "unsorted" else np.argsort(-logits, kind="stable")
    sums = np.cumsum(chances[order])
    kept = sums <= p if wrong == "crossing dropped" else sums - chances[order] < p
    if wrong == "least likely":
        kept = ~kept
    kept[0] |= not kept.any()
    if wrong == "min_p":
        kept = chances[order] >= p * chances.max()
    if wrong == "not put back":
        order = np.arange(len(logits))
        chances = np.sort(chances)[::-1]
    mask = np.zeros(len(logits), bool)
    mask[order] = kept
    left = np.where(mask, chances, 0.0)
    if wrong == "zero":
        left = _chances(np.where(mask, logits, 0.0))
    if wrong != "not renormalised":
        left = left / left.sum()
    if wrong == "no logarithm":
        return left
    with np.errstate(divide="ignore"):
        return np.log(left)


def _with(wrong: str) -> Callable[..., Any]:
    return lambda logits, p: _in_order(logits, _filtered(logits, p, wrong))


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with("crossing dropped"),
            Text(
                "you drop the token whose probability makes the sum reach p; it stays, else less than p would be left.",
                "你丢掉了使总和达到 p 的那个 token；它要保留，否则剩下的不足 p。",
            ),
        ),
        Mistake(
            _with("not put back"),
            Text(
                "your result is in sorted order: put each number back to its token's place in the vocabulary.",
                "你的结果是排序后的顺序：请把每个数放回该 token 在词表中的位置。",
            ),
        ),
        Mistake(
            _with("not renormalised"),
            Text(
                "the probabilities of the kept tokens add up to about p: they must share all of it, so divide by their sum.",
                "保留下来的 token 的概率之和约为 p：应当重新归一化，除以它们的和。",
            ),
        ),
        Mistake(
            _with("unsorted"),
            Text(
                "you add up in the order of the vocabulary: sort by probability first.",
                "你按词表顺序累加了：要先按概率排序。",
            ),
        ),
        Mistake(
            _with("no logarithm"),
            Text("these are probabilities: return their logarithms.", "这是概率：请返回它们的对数。"),
        ),
        Mistake(
            _with("zero"),
            Text(
                "you set dropped logits to 0, and exp(0) is 1: -inf is the logit of probability 0.",
                "你把丢弃的 logit 设成了 0，而 exp(0) 是 1：概率 0 对应的 logit 是 -inf。",
            ),
        ),
        Mistake(
            _with("least likely"),
            Text(
                "you keep the unlikely tokens and drop the likely ones: the mask is the wrong way round.",
                "你保留了不可能的、丢掉了可能的 token：掩码反了。",
            ),
        ),
        Mistake(
            _with("min_p"),
            Text(
                "that is min_p, which compares each token with the likeliest one; top_p looks at the sum.",
                "这是 min_p：把每个 token 与最可能的那个相比；top_p 看的是总和。",
            ),
        ),
    ],
    tolerance=Tolerance(relative=1e-4, absolute=1e-5),
    normal_form=_normal_form,
)
