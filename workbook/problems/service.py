"""Planted: the refusal of lesson 1.6. You have followed the bytes to this file, or you know the answer now.

The arguments with which "the service ran for months", and one that somebody added for better accuracy.
"""

from typing import Any

from workbook.architecture import Architecture

TOKENS = 2048 + 256  # room for a request of max_model_len, and a bit


def arguments(architecture: Architecture) -> dict[str, Any]:
    """Of ``LLM(...)``, with a KV cache of ``TOKENS`` tokens as the checkpoint's own dtype would take them."""
    return {
        "max_num_seqs": 8,
        "max_num_batched_tokens": 2048,
        "kv_cache_memory_bytes": TOKENS * architecture.kv_bytes_per_token(),
        "enable_prefix_caching": True,
        "dtype": "float32",
    }
