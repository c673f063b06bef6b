"""A solution of lesson 2.5's exercise tp_bytes.

第 2.5 课练习 tp_bytes 的参考解答。
"""


def tp_bytes(layers: int, hidden: int, vocabulary: int, step: dict[str, int], ranks: int, element_bytes: int) -> int:
    """How many bytes does one rank put into the collectives of one step of a LLaMA?

    一个 rank 在 LLaMA 的一步里，往各次集合通信中放入多少字节？
    """
    if ranks == 1:
        return 0
    all_reduces = (1 + 2 * layers) * step["tokens"] * hidden  # embedding; o_proj and down_proj of each layer
    all_gather = step["requests"] * vocabulary // ranks  # the logits of this rank's tokens
    return (all_reduces + all_gather) * element_bytes
