"""Planted: the wrong shape of lesson 1.6. You have followed the shapes to this file, or you know the answer now.

An "adapter" on one activation in the middle of the model. Its slice ends one column early.
"""

from typing import Any

import torch
from torch import nn


def attach(model: nn.Module) -> str:
    """Hook the activation of the layer at three fifths of the depth; returns its name."""
    layers: Any = model.get_submodule("model.layers")
    name = f"model.layers.{len(layers) * 3 // 5}.mlp.act_fn"
    model.get_submodule(name).register_forward_hook(_scale)
    return name


def _scale(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
    return (output * 1.01)[..., :-1]
