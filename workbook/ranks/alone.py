"""An engine of one rank in this process, before one of several ranks in processes of their own."""

import contextlib
import gc
import os
from collections.abc import Iterator

_VARIABLE = "VLLM_ENABLE_V1_MULTIPROCESSING"


@contextlib.contextmanager
def in_one_process() -> Iterator[None]:
    """``LLM(...)`` inside runs here, whatever comes after; delete it before you leave.

    vLLM reads its environment once and keeps it, for speed (``vllm.envs:enable_envs_cache``): it is told to forget.
    """
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "0"
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE)
        if before is not None:
            os.environ[_VARIABLE] = before
        from vllm import envs

        envs.disable_envs_cache()
        gc.collect()
        import torch

        if torch.accelerator.is_available():
            torch.accelerator.empty_cache()  # memory of a card that is free, but kept by torch
