"""What the clients of an engine see while a long prompt is read: who got a token when, and who waited. Lesson 2.4's tables.

What they show goes into run.json too, from where the lesson takes its numbers and its picture.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rich.table import Table

from workbook import titled
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr
from workbook.lesson import Run
from workbook.pairs import Pairs

LONG = "long"  # the request with the long prompt; all others are the talkers

SEQUENCES = 8  # requests that may run at once; no budget may be smaller


def check(budget: int, prompt_tokens: int, longest: int) -> None:
    """Raise WorkbookError for numbers that vLLM would refuse. ``longest``: max_model_len."""
    if budget < SEQUENCES:
        raise WorkbookError(
            tr(
                f"A budget of {budget} is below max_num_seqs, {SEQUENCES}, so vLLM refuses it: give --budget {SEQUENCES} or more.",
                f"预算 {budget} 小于 max_num_seqs（{SEQUENCES}），vLLM 会拒绝：请给出 --budget {SEQUENCES} 或更大的值。",
            )
        )
    if not 0 < prompt_tokens < longest:
        raise WorkbookError(
            tr(
                f"The engine takes prompts of 1 to {longest - 1:,} tokens: give --prompt-tokens one of these instead of {prompt_tokens:,}.",
                f"引擎接受 1 到 {longest - 1:,} 个 token 的提示词：请把 --prompt-tokens 从 {prompt_tokens:,} 改为此范围内的值。",
            )
        )


@dataclass
class Scene:
    """One playing of the same arrivals. ``sent``: when the long prompt came; times in seconds of one clock."""

    steps: int = 0
    sent: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)  # request → when each of its tokens came
    tokens: dict[str, list[int]] = field(default_factory=dict)  # request → the tokens themselves

    def note(self, outputs: list[Any], now: float) -> None:
        """What a step gave: ``vllm.outputs:RequestOutput`` of kind DELTA."""
        self.steps += 1
        for output in outputs:
            new = list(output.outputs[0].token_ids)
            self.times.setdefault(output.request_id, []).extend([now] * len(new))
            self.tokens.setdefault(output.request_id, []).extend(new)

    @property
    def gaps(self) -> list[float]:
        """Each talker's waits for its next token, from the long prompt's arrival on."""
        talkers = [times for name, times in self.times.items() if name != LONG]
        return [b - a for times in talkers for a, b in pairwise(times) if b > self.sent]

    @property
    def longest_gap(self) -> float:
        """Of all talkers: the pause that somebody notices."""
        return max(self.gaps)

    @property
    def ttft(self) -> float:
        """Of the long prompt: from its arrival to its first token."""
        return self.times[LONG][0] - self.sent

    @property
    def until_all(self) -> float:
        """From the long prompt's arrival to the last token of all."""
        return max(times[-1] for times in self.times.values()) - self.sent

    @property
    def reading_steps(self) -> int:
        """Steps from the long prompt's arrival to its first token: by those in which a talker got one, too."""
        first = self.times[LONG][0]
        return len({time for times in self.times.values() for time in times if self.sent < time <= first})


def compare(run: Run, scenes: dict[str, Scene]) -> None:
    """The same arrivals under several settings, one playing each, and whether the texts are the same."""
    first = next(iter(scenes.values()))
    results = {
        name: {
            "steps": scene.reading_steps,
            "gap": scene.longest_gap,
            "ttft": scene.ttft,
            "other texts": sorted(who for who in first.tokens if scene.tokens[who] != first.tokens[who]),
        }
        for name, scene in scenes.items()
    }
    run.info.results["scenes"] = results
    run.console.print(compared(results))
    differ = sorted({who for result in results.values() for who in result["other texts"]})  # type: ignore[attr-defined]
    run.console.print(
        tr(
            f"Texts that are not the same everywhere: {listed(differ)}."
            if differ
            else "All five requests say the same, token by token, however the prompt was read.",
            f"文本不完全相同的请求：{listed(differ)}。"
            if differ
            else "无论提示词怎样读入，五个请求的输出逐 token 相同。",
        )
    )


def compared(results: dict[str, Any]) -> Table:
    """The table of :func:`compare`."""
    names = {"chunks": tr("in chunks", "分块"), "whole": tr("whole", "整段"), "capped": tr("capped", "限长")}
    table = titled.table(tr("The long prompt comes while four requests decode", "四个请求解码时，来了一个长提示词"))
    table.add_column(tr("prompt", "提示词"))
    table.add_column(tr("steps to its first token", "到它首 token 的步数"), justify="right")
    table.add_column(tr("longest wait of the others, ms", "其他请求最久的等待（毫秒）"), justify="right")
    table.add_column(tr("its first token after, ms", "它的首 token 延迟（毫秒）"), justify="right")
    for name, result in results.items():
        row = (result["steps"], f"{1000 * result['gap']:,.0f}", f"{1000 * result['ttft']:,.0f}")
        table.add_row(names[name], *map(str, row))
    return table


def sweep(run: Run, measured: dict[int, list[Scene]]) -> None:
    """One row for each token budget; ratios to the first one, round by round."""
    what: dict[str, Callable[[Scene], float]] = {
        "gap": lambda scene: scene.longest_gap,
        "ttft": lambda scene: scene.ttft,
        "all": lambda scene: scene.until_all,
    }
    results: dict[str, Any] = {"steps": {str(budget): scenes[0].reading_steps for budget, scenes in measured.items()}}
    for name, figure in what.items():
        results[name] = Pairs({str(budget): list(map(figure, scenes)) for budget, scenes in measured.items()}).results()
    run.info.results["sweep"] = results
    run.console.print(swept(results))


def swept(results: dict[str, Any]) -> Table:
    """The table of :func:`sweep`."""
    figures = {name: Pairs(results[name]["values"]) for name in ("gap", "ttft", "all")}
    default, *_ = figures["gap"].values
    rounds = len(figures["gap"].values[default])
    table = titled.table(
        tr(
            f"{rounds} rounds in turns: the default budget's seconds, the others' ratios (lowest–highest)",
            f"轮流运行 {rounds} 轮：默认预算是秒数，其余是与它之比（最低–最高）",
        )
    )
    table.add_column(tr("budget", "预算"), justify="right")
    table.add_column(tr("steps", "步数"), justify="right")
    table.add_column(tr("longest wait of the others", "其他请求最久的等待"))
    table.add_column(tr("its first token after", "它的首 token 延迟"))
    table.add_column(tr("until all is done", "到全部完成"))
    for budget, steps in results["steps"].items():
        cells = [f"{pairs.median(budget):.2f} s" for pairs in figures.values()]
        if budget != default:
            ratios = [pairs.ratio(budget, default) for pairs in figures.values()]
            cells = [f"{ratio.median:.2f} ({ratio.low:.2f}–{ratio.high:.2f})" for ratio in ratios]
        table.add_row(f"{int(budget):,}", str(steps), *cells)
    return table
