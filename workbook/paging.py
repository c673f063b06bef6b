"""What the attention kernel is given in each step: block tables, slots, and the blocks themselves. For lesson 2.1's script.

The kernel's arguments stand in vLLM's forward context while a layer runs, and a forward hook of PyTorch on that layer sees them,
whatever the model runner and the backend are called. The hook's function lives in the script's process, so this needs an
engine in that same process, and eager mode: what :mod:`workbook.engine_setup` asks for.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from workbook import titled
from workbook.capture import FILE, Captured
from workbook.i18n import tr
from workbook.lesson import Run
from workbook.pairs import Pairs
from workbook.recorder import Recording

LAYER = "model.layers.0.self_attn.attn"
CACHE = "kv_cache"  # as the first part of a captured tensor's name
_SAME = {"vec"}  # CPU kernels whose layout `blocks` knows; what others do is decided by the processor


class Watch:
    """Notes every call of one attention layer. ``batches``: what the kernel was given, as plain numbers."""

    def __init__(self, llm: Any, layer: str = LAYER) -> None:
        self.layer, self.keep = layer, False  # keep: queries and outputs too
        self.batches: list[dict[str, Any]] = []
        self._tensors: dict[str, torch.Tensor] = {}
        (self._module,) = llm.apply_model(lambda model: model.get_submodule(layer))
        self._handle = self._module.register_forward_hook(self._called)

    def _called(self, module: Any, args: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        from vllm.forward_context import get_forward_context

        context = get_forward_context()
        if not context.attn_metadata:  # a warm-up, which has no requests
            return
        given = context.attn_metadata[self.layer]
        starts, lengths = given.query_start_loc.tolist(), given.seq_lens.tolist()
        size, number = module.kv_cache.shape[2], self.kept
        self.batches.append(
            {
                "tables": [row[: -(-n // size)] for row, n in zip(given.block_table.tolist(), lengths, strict=True)],
                "query_start_loc": starts,
                "seq_lens": lengths,
                "positions": positions(starts, lengths),
                "slots": context.slot_mapping[self.layer][: starts[-1]].tolist(),
                "kept": number if self.keep else None,
            }
        )
        if self.keep:
            for name, tensor in (("in.0", args[0]), ("out.0", output)):
                self._tensors[f"{self.layer}/{number}/{name}"] = tensor[: starts[-1]].float().cpu().clone()

    @property
    def kept(self) -> int:
        """Calls of which queries and outputs were kept so far."""
        return sum(batch["kept"] is not None for batch in self.batches)

    def save(self, folder: Path) -> None:
        """Write ``captured.safetensors``: what was kept, and the blocks that the last batch's tables name, as they are now."""
        numbers = sorted({number for table in self.batches[-1]["tables"] for number in table})
        if getattr(self._module, "isa", "vec") in _SAME:
            for name, tensor in zip(("key", "value"), blocks(self._module.kv_cache, numbers), strict=True):
                exact = (
                    tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
                )  # NumPy knows no bfloat16
                self._tensors[f"{CACHE}/0/{name}"] = exact.cpu().contiguous()
            self._tensors[f"{CACHE}/0/blocks"] = torch.tensor(numbers)
        save_file(self._tensors, folder / FILE)

    def stop(self) -> None:
        """Take the hook off."""
        self._handle.remove()


def positions(starts: list[int], lengths: list[int]) -> list[int]:
    """Where each token of a batch stands in its own text: a request's tokens are the last ones of its length."""
    return [
        length - (end - start) + place
        for start, end, length in zip(starts, starts[1:], lengths, strict=False)
        for place in range(end - start)
    ]


