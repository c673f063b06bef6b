"""Exercise of lesson 2.7. Grade it: workbook grade ngram_propose

第 2.7 课练习。评分：workbook grade ngram_propose
"""


def ngram_propose(tokens: list[int], min_n: int, max_n: int, k: int) -> list[int]:
    """Which tokens does the n-gram proposer expect next?

    Take the last n tokens, with n = max_n, and look for the same n tokens in a row anywhere earlier in `tokens`. If they
    are there, propose what stood behind them; if not, try with n - 1, down to min_n. The longest match counts, wherever
    it is. Of several places with the longest match the first one in the text counts. A match may overlap the last n
    tokens, but is not these themselves.

    tokens    ids of the prompt and of all that was generated so far, at least one
    min_n     the shortest match that counts, at least 1 (prompt_lookup_min)
    max_n     the longest one that is looked for (prompt_lookup_max)
    k         at most that many are proposed (num_speculative_tokens); fewer where the text ends before
    returns   the proposed ids; an empty list where nothing matches

    Example: ngram_propose([5, 6, 7, 8, 5, 9, 5, 6], 1, 3, 2) == [7, 8]: no three tokens match, the last two, 5 and 6, stood at
    the beginning, with 7 and 8 behind them. And ngram_propose([3, 3], 1, 3, 4) == [3].

    Source: vllm.v1.spec_decode.ngram_proposer:_find_longest_matched_ngram_and_propose_tokens

    n-gram 提议器认为接下来是哪些 token？

    取最后 n 个 token（从 n = max_n 开始），在 `tokens` 前面的任意位置寻找同样连续的 n 个 token。找到了，就提议它们后面的内容；
    没找到，就用 n - 1 再试，直到 min_n。最长的匹配优先，无论在哪里；同样长的有几处时，取文本中最靠前的一处。匹配可以与最后 n 个
    token 部分重叠，但不能就是它们自己。

    tokens    提示词和到目前为止生成的全部 id，至少一个
    min_n     最短的有效匹配，至少为 1（prompt_lookup_min）
    max_n     最长查找多少（prompt_lookup_max）
    k         最多提议多少个（num_speculative_tokens）；文本先结束时会更少
    返回值    提议的 id；没有匹配时为空列表

    例：ngram_propose([5, 6, 7, 8, 5, 9, 5, 6], 1, 3, 2) == [7, 8]：三个 token 没有匹配；最后两个 5、6 在开头出现过，后面是 7、8。
    又如 ngram_propose([3, 3], 1, 3, 4) == [3]。
    """
    raise NotImplementedError("ngram_propose")
