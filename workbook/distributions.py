"""What is left of a step's distribution: lesson 1.5's tables, of logits that hooks took out of vLLM's sampler.

What they show goes into run.json too, from where the lesson takes its numbers and its picture.
"""

from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from workbook import titled
from workbook.capture import Captured
from workbook.i18n import tr
from workbook.lesson import Run

DRAWN = (
    "sampler.topk_topp_sampler"  # in.0: after penalties, temperature and min-p; out.1: logprobs after top-k and top-p
)
KEPT = 14  # likeliest tokens that go into run.json
_SHOWN = 2


def _table(title: str, *columns: str) -> Table:
    table = titled.table(title, *columns, left=len(columns))
    for column in table.columns:
        column.overflow = "fold"
    return table


def shown(text: str) -> str:
    """A token in a table: without the space in front that most have, and with marks where it would not be seen."""
    return text.strip() if text.strip().isprintable() and text.strip() else repr(text)


def named(setting: dict[str, Any]) -> str:
    """The setting as one would type it."""
    return ", ".join(f"{name}={value!r}" for name, value in setting.items()) or tr("the defaults", "默认值")


def settings(
    run: Run, captured: Captured, row: int, prompt: str, tried: list[dict[str, Any]], outputs: list[Any], tokenizer: Any
) -> None:
    """One prompt's first step under each setting; ``row``: of the first one in the captured batch."""
    entered, filtered, drawn = (
        captured("sampler", 0, "in.logits"),
        captured(DRAWN, 0, "in.0"),
        captured(DRAWN, 0, "out.1"),
    )
    sampled = captured("sampler", 0, "out.sampled_token_ids")
    size = drawn.shape[1]
    title = tr(
        f"{prompt}…   what may come next, of {size:,} tokens", f"{prompt}…   下一个可以是 {size:,} 个 token 中的哪些"
    )
    table = _table(
        title,
        tr("setting", "设置"),
        tr("left", "剩下"),
        tr("likeliest", "最可能的"),
        tr("drawn", "抽中"),
        tr("logprob", "logprob"),
        tr("raw", "原始"),
    )
    table.columns[1].justify = "right"
    kept = []
    for place, setting in enumerate(tried):
        chances, token = np.exp(drawn[row + place]), int(sampled[row + place, 0])
        output = outputs[place].outputs[0]
        assert token == output.token_ids[0], "the batch is not in the order in which it was given"
        if setting.get("temperature") == 0:  # the row is computed, and not used
            chances = np.eye(1, size, token)[0]
        best = np.argsort(-filtered[row + place], kind="stable")[:KEPT]
        before = [round(float(chance), 4) for chance in np.exp(_log_softmax(filtered[row + place]))[best]]
        left = int(np.count_nonzero(chances))
        top = [[tokenizer.decode([int(one)]), round(float(chances[one]), 4)] for one in best]
        raw = float(_log_softmax(entered[row + place])[token])
        logprob = float(output.logprobs[0][token].logprob)
        best_two = "  ".join(f"{shown(text)} {100 * chance:.1f}%" for text, chance in top[:_SHOWN] if chance)
        table.add_row(
            named(setting), f"{left:,}", Text(best_two), Text(shown(output.text)), f"{logprob:.2f}", f"{raw:.2f}"
        )
        numbers = {"left": left, "top": top, "before": before, "drawn": output.text, "logprob": logprob, "raw": raw}
        kept.append({"setting": named(setting)} | numbers)
    run.console.print(table)
    run.info.results.setdefault("settings", {})[prompt] = kept


def penalties(run: Run, captured: Captured, tried: list[dict[str, float]], outputs: list[Any], tokenizer: Any) -> None:
    """What each penalty did in the last step to the tokens that the request had: the first requests of the batch."""
    steps = captured.calls(DRAWN)
    entered, after = captured("sampler", steps - 1, "in.logits"), captured(DRAWN, steps - 1, "in.0")
    table = _table(
        tr(f"Step {steps}: logits before → after the penalties", f"第 {steps} 步：惩罚前 → 惩罚后的 logit"),
        tr("setting", "设置"),
        tr("generated so far", "已生成"),
        tr("token (times generated): logit", "token（已生成次数）：logit"),
    )
    kept = []
    for row, penalty in enumerate(tried):
        tokens = list(outputs[row].outputs[0].token_ids)
        assert int(captured("sampler", steps - 1, "out.sampled_token_ids")[row, 0]) == tokens[-1]
        before = tokens[:-1]
        known = list(dict.fromkeys([*before, *outputs[row].prompt_token_ids]))
        logits = [(float(entered[row, one]), float(after[row, one])) for one in known]
        changes = [[tokenizer.decode([one]), before.count(one), *pair] for one, pair in zip(known, logits, strict=True)]
        changes.sort(key=lambda change: (-change[1], -change[2]))
        some = [*changes[:2], min(changes, key=lambda change: change[2])]
        told = "\n".join(f"{shown(text)} ({n}): {a:.2f} → {b:.2f}" for text, n, a, b in some)
        table.add_row(named(penalty).replace(", ", "\n"), Text(shown(tokenizer.decode(before))), Text(told))
        kept.append(
            {"setting": named(penalty), "values": penalty, "before": tokenizer.decode(before), "changes": changes}
        )
    run.console.print(table)
    run.info.results["penalties"] = kept


def texts(run: Run, found: dict[str, str]) -> None:
    """The same prompt's continuations."""
    table = _table(
        tr("The same prompt, sampled at temperature 1", "同一个提示词，temperature=1 采样"),
        tr("request", "请求"),
        tr("text", "文本"),
    )
    for name, text in found.items():
        table.add_row(name, Text(repr(text)))
    run.console.print(table)
    run.info.results["texts"] = list(found.values())


def ends(run: Run, prompt: str, tried: list[dict[str, Any]], outputs: list[Any]) -> None:
    """How requests ended: tokens, text, reason."""
    table = _table(
        f"{prompt}…",
        tr("setting", "设置"),
        tr("tokens", "token 数"),
        tr("text", "文本"),
        "finish_reason",
        "stop_reason",
    )
    kept = []
    for setting, output in zip(tried, outputs, strict=True):
        choice = output.outputs[0]
        row = [named(setting), len(choice.token_ids), choice.text, choice.finish_reason, choice.stop_reason]
        table.add_row(row[0], str(row[1]), Text(repr(row[2])), row[3], Text(repr(row[4])))
        kept.append(row)
    run.console.print(table)
    run.info.results["ends"] = kept


def _log_softmax(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    return np.asarray(x - x.max() - np.log(np.exp(x - x.max()).sum()))