def blocks(cache: torch.Tensor, numbers: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys and values of some blocks of one layer, each [blocks, block_size, kv_heads, head_dim].

    ``cache`` is [blocks, kv_heads, block_size, 2 · head_dim]. On a card a slot's row holds its key, then its value. On a CPU
    each half of a block and head is a matrix of its own, and the keys' stands transposed, [head_dim, block_size]: so that a
    query is multiplied with a row of neighbours (``csrc/cpu/cpu_attn_vec.hpp``).
    """
    some = cache[numbers]
    count, heads, size, width = some.shape
    if cache.device.type == "cpu":
        halves = some.reshape(count, heads, 2, size * width // 2)
        key = halves[:, :, 0].reshape(count, heads, width // 2, size).permute(0, 3, 1, 2)
        value = halves[:, :, 1].reshape(count, heads, size, width // 2).permute(0, 2, 1, 3)
    else:
        key, value = some.transpose(1, 2).chunk(2, dim=-1)
    return key, value


def pool(captured: Captured) -> tuple[np.ndarray, np.ndarray]:
    """Keys and values as one pool, [blocks, block_size, kv_heads, head_dim] float32, zeros in blocks that were not kept.

    Raises WorkbookError where the run captured no blocks.
    """
    numbers = captured(CACHE, 0, "blocks")
    pools = []
    for name in ("key", "value"):
        kept = captured(CACHE, 0, name)
        if kept.dtype == np.int16:  # bfloat16's bits: the upper half of a float32
            kept = (kept.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        whole = np.zeros((numbers.max() + 1, *kept.shape[1:]), np.float32)
        whole[numbers] = kept
        pools.append(whole)
    return pools[0], pools[1]


def use(recording: Recording) -> dict[str, float]:
    """How one engine's requests used its blocks. ``empty``: of all slots that were held, step by step, those without a token."""
    size, held, filled = recording.header.block_size, 0, 0
    for _, state in recording.walk():
        held += size * sum(len(numbers) for numbers in state.tables.values())
        filled += sum(state.computed[request] for request in state.tables)
    steps = recording.steps
    return {
        "usable": steps[0].usable,
        "at_once": max(len(step.rows) for step in steps),
        "most": max(step.used for step in steps),
        "steps": len(steps),
        "empty": 1 - filled / held,
    }


def report(run: Run, batches: list[dict[str, Any]], names: list[dict[int, str]]) -> None:
    """Print each request's line of the steps in which a block table changed. ``names``: for each step, length → request."""
    shown = titled.table(
        tr("Where K and V went: steps with a new block", "K 和 V 写到了哪里：有新块的各步"),
        tr("step", "步"),
        tr("request", "请求"),
        tr("positions", "位置"),
        tr("block table", "块表"),
        tr("slots", "槽位"),
    )
    before: dict[str, list[int]] = {}
    for number, (batch, named) in enumerate(zip(batches, names, strict=True), 1):
        starts = batch["query_start_loc"]
        for row, blocks_held in enumerate(batch["tables"]):
            name = named[batch["seq_lens"][row]]
            tokens = slice(starts[row], starts[row + 1])
            if before.get(name) != blocks_held:
                places = [_span(batch[what][tokens]) for what in ("positions", "slots")]
                shown.add_row(str(number), name, places[0], str(blocks_held), places[1])
            before[name] = blocks_held
    run.console.print(shown)


def sizes(run: Run, ways: list[tuple[int, int]], uses: list[dict[str, float]], measured: Pairs) -> None:
    """Print a row for each engine of the sweep. ``ways``: block size, and tokens for which there is room."""
    shown = titled.table(
        tr("The same requests, by block size", "同样的请求，不同的块大小"),
        tr("block size, memory", "块大小，内存"),
        tr("blocks", "块数"),
        tr("at once", "同时运行"),
        tr("slots empty", "空槽位"),
        tr("steps", "步数"),
        tr("time against the first", "耗时与第一行之比"),
    )
    first = next(iter(measured.values))
    for (size, tokens), way, found in zip(ways, measured.values, uses, strict=True):
        shown.add_row(
            tr(f"{size}, {tokens:,} tokens", f"{size}，{tokens:,} 个 token"),
            *(f"{found[name]:,}" for name in ("usable", "at_once")),
            f"{found['empty']:.0%}",
            f"{found['steps']:,}",
            "1" if way == first else str(measured.ratio(way, first)),
        )
    run.console.print(shown)


def _span(numbers: list[int]) -> str:
    """Runs of neighbours, as ``32–82, 160``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
