"""Solution of lesson 2.7's exercise. 第 2.7 课练习的参考解答。"""


def ngram_propose(tokens: list[int], min_n: int, max_n: int, k: int) -> list[int]:
    """vLLM does the same in one pass over the text, with the table of Knuth, Morris and Pratt.

    vLLM 用 KMP 的前缀表，扫描一遍文本就得到同样的结果。
    """
    for n in range(max_n, min_n - 1, -1):
        for start in range(len(tokens) - n):  # the last place, len(tokens) - n, is the end itself
            if tokens[start : start + n] == tokens[-n:]:
                return tokens[start + n : start + n + k]
    return []
