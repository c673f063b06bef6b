"""A rank's part of a weight, against what the workers had in their parameters right after loading."""

from collections.abc import Callable, Iterator

import numpy as np

from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.ranks import files

Array = np.ndarray


def cases(run: Evidence) -> Iterator[Case]:
    """Each linear weight of layer 0, rank by rank: a strip of it, along the dimension that is not cut."""
    try:
        ranks = files.read(run.folder)
        held = [files.tensors(run.folder, files.EDGE, rank.rank) for rank in ranks]
    except WorkbookError:
        raise run.lacking(files.FILE) from None
    head_dim = run.recording.header.architecture["head_dim"]
    for parameter in ranks[0].parameters:
        if parameter.name not in held[0]:
            continue
        name = parameter.name.split(".")[-2]
        parts = [
            held[0][f"{files.WHOLE}.{part}"][: shape[0]]  # of k and v what the model uses
            for part, shape in parameter.parts.items()
        ]
        for rank in range(len(ranks)):
            yield Case(
                (name, parts, rank, len(ranks), head_dim),
                held[rank][parameter.name],
                Text(f"{name}, rank {rank} of {len(ranks)}", f"{name}，{len(ranks)} 个 rank 中的 rank {rank}"),
            )


def _version(
    column: Callable[[Array, int, int], Array] = lambda w, rank, ranks: np.split(w, ranks)[rank],
    row: Callable[[Array, int, int], Array] = lambda w, rank, ranks: np.split(w, ranks, axis=1)[rank],
    kv_share: Callable[[int, int, int], int] = lambda rank, ranks, kv_heads: rank // (ranks // kv_heads),
    kv_cut: bool = False,
    packed_first: tuple[str, ...] = (),
) -> Callable[..., Array]:
    """The part as somebody gives it who errs in one of these."""

    def part(name: str, parts: list[Array], rank: int, ranks: int, head_dim: int) -> Array:
        if name in ("o_proj", "down_proj"):
            return row(parts[0], rank, ranks)
        if name in packed_first:
            return column(np.concatenate(parts), rank, ranks)
        kv_heads = len(parts[1]) // head_dim
        if name == "qkv_proj" and kv_heads < ranks and not kv_cut:
            q, *others = parts
            shared = [np.split(w, kv_heads)[kv_share(rank, ranks, kv_heads)] for w in others]
            return np.concatenate([column(q, rank, ranks), *shared])
        return np.concatenate([column(w, rank, ranks) for w in parts])

    return part


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _version(packed_first=("qkv_proj", "gate_up_proj")),
            Text(
                "you pack first and cut after that, so one rank gets q, or gate, and the other the rest: cut each part, then pack.",
                "你先打包再切分，于是一个 rank 拿到 q（或 gate），另一个拿到其余部分：应先切每一部分，再打包。",
            ),
        ),
        Mistake(
            _version(packed_first=("gate_up_proj",)),
            Text(
                "of gate_up_proj you give one rank all of gate: each rank holds its part of gate and of up.",
                "gate_up_proj 里，你把整个 gate 给了一个 rank：每个 rank 都应持有 gate 的一部分和 up 的一部分。",
            ),
        ),
        Mistake(
            _version(row=lambda w, rank, ranks: np.split(w, ranks)[rank] if len(w) % ranks == 0 else w),
            Text(
                "o_proj and down_proj are row parallel: cut along the inputs, which are dimension 1 of PyTorch's weight.",
                "o_proj 和 down_proj 是行并行：沿输入切，也就是 PyTorch 权重的第 1 维。",
            ),
        ),
        Mistake(
            _version(
                column=lambda w, rank, ranks: np.split(w, ranks, axis=1)[rank] if w.shape[1] % ranks == 0 else w,
                kv_cut=True,
            ),
            Text(
                "qkv_proj and gate_up_proj are column parallel: cut along the outputs, which are dimension 0 of PyTorch's weight.",
                "qkv_proj 和 gate_up_proj 是列并行：沿输出切，也就是 PyTorch 权重的第 0 维。",
            ),
        ),
        Mistake(
            _version(column=lambda w, rank, ranks: w[rank::ranks]),
            Text(
                "you deal the outputs out one by one; a rank holds neighbours, whole heads of them.",
                "你把输出逐个轮流分给各 rank；一个 rank 持有的是相邻的输出，对注意力来说是完整的头。",
            ),
        ),
        Mistake(
            _version(kv_cut=True),
            Text(
                "with fewer KV heads than ranks you cut a head in two; vLLM gives the whole head to several ranks.",
                "KV 头少于 rank 时，你把一个头切开了；vLLM 会把整个头给几个 rank 各一份。",
            ),
            must_differ=False,  # a run with enough KV heads cannot refute it; our recording does
        ),
        Mistake(
            _version(kv_share=lambda rank, ranks, kv_heads: rank % kv_heads),
            Text(
                "with fewer KV heads than ranks, neighbours share one: rank // (ranks // kv_heads), and not rank % kv_heads.",
                "KV 头少于 rank 时，相邻的 rank 共用一个：rank // (ranks // kv_heads)，而不是 rank % kv_heads。",
            ),
            must_differ=False,
        ),
    ],
    tolerance=Tolerance(relative=0.0, absolute=0.0),  # the same numbers, in another place
    shipped=("tp4_kv2",),  # four ranks share two KV heads
)
