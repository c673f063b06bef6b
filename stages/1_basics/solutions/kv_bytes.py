"""A solution of lesson 1.1's exercise kv_bytes.

第 1.1 课练习 kv_bytes 的参考解答。
"""

from typing import Any

_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}


def kv_bytes(config: dict[str, Any], block_size: int, blocks: int) -> tuple[int, int]:
    """How many bytes of KV cache does one token take, and how many the whole cache?

    一个 token 的 KV 缓存占多少字节？整个 KV 缓存又占多少字节？
    """
    # Not for every attention head: with GQA several of them share one KV head.
    # 不是每个注意力头：使用 GQA 时，多个注意力头共用一个 KV 头。
    vectors = 2 * config["num_hidden_layers"] * config["num_key_value_heads"]
    token = vectors * config["head_dim"] * _BYTES[config["dtype"]]
    return token, token * block_size * blocks
