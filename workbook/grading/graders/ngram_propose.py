"""Drafts of the n-gram proposer, step by step, against what the scheduler had in its hands in the next one."""

from collections.abc import Callable, Iterator
from functools import partial

from workbook import paths, runinfo
from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake


def cases(run: Evidence) -> Iterator[Case]:
    """Every decode step of the script's first requests; those that were timed had other numbers of drafts."""
    recording, info = run.recording, runinfo.read(run.folder)
    lookup = info.results.get("lookup") if info else None
    if not lookup:  # a draft model proposed
        raise run.lacking(runinfo.FILE)
    if lookup["device"] != "cpu":  # a card has a proposer of its own: the last place, and always k drafts
        yield from cases(Evidence(paths.ROOT / "stages" / "2_core_techniques" / "recordings" / "speculative"))
        return
    known = {number: list(recording.requests[number].prompt) for number in range(lookup["requests"])}
    for step in recording.steps:
        for row in step.rows:
            if row.request not in known:
                continue
            if row.phase == "decode":
                yield Case(
                    (list(known[row.request]), lookup["min"], lookup["max"], lookup["k"]),
                    list(row.drafts),
                    Text(f"step {step.number}, request {row.request}", f"第 {step.number} 步，请求 {row.request}"),
                )
            known[row.request] += row.sampled


def propose(tokens: list[int], min_n: int, max_n: int, k: int, wrong: str = "") -> list[int]:
    """The proposer, or one with a thing ``wrong``."""
    sizes = range(max_n, min_n - 1, -1)
    if wrong == "shortest":
        sizes = range(min_n, max_n + 1)
    elif wrong == "longest only":
        sizes = range(max_n, max_n - 1, -1)
    elif wrong == "down to 1":
        sizes = range(max_n, 0, -1)
    for n in sizes:
        places = list(range(len(tokens) - n))
        for start in reversed(places) if wrong == "last" else places:
            if tokens[start : start + n] == tokens[-n:]:
                begin = start if wrong == "with the match" else start + n
                return tokens[begin : begin + k]
    return []


def _with(wrong: str) -> Callable[..., list[int]]:
    return partial(propose, wrong=wrong)


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with("last"),
            Text(
                "you take the last place with the longest match, the one nearest to the end; vLLM takes the first in the text.",
                "你取的是离末尾最近的一处最长匹配；vLLM 取文本中最靠前的一处。",
            ),
        ),
        Mistake(
            _with("shortest"),
            Text(
                "you begin with the shortest match; begin with max_n, for a longer match is the better guess.",
                "你从最短的匹配开始；应当从 max_n 开始：匹配越长，猜得越准。",
            ),
        ),
        Mistake(
            _with("longest only"),
            Text(
                "where max_n tokens match nowhere, you give up, or find the end itself; try fewer, down to min_n, and places before the end only.",
                "max_n 个 token 找不到匹配时，你就放弃了，或者匹配到了末尾本身；应当逐次减少，直到 min_n，并且只看末尾之前的起点。",
            ),
        ),
        Mistake(
            _with("with the match"),
            Text(
                "your proposal begins with the tokens that matched; those are there already, what stood behind them comes next.",
                "你的提议从匹配到的 token 开始；它们已经在文本末尾了，应当提议它们后面的内容。",
            ),
        ),
        Mistake(
            _with("down to 1"),
            Text("you go below min_n.", "你降到了 min_n 以下。"),
            must_differ=False,  # with min_n = 1 it is right
        ),
    ],
)
