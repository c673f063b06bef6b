"""Exercise of lesson 2.4. Grade it: workbook grade chunk_sizes

第 2.4 课练习。评分：workbook grade chunk_sizes
"""


def chunk_sizes(prompt_tokens: int, decoding: int, budget: int, threshold: int) -> list[int]:
    """How many tokens of a prompt does vLLM compute in each step, until the whole prompt is computed?

    Chunked prefill is on. The request arrives while ``decoding`` others run, each of which decodes one token in every
    step until the prompt is done; nobody else waits, and nothing of the prompt is in the prefix cache.

    prompt_tokens   tokens of the prompt, at least 1
    decoding        requests that decode all the while; may be 0
    budget          max_num_batched_tokens: tokens that one step computes at most, over all requests; larger than decoding
    threshold       long_prefill_token_threshold; 0: none is set
    returns         tokens of this prompt in the first step, in the second, …: a list of ints

    Example: 300 tokens, 2 others decode, a budget of 128, no threshold: chunk_sizes(300, 2, 128, 0) == [126, 126, 48]

    Source: vllm.v1.core.sched.scheduler:Scheduler.schedule

    在整个提示词算完之前，vLLM 每一步各计算它的多少个 token？

    分块预填充已开启。这个请求到达时，另有 ``decoding`` 个请求在运行；在提示词算完之前，它们每一步都各解码一个 token。
    没有别的请求在等待，提示词也没有任何部分在前缀缓存里。

    prompt_tokens   提示词的 token 数，至少为 1
    decoding        一直在解码的请求数，可以为 0
    budget          max_num_batched_tokens：一步最多计算的 token 数，所有请求合计；大于 decoding
    threshold       long_prefill_token_threshold；0 表示没有设置
    返回值          第一步、第二步……各计算这个提示词的多少个 token：一个 int 列表

    例：300 个 token，另有 2 个请求在解码，预算 128，没有设置阈值：chunk_sizes(300, 2, 128, 0) == [126, 126, 48]
    """
    raise NotImplementedError("chunk_sizes")
