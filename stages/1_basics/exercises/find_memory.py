"""Exercise of lesson 1.6. Grade it: workbook grade find_memory

第 1.6 课练习。评分：workbook grade find_memory
"""


def find_memory() -> tuple[str, int, int]:
    """Why does `workbook run step1_debugging --problem memory` refuse to start?

    Until last week the same model served with this KV cache and this max_model_len; then somebody added one argument. Do not
    name what would make the engine start, but what changed.

    returns   (the added argument of LLM(...), bytes of KV cache that one request of max_model_len tokens needs in this run,
              bytes that there are for it), to the byte, as vLLM compares them

    Example: ("block_size", 47185920, 33554432)

    Source: vllm.v1.core.kv_cache_utils:_check_enough_kv_cache_memory

    为什么 `workbook run step1_debugging --problem memory` 拒绝启动？

    直到上周，同样的模型、同样大小的 KV 缓存、同样的 max_model_len 都还能正常服务；后来有人加了一个参数。
    要找的不是“改什么能让引擎启动”，而是“变了什么”。

    返回值    （LLM(...) 新增的参数名，这次运行中一个 max_model_len 长的请求需要的 KV 缓存字节数，可供使用的字节数），
              精确到字节，即 vLLM 比较的那两个数

    例：("block_size", 47185920, 33554432)
    """
    raise NotImplementedError("find_memory")
