"""Which part of each weight a tensor-parallel rank holds: vLLM's rule for a LLaMA, as plain numbers.

``vllm.model_executor.models.llama`` cuts q, k, v, gate and up by columns (``ColumnParallelLinear`` and its two
subclasses: by outputs), o and down by rows (``RowParallelLinear``: by inputs), and the vocabulary by tokens
(``VocabParallelEmbedding``, padded to a multiple of 64). A test compares these numbers with a real engine's layers.
"""

from dataclasses import dataclass
from typing import Literal

from workbook.architecture import Architecture
from workbook.wire import padded_vocabulary

Cut = Literal["column", "row", "vocabulary"]


@dataclass(frozen=True)
class Weight:
    """A weight of the checkpoint. Features, not bytes; PyTorch stores it as ``[outputs, inputs]``."""

    name: str
    module: str  # the module of vLLM that holds it
    cut: Cut
    outputs: int
    inputs: int
    parts: tuple[tuple[int, int], ...]  # for each rank, from and up to where along the dimension that is cut
    heads: tuple[tuple[int, int], ...] = ()  # the same in heads, where the cut is between heads
    padding: int = 0  # rows at the end that stand for no token

    def shape(self, rank: int) -> tuple[int, int]:
        """What the rank stores, ``(outputs, inputs)``."""
        first, last = self.parts[rank]
        return (self.outputs, last - first) if self.cut == "row" else (last - first, self.inputs)

    @property
    def replicated(self) -> bool:
        """Whether two ranks hold the same part."""
        return len(set(self.parts)) < len(self.parts)


def fits(model: Architecture, ranks: int) -> bool:
    """Whether vLLM can cut this model for so many ranks: heads, MLP and padded vocabulary must come out even."""
    even = model.intermediate % ranks == 0 and padded_vocabulary(model.vocab) % ranks == 0
    return even and model.tensor_parallel_fits(ranks)


def attention(model: Architecture, ranks: int) -> list[Weight]:
    """q, k, v and o of one layer. Fewer KV heads than ranks: each is held by several ranks."""
    query = _evenly(model.heads, ranks)
    copies = max(1, ranks // model.kv_heads)
    shared = tuple((rank // copies, rank // copies + 1) for rank in range(ranks))
    key = _evenly(model.kv_heads, ranks) if model.kv_heads >= ranks else shared
    width = model.heads * model.head_dim
    kv_width = model.kv_heads * model.head_dim

    def columns(name: str, outputs: int, heads: tuple[tuple[int, int], ...]) -> Weight:
        return Weight(name, "qkv_proj", "column", outputs, model.hidden, _times(heads, model.head_dim), heads)

    return [
        columns("q_proj", width, query),
        columns("k_proj", kv_width, key),
        columns("v_proj", kv_width, key),
        Weight("o_proj", "o_proj", "row", model.hidden, width, _times(query, model.head_dim), query),
    ]


def mlp(model: Architecture, ranks: int) -> list[Weight]:
    """gate, up and down of one layer."""
    parts = _evenly(model.intermediate, ranks)
    return [
        Weight("gate_proj", "gate_up_proj", "column", model.intermediate, model.hidden, parts),
        Weight("up_proj", "gate_up_proj", "column", model.intermediate, model.hidden, parts),
        Weight("down_proj", "down_proj", "row", model.hidden, model.intermediate, parts),
    ]


def vocabulary(model: Architecture, ranks: int, name: str) -> Weight:
    """``embed_tokens`` or ``lm_head``: a row for each token, dealt out in order."""
    rows = padded_vocabulary(model.vocab)
    parts = _evenly(rows, ranks)
    return Weight(name, name, "vocabulary", rows, model.hidden, parts, padding=rows - model.vocab)


def elements(model: Architecture, ranks: int, rank: int, tied: bool) -> int:
    """Weights that one rank holds in all: its parts, and the norms, which every rank has whole."""
    tables = [vocabulary(model, ranks, name) for name in (("embed_tokens",) if tied else ("embed_tokens", "lm_head"))]
    layer = [*attention(model, ranks), *mlp(model, ranks)]
    norms = model.hidden * (2 * model.layers + 1)
    return model.layers * sum(_size(w, rank) for w in layer) + sum(_size(w, rank) for w in tables) + norms


def _size(weight: Weight, rank: int) -> int:
    outputs, inputs = weight.shape(rank)
    return outputs * inputs


def _evenly(count: int, ranks: int) -> tuple[tuple[int, int], ...]:
    share = count // ranks
    return tuple((rank * share, (rank + 1) * share) for rank in range(ranks))


def _times(parts: tuple[tuple[int, int], ...], factor: int) -> tuple[tuple[int, int], ...]:
    return tuple((first * factor, last * factor) for first, last in parts)
