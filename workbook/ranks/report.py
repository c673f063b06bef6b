"""The tables of lesson 2.5's script; what they show goes into run.json too, from where the lesson takes its numbers."""

import math
from typing import Any

import numpy as np
from rich.table import Table

from workbook import titled
from workbook.capture import Captured
from workbook.i18n import tr
from workbook.lesson import Run
from workbook.ranks.files import Rank, Step
from workbook.recorder import load
from workbook.wire import collectives

_LAYER = "model.layers.0."


def _table(title: str, *columns: str) -> Table:
    table = titled.table(title, *columns)
    table.columns[0].no_wrap = True
    return table


def _shape(sizes: list[int]) -> str:
    return " × ".join(str(size) for size in sizes)


def shards(run: Run, ranks: list[Rank]) -> None:
    """Layer 0 and what stands outside of the layers: in the checkpoint, and on each rank."""
    cuts = {
        "outputs": tr("outputs (column)", "输出（列并行）"),
        "inputs": tr("inputs (row)", "输入（行并行）"),
        "tokens": tr("tokens", "词表"),
        "nothing": tr("whole on each", "每个 rank 一份"),
    }
    table = _table(
        tr("What a rank holds, as outputs × inputs", "一个 rank 持有什么（输出 × 输入）"),
        tr("parameter", "参数"),
        tr("whole", "完整"),
        tr("each rank", "每个 rank"),
        tr("cut along", "切分维度"),
    )
    first = ranks[0]  # the others hold as much
    for parameter in first.parameters:
        if not parameter.name.startswith("model.layers.") or parameter.name.startswith(_LAYER):
            name = _short(parameter.name)
            if len(parameter.parts) > 1:
                rows = " + ".join(
                    f"{_short(part).removesuffix('_proj')} {shape[0]}" for part, shape in parameter.parts.items()
                )
                name += f" = {rows}"
            table.add_row(name, _shape(parameter.whole), _shape(parameter.shape), cuts[parameter.cut])
    run.console.print(table)
    held, whole = (sum(math.prod(p.shape) for p in first.parameters), sum(math.prod(p.whole) for p in first.parameters))
    run.console.print(
        tr(
            f"Each rank holds {held:,} of {whole:,} numbers: {100 * held / whole:.1f} %.",
            f"每个 rank 持有 {whole:,} 个数中的 {held:,} 个（{100 * held / whole:.1f} %）。",
        ),
        soft_wrap=True,
    )
    run.info.results["shards"] = {p.name: [p.whole, p.shape, p.cut] for p in first.parameters}
    run.info.results["held"] = [held, whole]


def _short(name: str) -> str:
    return name.removesuffix(".weight").split(".")[-1]


def traffic(run: Run, ranks: list[Rank], element_bytes: int) -> None:
    """What was counted in the workers beside what the formula says. How many tokens a step had, the recording knows."""
    if run.flags.no_recording or run.folder is None:
        return
    if len(ranks) == 1:
        run.console.print(tr("One rank: nobody to talk to.", "只有一个 rank，没有通信对象。"))
        return
    recording = load(run.folder)
    numbers = recording.header.architecture
    table = _table(
        tr("What a rank hands to the others, in bytes", "一个 rank 交给其他 rank 的字节数"),
        tr("step", "步"),
        tr("tokens", "token 数"),
        tr("requests", "请求数"),
        "all-reduce",
        "all-gather",
        tr("together", "合计"),
        tr("formula", "公式"),
    )
    counted, kept = ranks[0].steps, []
    for step, counts in zip(recording.steps, counted, strict=False):
        tokens = sum(row.scheduled for row in step.rows)
        rule = collectives(
            numbers["num_hidden_layers"],
            numbers["hidden_size"],
            numbers["vocab_size"],
            tokens=tokens,
            tp=len(ranks),
            element_bytes=element_bytes,
            requests=len(step.rows),
        )
        kept.append([tokens, len(step.rows), *_counts(counts), rule.payload])
    most = max(requests for _, requests, *_ in kept)
    names = {(kept[0][0], 1): tr("prefill", "预填充"), (1, 1): tr("decode", "解码"), (most, most): tr("decode", "解码")}
    for size, name in names.items():
        if row := next((row for row in kept if tuple(row[:2]) == size), None):
            table.add_row(name, *_cells(row))
    run.console.print(table)
    same = all([_counts(s) for s in rank.steps] == [_counts(s) for s in counted] for rank in ranks)
    agree = len(kept) == len(counted) and all(row[3] + row[5] == row[6] for row in kept)
    run.console.print(
        tr(
            f"{len(kept)} steps. {'The ranks counted alike' if same else 'The ranks counted differently'}; "
            f"the formula gives {'each of them' if agree else 'something else'}.",
            f"共 {len(kept)} 步。各 rank 的计数{'一致' if same else '不一致'}，"
            f"{'每一步都与公式相符' if agree else '与公式不符'}。",
        ),
        soft_wrap=True,
    )
    run.info.results |= {
        "steps": kept,
        "element_bytes": element_bytes,
        "agree": same and agree,
    }


def _counts(step: Step) -> list[int]:
    return [step.all_reduces, step.reduced, step.all_gathers, step.gathered]


def _cells(row: list[int]) -> list[str]:
    tokens, requests, reduces, reduced, gathers, gathered, formula = row
    each = f"{reduces} × {reduced // reduces:,}" if reduces else "0"
    return [str(tokens), str(requests), each, f"{gathers} × {gathered:,}", f"{reduced + gathered:,}", f"{formula:,}"]


def compare(run: Run, outputs: tuple[Any, Any], logits: tuple[Captured, Captured], ranks: int) -> None:
    """The same prompts on one rank and on several: tokens of all, and the first one's logits up to the first other token."""
    one, several = ([list(output.outputs[0].token_ids) for output in each] for each in outputs)
    length = len(one[0])
    same = [next((n for n in range(length) if a[n] != b[n]), length) for a, b in zip(one, several, strict=True)]
    rows = [[captured("logits_processor", step, "out.0")[0] for captured in logits] for step in range(length)]
    apart = [float(np.abs(a - b).max()) for a, b in rows[: same[0] + 1]]
    largest = float(np.abs(rows[0][0]).max())
    agreed = tr(", ", "、").join(map(str, same))
    run.console.print(
        tr(
            f"\nTokens that 1 rank and {ranks} agree on, prompt by prompt: {agreed} of {length}.\n"
            f"The first prompt's logits, up to {largest:.1f} in size, differ by {max(apart):.2g} at most.",
            f"\n1 个 rank 与 {ranks} 个 rank 在各提示词上一致的 token 数：{agreed}（每个提示词共 {length} 个）。\n"
            f"第一个提示词的 logits 最大约 {largest:.1f}，两者相差至多 {max(apart):.2g}。",
        ),
        soft_wrap=True,
    )
    run.info.results["logits"] = {"apart": apart, "largest": largest, "same": same, "length": length}
