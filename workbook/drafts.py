"""The tables of lesson 2.7: what became of the drafts in each step, what that gains, and what comes out of the rejection rule."""

import math
from typing import Any

import msgspec

from workbook import titled
from workbook.i18n import tr
from workbook.lesson import Run
from workbook.pairs import Pairs
from workbook.speculation import Played

_SHOWN = 7  # tokens of a distribution


def _quoted(tokenizer: Any, ids: list[int]) -> str:
    if any(one < 0 for one in ids):  # known to the worker alone
        return tr(f"{len(ids)} tokens", f"{len(ids)} 个 token")
    return f"“{tokenizer.decode(ids)}”".replace("\n", "⏎") if ids else "–"


def steps(run: Run, title: str, played: Played, tokenizer: Any, most: int = 12) -> None:
    """A row for each of the first steps after the prefill: what was proposed, how many were accepted, what the request got."""
    columns = (tr("proposed", "提议"), tr("accepted", "接受"), tr("got", "得到"))
    table = titled.table(title, tr("tokens so far", "已有 token"), *columns, left=4)
    for row in played.rows[:most]:
        accepted = f"{len(row['got']) - 1} / {len(row['drafts'])}" if row["drafts"] else "–"
        cells = (_quoted(tokenizer, row["drafts"]), accepted, _quoted(tokenizer, row["got"]))
        table.add_row(str(row["context"]), *cells)
    run.console.print(table, markup=False)


def summary(run: Run, played: dict[str, Played]) -> None:
    """A row for each request: steps, drafts, and how many tokens a step gives."""
    columns = (tr("tokens", "token"), tr("steps", "步数"), tr("proposed", "提议"), tr("accepted", "接受"))
    table = titled.table(tr("After the prefill", "预填充之后"), "", *columns, tr("tokens per step", "每步 token"))
    for what, one in played.items():
        numbers = (len(one.outputs[0]) - 1, one.steps, one.proposed, one.accepted)
        table.add_row(what, *map(str, numbers), f"{one.per_step:.2f}")
    run.console.print(table)


def speed(run: Run, measured: dict[str, Pairs], played: dict[str, dict[int, Played]]) -> None:
    """A row for each text and number of drafts: steps, tokens per step, and how many times as fast as without drafts."""
    title = tr("With drafts and without, in turns", "有草稿与没有草稿轮流测")
    columns = (
        tr("drafts", "草稿数"),
        tr("steps", "步数"),
        tr("tokens per step", "每步 token"),
        tr("a step takes", "一步耗时"),
    )
    table = titled.table(title, "", *columns, tr("times as fast", "快多少倍"))
    for what, pairs in measured.items():
        for k in map(int, pairs.values):
            one = played[what][k]
            ratio, cost = (
                (str(pairs.ratio("0", to=str(k))), step_cost(pairs, played[what], k)["median"]) if k else ("1", 1.0)
            )
            name = what if k == 0 else ""
            table.add_row(name, str(k), str(one.steps), f"{one.per_step:.2f}", f"{cost:.2f}×", ratio)
    run.console.print(table)


def step_cost(pairs: Pairs, played: dict[int, Played], k: int) -> dict[str, float]:
    """How many times as long a step takes as one without drafts: median, low, high, rounds."""
    per_step = {way: [one / played[int(way)].steps for one in seconds] for way, seconds in pairs.values.items()}
    found: dict[str, float] = msgspec.to_builtins(Pairs(per_step).ratio(str(k), to="0"))
    return found


def results(pairs: Pairs, played: dict[int, Played]) -> dict[str, Any]:
    """For ``run.info.results``, by the number of drafts: how many times as fast, and why."""
    return {
        way: {
            "faster": msgspec.to_builtins(pairs.ratio("0", to=way)),
            "step": step_cost(pairs, played, int(way)),
            "steps": played[int(way)].steps,
            "per_step": played[int(way)].per_step,
            "proposed": played[int(way)].proposed,
            "accepted": played[int(way)].accepted,
            "same": played[int(way)].outputs == played[0].outputs,
        }
        for way in pairs.values
    }


def distance(one: list[float], other: list[float]) -> float:
    """Total variation: the largest difference that the two make in the probability of any set of tokens."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / 2


def bound(tokens: int, times: int) -> float:
    """The distance that ``times`` draws keep to what they are drawn from, except once in a million.

    On the average it is at most √((tokens - 1) / times) / 2, by Cauchy and Schwarz; and since one draw more or less moves it by
    1 / times, McDiarmid's inequality gives exp(-2 · times · t²) for t more than that.
    """
    return math.sqrt((tokens - 1) / times) / 2 + math.sqrt(math.log(1e6) / (2 * times))


def distribution(run: Run, drawn: dict[str, Any], tokenizer: Any) -> None:
    """A row for each of the likeliest tokens: target, draft model, and how often it came."""
    title = tr(f"One token, drawn {drawn['times']:,} times", f"同一个 token 抽取 {drawn['times']:,} 次")
    columns = (tr("target", "目标模型"), tr("draft model", "草稿模型"), tr("drawn", "实际抽到"))
    table = titled.table(title, "token", *columns)
    order = sorted(range(len(drawn["ids"])), key=lambda place: -drawn["target"][place])
    for place in order[:_SHOWN]:
        shares = (f"{drawn[name][place]:.3f}" for name in ("target", "draft", "drawn"))
        table.add_row(_quoted(tokenizer, [drawn["ids"][place]]), *shares)
    run.console.print(table)
    far, most = distance(drawn["drawn"], drawn["target"]), bound(len(drawn["ids"]), drawn["times"])
    apart = distance(drawn["draft"], drawn["target"])
    run.console.print(
        tr(
            f"Distance of what was drawn from the target {far:.3f} (chance explains up to {most:.3f}); of the draft model {apart:.3f}\n"
            f"Drafts accepted: {drawn['accepted']:.3f}; 1 - {apart:.3f} = {1 - apart:.3f}\n",
            f"抽到的分布与目标的距离 {far:.3f}（随机误差不超过 {most:.3f}）；草稿模型与目标的距离 {apart:.3f}\n"
            f"草稿接受率 {drawn['accepted']:.3f}；1 - {apart:.3f} = {1 - apart:.3f}\n",
        ),
        highlight=False,
        soft_wrap=True,
    )
