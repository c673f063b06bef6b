"""Notes the shape that every module of a model gives out, as the modules are called: what a failed forward pass leaves."""

import functools
from typing import Any

import torch
from torch import nn

outputs: dict[
    str, list[int]
] = {}  # module -> the shape of its last output (of the first tensor in it), in the order of the calls


def note_outputs(model: nn.Module) -> None:
    """Hook every module of the model. Hooks that are there already run first, so what they change is seen."""
    for name, module in model.named_modules():
        if name:
            module.register_forward_hook(functools.partial(_note, name))


def _note(name: str, module: nn.Module, inputs: Any, output: Any) -> None:
    first = output[0] if isinstance(output, tuple) else output
    if isinstance(first, torch.Tensor):
        outputs.pop(name, None)
        outputs[name] = list(first.shape)
