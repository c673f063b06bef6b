"""Penalties, against the logits before and after vLLM's, in every step of the requests that have some."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from workbook import runinfo
from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance


def cases(run: Evidence) -> Iterator[Case]:
    """Their temperature is 1 and they have no min_p, so that what enters top-k and top-p is what the penalties left."""
    captured, info = run.captured, runinfo.read(run.folder)
    if info is None or "penalties" not in info.results:
        raise run.lacking(runinfo.FILE)
    for step in range(captured.calls("sampler")):
        entered, after = captured("sampler", step, "in.logits"), captured("sampler.topk_topp_sampler", step, "in.0")
        for row, kept in enumerate(info.results["penalties"]):
            given: dict[str, float] = kept["values"]
            request = run.recording.requests[row]
            yield Case(
                (
                    entered[row],
                    list(request.prompt),
                    list(request.outputs[:step]),
                    given.get("presence_penalty", 0.0),
                    given.get("frequency_penalty", 0.0),
                    given.get("repetition_penalty", 1.0),
                ),
                after[row],
                Text(f"step {step + 1}, {kept['setting']}", f"第 {step + 1} 步，{kept['setting']}"),
            )


def _punished(
    logits: Any, prompt: list[int], output: list[int], presence: float, frequency: float, repetition: float, wrong: str
) -> Any:
    counted = prompt + output if wrong == "prompt counted" else output
    counts = np.bincount(np.array(counted, dtype=np.int64), minlength=len(logits))
    minus = frequency * ((counts > 0) if wrong == "frequency once" else counts)
    minus = minus + presence * (counts if wrong == "presence each time" else counts > 0)
    x = logits - minus if wrong == "subtracted first" else logits.copy()
    seen = list(set(output if wrong == "prompt forgotten" else prompt + output))
    times = np.ones(len(seen))
    if wrong == "repeated":
        times = np.array([(prompt + output).count(token) for token in seen])
    factor = repetition**times
    if seen:
        x[seen] = np.where((x[seen] > 0) | (wrong == "divided"), x[seen] / factor, x[seen] * factor)
    return x if wrong == "subtracted first" else x - minus


def _with(wrong: str) -> Callable[..., Any]:
    return partial(_punished, wrong=wrong)


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with("divided"),
            Text(
                "you divide negative logits by the repetition penalty as well, which makes those tokens likelier: multiply them.",
                "你把负的 logit 也除以 repetition，这样它们反而更可能被选中：应当相乘。",
            ),
        ),
        Mistake(
            _with("prompt counted"),
            Text(
                "presence and frequency count the prompt's tokens too; only the output counts for them.",
                "你的 presence 和 frequency 把提示词也算进去了；它们只看输出。",
            ),
        ),
        Mistake(
            _with("prompt forgotten"),
            Text(
                "your repetition penalty looks at the output alone; the prompt's tokens count for it.",
                "你的 repetition 只看了输出；提示词里的 token 也要算。",
            ),
        ),
        Mistake(
            _with("subtracted first"),
            Text(
                "you subtract before the repetition penalty is applied; it comes first.",
                "你先做了减法再应用 repetition；应当先应用 repetition。",
            ),
        ),
        Mistake(
            _with("frequency once"),
            Text(
                "you subtract the frequency penalty once; it is due for each time that the token stands in the output.",
                "你只减了一次 frequency；token 在输出里出现几次就要减几次。",
            ),
        ),
        Mistake(
            _with("presence each time"),
            Text(
                "you subtract the presence penalty for each time; it is due once.",
                "你的 presence 按出现次数减了；只应减一次。",
            ),
        ),
        Mistake(
            _with("repeated"),
            Text(
                "you apply the repetition penalty once for each time that the token was there; once is enough.",
                "你按出现次数多次应用了 repetition；只应用一次。",
            ),
        ),
    ],
    tolerance=Tolerance(relative=1e-5, absolute=1e-5),
)
