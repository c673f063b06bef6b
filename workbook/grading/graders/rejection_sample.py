"""The rejection rule, against vLLM's rejection sampler on probabilities of a real text, with the same random numbers."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake
from workbook.speculation import VECTORS


def cases(run: Evidence) -> Iterator[Case]:
    """The calls that the script made, one after another: every other one without probabilities of the drafts."""
    from safetensors.numpy import load_file

    try:
        kept = load_file(run.folder / VECTORS)
    except Exception:  # not there, or cut off: safetensors has errors of its own
        raise run.lacking(VECTORS) from None
    for call in range(len({name.split(".")[0] for name in kept})):
        names = ("drafts", "draft_probs", "target", "bonus", "uniform", "noise")
        one: dict[str, Any] = {name: kept.get(f"{call}.{name}") for name in names}
        arguments = tuple(int(one[name][0]) if name == "bonus" else one[name] for name in names)
        expected = [token for token in kept[f"{call}.output"].tolist() if token >= 0]
        how = (
            ("n-gram drafts", "n-gram 的草稿")
            if one["draft_probs"] is None
            else ("drafts with probabilities", "带概率的草稿")
        )
        yield Case(arguments, expected, Text(f"call {call}, {how[0]}", f"第 {call} 次调用，{how[1]}"))


def sample(drafts: Any, q: Any, p: Any, bonus: int, uniform: Any, noise: Any, wrong: str = "") -> list[int]:
    """The rule, or one with a thing ``wrong``."""
    certain = q is None
    if q is None:
        q = np.eye(p.shape[1], dtype=np.float32)[drafts]
    kept: list[int] = []
    rejected = False
    for place, draft in enumerate(drafts.tolist()):
        ratio = p[place, draft] / (1 if wrong == "no q" else q[place, draft])
        if (ratio < uniform[place]) if wrong == "turned" else (ratio >= uniform[place]):
            kept.append(draft)
            continue
        missing = np.maximum(p[place] - q[place], 0)
        if wrong == "target again" or (wrong == "n-grams again" and certain):
            missing = p[place]
        if wrong == "absolute":
            missing = np.abs(p[place] - q[place])
        weights = missing * noise if wrong == "times" else missing if wrong == "no noise" else missing / noise
        kept.append(int(np.argmax(weights)))
        rejected = True
        if wrong != "goes on":
            break
    if wrong == "always a bonus" or (not rejected and wrong != "no bonus"):
        kept.append(bonus)
    return kept


def _with(wrong: str) -> Callable[..., list[int]]:
    return partial(sample, wrong=wrong)


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with("target again"),
            Text(
                "you draw the replacement from the target's probabilities; what was accepted has had its share already, so draw from max(0, target - draft).",
                "你从目标模型的概率中抽取替代的 token；被接受的部分已经占了份额，所以要从 max(0, target - draft) 中抽取。",
            ),
        ),
        Mistake(
            _with("n-grams again"),
            Text(
                "after a rejected n-gram draft you may draw the same token again: its q is 1, so nothing is left of it.",
                "n-gram 草稿被拒绝后，你仍可能再抽到它：它的 q 为 1，剩余的权重应为 0。",
            ),
        ),
        Mistake(
            _with("no q"),
            Text(
                "you compare p with the uniform number and leave q out: a token that the draft model proposes often would be rejected too often.",
                "你用 p 与均匀随机数比较，漏掉了 q：草稿模型经常提议的 token 会被拒绝得过多。",
            ),
        ),
        Mistake(
            _with("goes on"),
            Text(
                "you go on after a rejection; the drafts behind it continue another text, so the step ends there.",
                "拒绝之后你还在继续；后面的草稿接的是另一段文本，所以这一步到此结束。",
            ),
        ),
        Mistake(
            _with("no bonus"),
            Text(
                "where all drafts are accepted, the target's token behind the last one comes too: append bonus_id.",
                "草稿全部接受时，目标模型在最后一个之后给出的 token 也要：请追加 bonus_id。",
            ),
        ),
        Mistake(
            _with("always a bonus"),
            Text(
                "you append bonus_id after a rejection too; it follows the last draft, which was not accepted.",
                "拒绝之后你也追加了 bonus_id；它接在最后一个草稿之后，而那个草稿没有被接受。",
            ),
        ),
        Mistake(
            _with("no noise"),
            Text(
                "you take the likeliest replacement each time; divide the weights by the noise, which makes it a draw.",
                "你每次都取权重最大的替代 token；应当先除以噪声，这样才是抽样。",
            ),
        ),
        Mistake(
            _with("times"),
            Text("you multiply by the noise; divide.", "你乘上了噪声；应当相除。"),
        ),
        Mistake(
            _with("absolute"),
            Text(
                "tokens of which the draft model has more must not be drawn: take max(0, target - draft), not the distance.",
                "草稿模型给得更多的 token 不应被抽到：取 max(0, target - draft)，而不是差的绝对值。",
            ),
        ),
        Mistake(
            _with("turned"),
            Text(
                "you accept where p / q is below the uniform number; it is the other way round.",
                "你在 p / q 小于均匀随机数时接受；正好反了。",
            ),
        ),
    ],
)
