"""A solution of lesson 2.4's exercise chunk_sizes.

第 2.4 课练习 chunk_sizes 的参考解答。
"""


def chunk_sizes(prompt_tokens: int, decoding: int, budget: int, threshold: int) -> list[int]:
    """How many tokens of a prompt does vLLM compute in each step, until the whole prompt is computed?

    在整个提示词算完之前，vLLM 每一步各计算它的多少个 token？
    """
    # Running requests come first, in the order in which they were let in: each decoding one takes a token of the budget.
    # 先轮到正在运行的请求，按进入的先后：每个正在解码的请求占预算中的一个 token。
    most = budget - decoding
    # The threshold keeps a long prompt from taking everything from others; where there are none, it does not apply.
    # 阈值是为了不让长提示词占尽别人的预算；没有别的请求时，它不起作用。
    if threshold and decoding:
        most = min(most, threshold)
    return [min(most, prompt_tokens - done) for done in range(0, prompt_tokens, most)]
