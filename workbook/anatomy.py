"""What a LLaMA is made of, in figures: parameters by part, the residual stream over the layers, two sets of logits.

The tables of lesson 1.4's script. What they show goes into run.json too, from where the lesson takes its numbers.
"""

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from workbook import titled, weights
from workbook.capture import Captured
from workbook.i18n import tr
from workbook.lesson import Run

PARTS = ("embedding", "attention", "MLP", "norms", "lm_head")


def part_of(name: str) -> str:
    """Which part a tensor of the checkpoint belongs to, by its name."""
    for word, part in (("embed_tokens", "embedding"), ("self_attn", "attention"), ("mlp", "MLP"), ("norm", "norms")):
        if word in name:
            return part
    return "lm_head"


def parameters(run: Run, config: Any, visible: int) -> None:
    """The checkpoint's tensors by part. ``config``: the engine's; ``visible``: numbers that its own parameters still hold."""
    counts: Counter[str] = Counter()
    for name, shape in weights.shapes(Path(run.model)).items():
        counts[part_of(name)] += int(np.prod(shape))
    total = counts.total()
    names = dict(zip(PARTS, tr([*PARTS], ["嵌入（embedding）", "注意力", "MLP", "归一化", "lm_head"]), strict=True))
    table = titled.table(
        tr("What the checkpoint holds", "检查点里有什么"),
        tr("part", "部分"),
        tr("parameters", "参数量"),
        tr("share", "占比"),
        tr("MB in bf16", "bf16 下的 MB"),
    )
    for part in PARTS:
        if counts[part]:
            row = (f"{counts[part]:,}", f"{100 * counts[part] / total:.2f}%", f"{2 * counts[part] / 1e6:.2f}")
            table.add_row(names[part], *row)
    table.add_row(tr("all", "合计"), f"{total:,}", "100%", f"{2 * total / 1e6:.2f}")
    run.console.print(table)
    run.console.print(
        tr(
            f"vLLM's own parameters now hold {visible:,} numbers.",
            f"vLLM 自己的参数现在共有 {visible:,} 个数。",
        ),
        soft_wrap=True,
    )
    names_of_config = ("num_attention_heads", "num_key_value_heads", "head_dim", "rms_norm_eps")
    kept = {name: getattr(config, name) for name in names_of_config} | {"rope": dict(config.rope_parameters)}
    run.info.results |= {"parameters": dict(counts), "visible": visible, "config": kept}


def norms(run: Run, rows: list[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> None:
    """RMSNorm and LayerNorm against vLLM's: ``(token, x, vLLM's, RMSNorm, LayerNorm)``, each a vector of ``hidden`` numbers."""
    table = titled.table(
        tr("One norm, token by token: how far from vLLM's result", "同一个归一化，逐个 token：与 vLLM 的结果相差多少"),
        tr("token", "token"),
        tr("mean of x", "x 的均值"),
        tr("RMS of x", "x 的 RMS"),
        "RMSNorm",
        "LayerNorm",
    )
    kept = []
    for token, x, theirs, rms, layer in rows:
        apart = [float(np.linalg.norm(mine - theirs) / np.linalg.norm(theirs)) for mine in (rms, layer)]
        mean, size = float(x.mean()), float(np.sqrt(np.square(x).mean()))
        table.add_row(repr(token), f"{mean:.4f}", f"{size:.4f}", *(f"{100 * value:.2f}%" for value in apart))
        kept.append([mean, size, *apart])
    run.console.print(table)
    run.info.results["norms"] = kept


def stream(run: Run, captured: Captured, layers: int, tokens: list[str]) -> None:
    """RMS of the residual stream of the prompt's tokens, after each layer; what of it each half of a layer added."""
    sizes, added = [], []
    for layer in range(layers):
        name = f"model.layers.{layer}"
        entering = captured(name, 0, "in.1")
        if f"{name}/0/in.2" in captured.keys:  # the pair of the layer before
            entering = entering + captured(name, 0, "in.2")
        mlp, middle = (captured(name, 0, which) for which in ("out.0", "out.1"))
        if not layer:
            sizes.append(_rms(entering))
        sizes.append(_rms(middle + mlp))
        added.append([_rms(middle - entering), _rms(mlp)])
    grown = [max(after[n] / before[n] for n in range(len(tokens))) for before, after in itertools.pairwise(sizes)]
    jump = grown.index(max(grown[1:]))  # the embedding itself is small, so layer 0 always grows it
    shown = sorted({0, 1, jump, jump + 1, layers - 1, layers})
    heads = [tr("embedding", "嵌入") if n == 0 else tr(f"layer {n - 1}", f"第 {n - 1} 层") for n in shown]
    table = titled.table(
        tr("RMS of the residual stream, after …", "残差流的 RMS：在……之后"), tr("token", "token"), *heads
    )
    for place, token in enumerate(tokens):
        table.add_row(repr(token), *(f"{sizes[n][place]:.2f}" for n in shown))
    run.console.print(table)
    largest = max(range(len(tokens)), key=lambda n: sizes[jump + 1][n] / sizes[jump][n])
    attention, feed = (part[largest] for part in added[jump])
    run.console.print(
        tr(
            f"The largest step: in layer {jump} attention adds {attention:.2f} to {tokens[largest]!r}, the MLP {feed:.2f}.",
            f"变化最大的一层：在第 {jump} 层，注意力给 {tokens[largest]!r} 加上 {attention:.2f}，MLP 加上 {feed:.2f}。",
        ),
        soft_wrap=True,
    )
    run.info.results |= {"tokens": tokens, "stream": sizes, "added": added, "jump": jump}


def _rms(x: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in np.sqrt(np.square(x.astype(np.float64)).mean(-1))]


def logits(run: Run, sets: dict[str, np.ndarray]) -> None:
    """Each pair of ``sets``, arrays [positions, vocabulary]: how far apart, the same first token, Kullback-Leibler."""
    names = list(sets)
    table = titled.table(
        tr("Logits of the same tokens, two by two", "同样的 token，两两比较 logits"),
        "",
        tr("largest difference", "最大差"),
        tr("mean", "平均差"),
        tr("same first", "首选 token 相同"),
        tr("KL (nats)", "KL 散度（nat）"),
    )
    kept = {}
    for one, other in ((0, 1), (0, 2), (1, 2)):
        a, b = sets[names[one]].astype(np.float64), sets[names[other]].astype(np.float64)
        apart = np.abs(a - b)
        p, q = _log_softmax(a), _log_softmax(b)
        same = int((a.argmax(-1) == b.argmax(-1)).sum())
        kl = float((np.exp(q) * (q - p)).sum(-1).mean())
        label = f"{names[one]} – {names[other]}"
        row = (f"{apart.max():.2g}", f"{apart.mean():.2g}", tr(f"{same} of {len(a)}", f"{same}/{len(a)}"), f"{kl:.1g}")
        table.add_row(label, *row)
        kept[f"{one}{other}"] = {"max": float(apart.max()), "mean": float(apart.mean()), "same": same, "kl": kl}
    run.console.print(table)
    largest = float(np.abs(sets[names[0]]).max())
    run.info.results |= {"logits": kept, "largest_logit": largest}


def _log_softmax(x: np.ndarray) -> np.ndarray:
    shifted = x - x.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
