"""Errors that need hardware to happen: their texts are vLLM's own, the sentence is ours. The texts are still in vLLM."""

from pathlib import Path

import pytest
import vllm

from workbook.explain import explain

SOURCE = Path(str(vllm.__file__)).parent


@pytest.mark.parametrize(
    ("text", "source", "sentence"),
    [
        (
            "World size (4) is larger than the number of available GPUs (2) in this node.",
            "config/parallel.py:is larger than the number of",
            "4 GPUs are asked for, and 2 can be used here",
        ),
        (
            "Free memory on device cuda:0 (3.12/23.5 GiB) on startup is less than desired GPU memory utilization "
            "(0.92, 21.6 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
            "v1/worker/utils.py:is less than desired GPU memory utilization",
            "gpu_memory_utilization=0.92 asks for 21.6 of 23.5 GiB, and 3.12 GiB are free",
        ),
        (
            "Failed to infer device type, please set",
            "config/device.py:Failed to infer device type",
            "vLLM found no device",
        ),
        (
            "Not enough allowed NUMA nodes to bind threads of 2 local CPUWorkers.",
            "utils/ompmultiprocessing.py:Not enough allowed NUMA nodes to bind threads of",
            "use the script's --tp 2",
        ),
        (
            "The decoder prompt (length 512) plus the number of requested output tokens (at least 1) is longer than the "
            "maximum model length of 512.",
            "v1/engine/input_processor.py:longer than the maximum model length of",
            "A prompt has 512 input tokens, and max_model_len=512",
        ),
    ],
)
def test_sentence(text: str, source: str, sentence: str) -> None:
    assert sentence in str(explain(ValueError(text), ""))
    file, constant = source.split(":")
    assert constant in text
    assert constant in (SOURCE / file).read_text(encoding="utf-8")


def test_the_cause_is_found_in_a_chain_and_in_the_log() -> None:
    out_of_memory = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
    error = ValueError("Engine core initialization failed. See root cause above.")
    assert explain(error, "") is None
    assert "The GPU has no memory left" in str(explain(error, out_of_memory))
    error.__cause__ = RuntimeError(out_of_memory)
    assert "The GPU has no memory left" in str(explain(error, ""))


def test_an_unknown_error_has_no_sentence() -> None:
    assert explain(ValueError("something else"), "nothing to see") is None
