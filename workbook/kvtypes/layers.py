"""Into the attention layers of an engine in this process, in eager mode: what they hold, what they are given, K and V rounded.

Both is what :mod:`workbook.engine_setup` asks for.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.capture import FILE
from workbook.kvtypes.found import FLOAT8, Found

if TYPE_CHECKING:
    import torch


def _layers(llm: Any) -> list[Any]:
    from vllm.model_executor.layers.attention import Attention

    (found,) = llm.apply_model(lambda model: [layer for layer in model.modules() if isinstance(layer, Attention)])
    return list(found)


def room(llm: Any, name: str) -> Found:
    """What fits: blocks, less the null block, and their tokens; bytes of one token over all layers."""
    config, layers = llm.llm_engine.vllm_config.cache_config, _layers(llm)
    size = layers[0].kv_cache.shape[2]
    per_token = sum(layer.kv_cache[0].nbytes for layer in layers) / size
    blocks = config.num_gpu_blocks - 1
    return Found(name, blocks, blocks * size, per_token)


def nearest(kv: "torch.Tensor", name: str, head_dim: int) -> "torch.Tensor":
    """``kv``, [tokens, heads · head_dim], with each value replaced by the nearest that the type ``name`` can hold, scale 1.0
    (INT8: a scale for each token and head)."""
    import torch

    wide = kv.float()
    if name in FLOAT8:
        dtype = getattr(torch, FLOAT8[name])
        most = torch.finfo(dtype).max
        return wide.clamp(-most, most).to(dtype).to(kv.dtype)
    heads = wide.view(len(kv), -1, head_dim)
    scales = (heads.abs().amax(-1, keepdim=True) / 127).clamp(min=1e-6)
    return ((heads / scales).round() * scales).view_as(kv).to(kv.dtype)


@contextlib.contextmanager
def simulated(llm: Any, name: str) -> Iterator[None]:
    """K and V rounded by :func:`nearest` before the attention layers of an engine with an unquantised cache take them."""

    def before(layer: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        query, key, value, *more = args
        return (query, *(nearest(kv, name, layer.head_size) for kv in (key, value)), *more)

    handles = [layer.register_forward_pre_hook(before) for layer in _layers(llm)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Watch:
    """K and V as the attention layers got them: the largest of all, and the first block of layer 0, as it was stored too."""

    def __init__(self, llm: Any) -> None:
        self._layers = _layers(llm)
        self.largest = {"key": 0.0, "value": 0.0}
        self._given: dict[str, torch.Tensor] = {}
        self._handles = [layer.register_forward_pre_hook(self._called) for layer in self._layers]

    def _called(self, layer: Any, args: tuple[Any, ...]) -> None:
        from vllm.forward_context import get_forward_context

        context = get_forward_context()
        if not context.attn_metadata:  # a warm-up
            return
        for kind, kv in zip(self.largest, args[1:3], strict=True):
            self.largest[kind] = max(self.largest[kind], kv.abs().max().item())
        if layer is self._layers[0] and not self._given:
            self._size = layer.kv_cache.shape[2]
            self._slots = context.slot_mapping[layer.layer_name][: self._size].tolist()
            for kind, kv in zip(("key", "value"), args[1:3], strict=True):
                self._given[kind] = kv[: self._size].float().view(self._size, -1, layer.head_size).clone()

    def stop(self) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()

    def contents(self, name: str) -> dict[str, "torch.Tensor"]:
        """The block for the exercise: given and stored, [block_size, kv_heads, head_dim] float32. Empty where its layout is not known."""
        import torch

        from workbook import paging

        layer = self._layers[0]
        if name not in FLOAT8 or getattr(layer, "isa", None) != "vec":
            return {}
        assert self._slots == list(range(self._slots[0], self._slots[0] + self._size))
        stored = paging.blocks(layer.kv_cache, [self._slots[0] // self._size])
        found = {f"{name}/0/given_{kind}": kv for kind, kv in self._given.items()}
        for kind, codes in zip(self._given, stored, strict=True):
            found[f"{name}/0/stored_{kind}"] = codes[0].contiguous().view(getattr(torch, FLOAT8[name])).float()
        return found


def save(folder: Path | None, contents: dict[str, "torch.Tensor"]) -> None:
    """Write ``captured.safetensors``; nothing where nothing was kept."""
    from safetensors.torch import save_file

    if contents and folder:
        save_file({key: tensor.contiguous() for key, tensor in contents.items()}, folder / FILE)
