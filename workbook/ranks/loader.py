"""vLLM's default weight loader, which notes what it has put where: the last moment at which every weight can be seen.

After it the CPU build packs the linear layers' weights for oneDNN, and their shape is (0,). A loader of one's own is an
extension point of vLLM (``vllm.model_executor.model_loader:register_model_loader``).
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import torch
from vllm.model_executor.layers.linear import QKVParallelLinear
from vllm.model_executor.model_loader import register_model_loader
from vllm.model_executor.model_loader.default_loader import DefaultModelLoader

from workbook.ranks import LOAD_FORMAT
from workbook.ranks.files import WHOLE

STRIP = 8  # rows or columns that are kept of each weight of layer 0, along the dimension that is not cut
_LAYER = "model.layers.0."
_MLP = ("gate_up_proj", "down_proj")
_SMALL = 8_000_000  # numbers: an MLP that has no more on a rank is kept whole (SmolLM2's has 2.7 million)


@dataclasses.dataclass
class Loaded:
    """What one rank loaded. ``strips`` and ``mlp``: layer 0's, by name; with "whole." before it a tensor of the checkpoint.

    ``kv_rows``: rows of k_proj and of v_proj that the model uses; fewer than there are with ``--kv-heads``.
    """

    checkpoint: dict[str, list[int]] = dataclasses.field(default_factory=dict)  # every tensor, whole
    parameters: dict[str, list[int]] = dataclasses.field(default_factory=dict)  # vLLM's, on this rank
    renamed: dict[str, str] = dataclasses.field(default_factory=dict)  # vLLM's own rule: ".q_proj" to ".qkv_proj"
    kv_rows: int | None = None
    strips: dict[str, torch.Tensor] = dataclasses.field(default_factory=dict)
    mlp: dict[str, torch.Tensor] = dataclasses.field(default_factory=dict)

    def parts(self, parameter: str) -> dict[str, list[int]]:
        """The tensors of the checkpoint that make up a parameter, in its own order: q, k, v; gate, up."""
        names = [parameter.replace(f"{new}.", f"{old}.") for old, new in self.renamed.items() if f"{new}." in parameter]
        return {name: self._used(name) for name in names or [parameter] if name in self.checkpoint}

    def _used(self, name: str) -> list[int]:
        rows, *rest = self.checkpoint[name]
        if self.kv_rows and (".k_proj." in name or ".v_proj." in name):
            rows = min(rows, self.kv_rows)
        return [rows, *rest]


last = Loaded()  # of the model that this process loaded last


@register_model_loader(LOAD_FORMAT)
class ShardLoader(DefaultModelLoader):  # type: ignore[misc]
    """Loads as ``load_format="auto"`` does."""

    def __init__(self, load_config: Any) -> None:
        super().__init__(dataclasses.replace(load_config, load_format="auto"))

    def get_all_weights(self, model_config: Any, model: torch.nn.Module) -> Iterable[tuple[str, torch.Tensor]]:
        """The checkpoint's tensors on their way into the model."""
        global last
        last = Loaded()
        for name, tensor in super().get_all_weights(model_config, model):
            last.checkpoint[name] = list(tensor.shape)
            if name.startswith(_LAYER) and tensor.dim() == 2:
                last.strips[f"{WHOLE}.{name}"] = _strip(name, tensor)
            yield name, tensor

    def load_weights(self, model: torch.nn.Module, model_config: Any) -> None:
        """Load, then look."""
        super().load_weights(model, model_config)
        stacked = getattr(model.model, "hf_to_vllm_mapper", None)
        if stacked is not None:
            last.renamed = {old: new for old, (new, _) in stacked.orig_to_new_stacked.items()}
        packed = next((m for m in model.modules() if isinstance(m, QKVParallelLinear)), None)
        if packed is not None:
            last.kv_rows = packed.total_num_kv_heads * packed.head_size
        for name, parameter in model.named_parameters():
            last.parameters[name] = list(parameter.shape)
            if name.startswith(_LAYER) and parameter.dim() == 2:
                last.strips[name] = _strip(name, parameter)
                if any(part in name for part in _MLP) and parameter.numel() <= _SMALL:
                    last.mlp[name] = parameter.detach().to("cpu", copy=True).contiguous()


def _strip(name: str, weight: torch.Tensor) -> torch.Tensor:
    """A few inputs of a weight that is cut by outputs; a few outputs of one that is cut by inputs."""
    row_parallel = "o_proj" in name or "down_proj" in name
    part = weight.detach()[:STRIP] if row_parallel else weight.detach()[:, :STRIP]
    return part.to("cpu", copy=True).contiguous()
