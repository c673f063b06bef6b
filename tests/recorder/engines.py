"""Engines inside the test process, so that a test can look at the scheduler while it works."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbook.recorder import WORKER_EXTENSION

# Before vLLM is imported; the same as workbook.engine_setup gives a script.
ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "OMP_NUM_THREADS": "1",
    "TORCH_COMPILE_DISABLE": "1",
    "VLLM_NO_USAGE_STATS": "1",
}
SMALL = {  # a pool that runs out, a budget that splits prompts
    "enforce_eager": True,
    "block_size": 32,
    "num_gpu_blocks_override": 17,
    "max_model_len": 192,
    "max_num_batched_tokens": 64,
    "max_num_seqs": 6,
    "kv_cache_memory_bytes": 32 * 1024**2,
    "disable_log_stats": False,
    "worker_extension_cls": WORKER_EXTENSION,
}


@pytest.fixture(scope="module")
def start_engine(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., tuple[Any, Path]]]:
    """``start_engine(**arguments)`` gives an LLM and the folder of its recording; the one before it is ended."""
    kept = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    import torch

    torch.set_num_threads(1)
    from vllm import LLM

    engines: list[Any] = []

    def start(**arguments: Any) -> tuple[Any, Path]:
        end(engines)
        folder = tmp_path_factory.mktemp("run")
        os.environ["WORKBOOK_RUN_FOLDER"] = str(folder)
        engines.append(LLM(model=str(tiny), **{**SMALL, **arguments}))
        return engines[0], folder

    yield start
    end(engines)
    os.environ.clear()
    os.environ.update(kept)


def end(engines: list[Any]) -> None:
    """vLLM allows one engine in a process at a time."""
    if engines:
        engines[0].llm_engine.engine_core.shutdown()
        engines.clear()
        gc.collect()
