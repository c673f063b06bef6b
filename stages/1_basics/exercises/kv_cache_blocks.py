"""Exercise of lesson 1.2. Grade it: workbook grade kv_cache_blocks

第 1.2 课练习。评分：workbook grade kv_cache_blocks
"""

from typing import Any


def kv_cache_blocks(config: dict[str, Any], memory: int, engine: dict[str, Any]) -> tuple[int, float]:
    """How many blocks does vLLM make of the memory for the KV cache, and how many long requests fit at the same time?

    config    the model's numbers, here those of SmolLM2-135M: {"num_hidden_layers": 30, "num_attention_heads": 9,
              "num_key_value_heads": 3, "head_dim": 64, "hidden_size": 576, "dtype": "bfloat16"}
    memory    bytes that each rank may use for the KV cache
    engine    {"block_size": 32, "tensor_parallel_size": 1, "kv_cache_dtype": "auto", "max_model_len": 2048}:
              with tensor parallelism each rank holds num_key_value_heads / tensor_parallel_size KV heads;
              kv_cache_dtype is "auto" (as the model: 2 bytes a number) or "fp8" (1 byte)
    returns   (blocks, the number in vLLM's log line "Maximum concurrency for 2,048 tokens per request"): an int and a
              float. All blocks count, also the null block, and a request takes whole blocks.

    Example: 2 layers, 1 KV head, head_dim 4, "auto": a block of 16 tokens takes 512 bytes, so 10,000 bytes are 19 blocks.
    With max_model_len 40 a request takes 3 of them: (19, 6.33…)

    Source: vllm.v1.kv_cache_interface:AttentionSpec, vllm.v1.core.kv_cache_utils:get_max_concurrency_for_kv_cache_config

    vLLM 会把给 KV 缓存的内存分成多少块？最长的请求能同时放下几个？

    config    模型的各项参数，上面列出的是 SmolLM2-135M 的
    memory    每个 rank 可用于 KV 缓存的字节数
    engine    上面列出的四项。张量并行时，每个 rank 持有 num_key_value_heads / tensor_parallel_size 个 KV 头；
              kv_cache_dtype 为 "auto"（与模型相同，每个数 2 字节）或 "fp8"（1 字节）
    返回值    （块数，vLLM 日志行 "Maximum concurrency for 2,048 tokens per request" 里的数）：一个 int 和一个 float。
              所有块都算，包括占位块（null block）；一个请求占用整数个块。

    例：2 层、1 个 KV 头、head_dim 为 4、"auto"：16 个 token 的一块占 512 字节，所以 10,000 字节是 19 块。
    max_model_len 为 40 时一个请求占 3 块：(19, 6.33…)
    """
    raise NotImplementedError("kv_cache_blocks")
