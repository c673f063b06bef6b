"""An MLP from the shards of all ranks, against what the workers' down_proj gave after its all-reduce."""

from collections.abc import Callable, Iterator

import numpy as np

from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.grading.llama_layer import silu
from workbook.ranks import files

Array = np.ndarray
_MLP = "model.layers.0.mlp"


def cases(run: Evidence) -> Iterator[Case]:
    """Layer 0's MLP in each step of the first prompt, with the shards that each worker loaded."""
    try:
        ranks = files.read(run.folder)
        held = [files.tensors(run.folder, files.MLP, rank.rank) for rank in ranks]
    except WorkbookError:
        raise run.lacking(files.file_name(files.MLP, 0)) from None
    if len(ranks) == 1:
        raise run.lacking(files.file_name(files.MLP, 1))
    gate_up, down = ([one[f"{_MLP}.{name}_proj.weight"] for one in held] for name in ("gate_up", "down"))
    for call in range(run.captured.calls(f"{_MLP}.down_proj")):
        label = Text("prefill", "预填充") if not call else Text(f"decode step {call}", f"第 {call} 个解码步")
        x = run.captured(f"{_MLP}.gate_up_proj", call, "in.0")
        yield Case((x, gate_up, down), run.captured(f"{_MLP}.down_proj", call, "out.0"), label)


def _halves(x: Array) -> tuple[Array, Array]:
    gate, up = np.split(x, 2, axis=-1)
    return gate, up


def _one(x: Array, gate_up: Array, down: Array) -> Array:
    gate, up = _halves(x @ gate_up.T)
    return np.asarray((silu(gate) * up) @ down.T)


def _each(x: Array, gate_up: list[Array], down: list[Array]) -> list[Array]:
    return [_one(x, mine, back) for mine, back in zip(gate_up, down, strict=True)]


def _one_matrix(x: Array, gate_up: list[Array], down: list[Array]) -> Array:
    return _one(x, np.concatenate(gate_up), np.concatenate(down, axis=1))


def _silu_of(which: Callable[[Array, Array], Array]) -> Callable[[Array, list[Array], list[Array]], Array]:
    def version(x: Array, gate_up: list[Array], down: list[Array]) -> Array:
        parts = [which(*_halves(x @ mine.T)) @ back.T for mine, back in zip(gate_up, down, strict=True)]
        return np.asarray(np.sum(parts, axis=0))

    return version


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _one_matrix,
            Text(
                "you join the gate_up shards into one matrix and halve it: its first half is rank 0's gate and up, not all of gate.",
                "你把各 rank 的 gate_up 分片拼成一个矩阵再对半分：前一半是 rank 0 的 gate 和 up，而不是整个 gate。",
            ),
        ),
        Mistake(
            lambda x, gate_up, down: _one(x, gate_up[0], down[0]),
            Text(
                "that is rank 0's partial sum: the all-reduce is missing.", "这是 rank 0 的部分和：还缺少 all-reduce。"
            ),
        ),
        Mistake(
            lambda x, gate_up, down: np.mean(_each(x, gate_up, down), axis=0),
            Text(
                "you average the ranks; an all-reduce of LLaMA adds up.",
                "你对各 rank 取了平均；这里的 all-reduce 是求和。",
            ),
        ),
        Mistake(
            lambda x, gate_up, down: np.concatenate(_each(x, gate_up, down), axis=-1),
            Text(
                "you put the ranks' results side by side; each has the full width, and is a part of the sum.",
                "你把各 rank 的结果并排拼接；每个结果已是完整宽度，只是和的一部分。",
            ),
        ),
        Mistake(
            _silu_of(lambda gate, up: gate * silu(up)),
            Text(
                "SiLU is on up; gate is the first half of each rank's shard.",
                "SiLU 用在了 up 上；每个分片的前一半是 gate。",
            ),
        ),
        Mistake(
            _silu_of(lambda gate, up: gate * up),
            Text("SiLU is missing.", "缺少 SiLU。"),
        ),
        Mistake(
            lambda x, gate_up, down: silu(np.sum(_each(x, gate_up, down), axis=0)),
            Text("SiLU stands between the two matrices, not behind the sum.", "SiLU 在两个矩阵之间，不在求和之后。"),
        ),
    ],
    # Each rank rounds its gate_up, its product and its partial sum to bfloat16, and the sum is rounded once more.
    tolerance=Tolerance(relative=0.008, absolute=1e-6, row=0.01),
)
