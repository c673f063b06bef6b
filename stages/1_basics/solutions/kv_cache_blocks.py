"""A solution of lesson 1.2's exercise kv_cache_blocks.

第 1.2 课练习 kv_cache_blocks 的参考解答。
"""

from typing import Any


def kv_cache_blocks(config: dict[str, Any], memory: int, engine: dict[str, Any]) -> tuple[int, float]:
    """How many blocks does vLLM make of the memory for the KV cache, and how many long requests fit at the same time?

    vLLM 会把给 KV 缓存的内存分成多少块？最长的请求能同时放下几个？
    """
    heads = config["num_key_value_heads"] // engine["tensor_parallel_size"]  # on this rank · 本 rank 上
    bytes_per_number = 1 if engine["kv_cache_dtype"] == "fp8" else 2
    token = 2 * config["num_hidden_layers"] * heads * config["head_dim"] * bytes_per_number
    # What is left over is too small for a block of all layers, and stays unused.
    # 余下的不够所有层的一块，就不用了。
    blocks = memory // (token * engine["block_size"])
    request = -(-engine["max_model_len"] // engine["block_size"])  # rounded up · 向上取整
    return blocks, blocks / request
