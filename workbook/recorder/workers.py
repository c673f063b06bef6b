"""What the workers said of the memory that they allocated, kept beside the recording: ``workers.json``.

The scheduler, whose work the recording holds, only counts blocks; bytes are known where the tensors are.
"""

import pkgutil
from pathlib import Path
from typing import Any

import msgspec

from workbook import paths
from workbook.recorder.worker import WorkerView

FILE = "workers.json"


class Cache(msgspec.Struct, frozen=True):
    """The KV cache of one rank: the answer of :meth:`workbook.recorder.worker.WorkerView.workbook_kv_cache`."""

    rank: int
    layers: int
    shape: list[int]  # of one layer's tensor: [blocks, kv_heads on this rank, block_size, 2 · head_dim]
    dtype: str
    bytes: int  # all layers
    backend: list[str]
    runner: str  # the module of vLLM's model runner


def save(folder: Path, llm: Any) -> None:
    """Ask each worker of ``llm`` and write ``workers.json``; nothing where the workers cannot be asked."""
    extension = llm.llm_engine.vllm_config.parallel_config.worker_extension_cls
    if extension and issubclass(pkgutil.resolve_name(extension), WorkerView):
        answers = msgspec.json.encode(llm.collective_rpc("workbook_kv_cache"))
        paths.write_atomically(folder / FILE, msgspec.json.format(answers, indent=2).decode() + "\n")


def read(folder: Path) -> list[Cache]:
    """One for each rank; none where the file is missing or cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=list[Cache])
    except (OSError, msgspec.MsgspecError):
        return []
