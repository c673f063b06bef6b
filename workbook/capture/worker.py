"""Hooks on the modules of the model, set and taken off between two steps by ``llm.collective_rpc``.

    llm.collective_rpc("workbook_capture_start", args=(["model.layers.0.input_layernorm", "sampler"],))
    llm.generate(...)
    llm.collective_rpc("workbook_capture_stop", args=(str(folder),))     # writes captured.safetensors

PyTorch's own forward hooks do the work, so they need ``enforce_eager=True``: a compiled model calls no submodule.
Two modules of a LLaMA never call their hooks: ``model``, whose ``__call__`` is ``support_torch_compile``'s own, and
``lm_head``, which ``logits_processor`` uses without calling it.
"""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from workbook.capture.files import FILE
from workbook.recorder.worker import WorkerView

_SAMPLER = "sampler"  # belongs to the model runner and not to the model


class CapturingWorker(WorkerView):
    """Adds two calls to a worker. One capture at a time."""

    def workbook_capture_start(self, modules: list[str]) -> list[str]:
        """Hook the modules of these names, as ``model.named_modules()`` has them, and "sampler" with its own parts; returns those found.

        Every call of such a module from now on is kept: clones of its arguments, since some layers work in place
        (``RMSNorm`` with a residual, the rotary embedding), and of what it returns.
        """
        known = dict(self.model_runner.get_model().named_modules())
        sampler = getattr(self.model_runner, _SAMPLER, None)  # the V2 runner's is no module, and cannot be hooked
        if isinstance(sampler, torch.nn.Module):
            known |= {f"{_SAMPLER}.{name}".rstrip("."): module for name, module in sampler.named_modules()}
        self._captured: dict[str, torch.Tensor] = {}
        self._handles: list[Any] = []
        found = [name for name in modules if isinstance(known.get(name), torch.nn.Module)]
        for name in found:
            calls = _Calls(name, self._captured)
            module = known[name]
            self._handles.append(module.register_forward_pre_hook(calls.before, with_kwargs=True))
            self._handles.append(module.register_forward_hook(calls.after))
        return found

    def workbook_capture_stop(self, folder: str) -> list[str]:
        """Take the hooks off and write ``captured.safetensors`` (``captured-rankN`` for rank N > 0); returns the keys."""
        for handle in self._handles:
            handle.remove()
        name = FILE if self.rank == 0 else FILE.replace(".", f"-rank{self.rank}.")
        save_file(self._captured, Path(folder) / name)
        return sorted(self._captured)


class _Calls:
    """Keeps the calls of one module, as ``NAME/CALL/in.0``, ``NAME/CALL/in.KEYWORD``, ``NAME/CALL/out.0``."""

    def __init__(self, name: str, into: dict[str, torch.Tensor]) -> None:
        self._name, self._into, self._count = name, into, 0

    def before(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        values = {str(n): value for n, value in enumerate(args)} | kwargs
        self._keep("in", values)

    def after(self, module: torch.nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if dataclasses.is_dataclass(output):  # SamplerOutput
            self._keep("out", vars(output))
        else:
            outputs = output if isinstance(output, tuple | list) else [output]
            self._keep("out", {str(n): value for n, value in enumerate(outputs)})
        self._count += 1

    def _keep(self, side: str, values: dict[str, Any]) -> None:
        for key, value in values.items():
            if isinstance(value, torch.Tensor):
                # bfloat16 becomes float32 without loss, and numpy, which knows no bfloat16, can read it.
                kept = value.detach().float() if value.is_floating_point() else value.detach()
                self._into[f"{self._name}/{self._count}/{side}.{key}"] = kept.to("cpu", copy=True).contiguous()
