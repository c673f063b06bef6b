"""A solution of lesson 1.6's exercise find_shape.

第 1.6 课练习 find_shape 的参考解答。
"""


def find_shape() -> tuple[str, list[int], list[int]]:
    """Which module gives a tensor of the wrong shape in `workbook run step1_debugging --problem shape`?

    在 `workbook run step1_debugging --problem shape` 中，是哪个模块给出了形状错误的张量？
    """
    # Noticed by down_proj, which says its own name (prefix). gate_up_proj gave 3072 columns, as it should; the activation halves
    # them, and gave one less. With SmolLM2: two prompts of 5 tokens, intermediate_size 1536.
    # 由 down_proj 发现，它自己带着名字（prefix）。gate_up_proj 给出 3072 列，没有错；激活函数把宽度减半，却少了一列。
    # SmolLM2：两个提示词各 5 个 token，intermediate_size 为 1536。
    return "model.layers.18.mlp.act_fn", [10, 1535], [10, 1536]
