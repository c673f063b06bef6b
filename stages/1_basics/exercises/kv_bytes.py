"""Exercise of lesson 1.1. Grade it: workbook grade kv_bytes

第 1.1 课练习。评分：workbook grade kv_bytes
"""

from typing import Any


def kv_bytes(config: dict[str, Any], block_size: int, blocks: int) -> tuple[int, int]:
    """How many bytes of KV cache does one token take, and how many the whole cache?

    config       the model's numbers, with the names of its config.json, here those of SmolLM2-135M:
                 {"num_hidden_layers": 30, "hidden_size": 576, "num_attention_heads": 9, "num_key_value_heads": 3,
                  "head_dim": 64, "intermediate_size": 1536, "vocab_size": 49152, "dtype": "bfloat16"}
                 dtype is "bfloat16", "float16" or "float32"; the cache has the dtype of the model
    block_size   tokens that one block has room for
    blocks       blocks of the whole pool, with the null block that no request ever gets
    returns      (bytes for one token, bytes that the worker allocated for the cache), two ints

    Example: a model with 2 layers, 1 KV head, head_dim 4 and dtype float16 takes 32 bytes for each token;
    10 blocks of 16 tokens are then 5120 bytes.

    Source: vllm.v1.kv_cache_interface:AttentionSpec, vllm.v1.worker.utils:allocate_kv_cache

    一个 token 的 KV 缓存占多少字节？整个 KV 缓存又占多少字节？

    config       模型的各项参数，名称与 config.json 相同，上面列出的是 SmolLM2-135M 的；
                 dtype 是 "bfloat16"、"float16" 或 "float32"，缓存与模型使用同样的 dtype
    block_size   一个块能放多少个 token
    blocks       整个块池的块数，包括不会分给任何请求的占位块（null block）
    返回值       （一个 token 的字节数，工作进程为整个缓存分配的字节数），两个 int

    例：2 层、1 个 KV 头、head_dim 为 4、dtype 为 float16 的模型，每个 token 占 32 字节；
    10 个块、每块 16 个 token，共 5120 字节。
    """
    raise NotImplementedError("kv_bytes")
