"""What the ranks said, kept beside the recording: ``ranks.json``; and the weights that each of them loaded, as tensors."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from workbook import paths
from workbook.errors import WorkbookError
from workbook.i18n import tr

if TYPE_CHECKING:
    import numpy as np

FILE = "ranks.json"
EDGE = "shards"  # shards-rank0.safetensors: a strip of each weight of layer 0
MLP = "mlp"  # mlp-rank0.safetensors: the MLP of layer 0, whole
WHOLE = "whole"  # before the name of a tensor of the checkpoint, in a file of rank 0

Cut = Literal["outputs", "inputs", "tokens", "nothing"]


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of vLLM's model on one rank. Shapes are PyTorch's: [outputs, inputs] of a linear layer."""

    name: str  # vLLM's: model.layers.0.self_attn.qkv_proj.weight
    shape: list[int]  # on this rank, before the CPU build packs it
    parts: dict[str, list[int]]  # the checkpoint's tensors that went into it, and their shapes

    @property
    def whole(self) -> list[int]:
        """The shape that it would have on one rank: the checkpoint's tensors, one below the other."""
        rows, *rest = zip(*self.parts.values(), strict=True)
        return [sum(rows), *(sizes[0] for sizes in rest)]

    @property
    def cut(self) -> Cut:
        """Along which dimension this rank's part was taken."""
        if self.shape == self.whole:
            return "nothing"
        if self.shape[0] == self.whole[0]:
            return "inputs"
        return "tokens" if "embed_tokens" in self.name or "lm_head" in self.name else "outputs"


class Step(msgspec.Struct, frozen=True):
    """The collectives of one forward pass, as one rank counted them; ``reduced`` and ``gathered``: bytes that it put in."""

    all_reduces: int
    reduced: int
    all_gathers: int
    gathered: int
    seconds: float  # that the rank spent in them, waiting for the others included; on a card: until they were launched

    @property
    def payload(self) -> int:
        """Bytes that the rank put in, in all."""
        return self.reduced + self.gathered


class Rank(msgspec.Struct, frozen=True):
    """One rank's answer."""

    rank: int
    parameters: list[Parameter]
    steps: list[Step]


def save(folder: Path, answers: list[Any]) -> list[Rank]:
    """Write ``ranks.json`` from the workers' answers to ``workbook_rank``, and return them, rank 0 first."""
    ranks = sorted(msgspec.convert(answers, list[Rank]), key=lambda rank: rank.rank)
    paths.write_atomically(folder / FILE, msgspec.json.encode(ranks).decode() + "\n")
    return ranks


def read(folder: Path) -> list[Rank]:
    """The ranks of a run, rank 0 first. Raises WorkbookError."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=list[Rank])
    except (OSError, msgspec.MsgspecError) as error:
        raise _missing(folder / FILE, error) from None


def tensors(folder: Path, kind: str, rank: int) -> "dict[str, np.ndarray]":
    """The weights of ``kind`` (EDGE or MLP) that a rank kept, by name, as float32: exactly its numbers. Raises WorkbookError."""
    from safetensors import SafetensorError, safe_open

    path = folder / file_name(kind, rank)
    try:
        with safe_open(path, framework="pt") as file:  # NumPy knows no bfloat16
            return {name: file.get_tensor(name).float().numpy() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise _missing(path, error) from None


def file_name(kind: str, rank: int) -> str:
    """Of the tensors that a rank kept."""
    return f"{kind}-rank{rank}.safetensors"


def _missing(path: Path, error: Exception) -> WorkbookError:
    return WorkbookError(
        tr(
            f"{path} cannot be read ({error}): run the lesson's script again, with --model tiny.",
            f"无法读取 {path}（{error}）：请重新运行本课的脚本，并加 --model tiny。",
        )
    )
