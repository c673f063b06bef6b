"""Counts collectives in a worker and says what it holds, asked by ``llm.collective_rpc``.

    llm.collective_rpc("workbook_count_start")
    llm.generate(...)
    answers = llm.collective_rpc("workbook_rank", args=(str(folder),))

vLLM has no hook at its collectives, and a module's hook does not see them. Every one of them goes through the TP group's
communicator (``vllm.distributed.parallel_state:GroupCoordinator.device_communicator``), an object of this worker's own:
its two methods are covered by counting ones while it counts, and uncovered after that.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from vllm.distributed.parallel_state import get_tp_group

from workbook.capture.worker import CapturingWorker
from workbook.ranks import loader  # registers the load format
from workbook.ranks.files import EDGE, MLP, file_name

_COUNTED = ("all_reduce", "all_gather")


class RankWorker(CapturingWorker):
    """Adds two calls to a worker."""

    def workbook_count_start(self) -> None:
        """From now on every all-reduce and all-gather of the TP group is counted."""
        self._collectives: list[tuple[str, int, float]] = []  # which, bytes that this rank puts in, seconds
        communicator = get_tp_group().device_communicator
        for name in _COUNTED if communicator is not None else ():
            setattr(communicator, name, _counting(name, getattr(communicator, name), self._collectives))

    def workbook_rank(self, folder: str) -> dict[str, Any]:
        """Stop counting; write this rank's tensors into ``folder``. Returns a :class:`workbook.ranks.files.Rank`."""
        communicator = get_tp_group().device_communicator
        for name in _COUNTED if communicator is not None else ():
            vars(communicator).pop(name, None)
        loaded = loader.last
        strips = loaded.strips
        if self.rank:  # the checkpoint is the same for all
            strips = {name: tensor for name, tensor in strips.items() if name in loaded.parameters}
        for kind, kept in ((EDGE, strips), (MLP, loaded.mlp)):
            if kept:
                save_file(kept, Path(folder) / file_name(kind, self.rank))
        return {
            "rank": self.rank,
            "parameters": [
                {"name": name, "shape": shape, "parts": loaded.parts(name)} for name, shape in loaded.parameters.items()
            ],
            "steps": _steps(getattr(self, "_collectives", [])),
        }


def _counting(name: str, original: Callable[..., Any], into: list[tuple[str, int, float]]) -> Callable[..., Any]:
    def call(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        result = original(tensor, *args, **kwargs)
        into.append((name, tensor.numel() * tensor.element_size(), time.perf_counter() - start))
        return result

    return call


def _steps(calls: list[tuple[str, int, float]]) -> list[dict[str, Any]]:
    """Calls by forward pass: the logits' all-gather is the last of each."""
    steps: list[dict[str, Any]] = []
    open_step = False
    for name, size, seconds in calls:
        if not open_step:
            steps.append({"all_reduces": 0, "reduced": 0, "all_gathers": 0, "gathered": 0, "seconds": 0.0})
            open_step = True
        step = steps[-1]
        step[f"{name}s"] += 1
        step["reduced" if name == "all_reduce" else "gathered"] += size
        step["seconds"] += seconds
        open_step = name != "all_gather"
    return steps
