"""Exercise of lesson 1.6. Grade it: workbook grade find_shape

第 1.6 课练习。评分：workbook grade find_shape
"""


def find_shape() -> tuple[str, list[int], list[int]]:
    """Which module gives a tensor of the wrong shape in `workbook run step1_debugging --problem shape`?

    Not the module in whose call the error is raised, but the one that made what it was given.

    returns   (the module's name in the model, the shape that it gave, the shape that was due); shapes as
              [tokens in the step, width]

    Example: ("model.layers.3.input_layernorm", [10, 575], [10, 576])

    Source: vllm.model_executor.models.llama:LlamaMLP.forward

    在 `workbook run step1_debugging --problem shape` 中，是哪个模块给出了形状错误的张量？

    不是抛出错误的那个模块，而是算出这个张量的模块。

    返回值    （模块在模型中的名称，它给出的形状，应有的形状）；形状写成 [这一步的 token 数, 宽度]

    例：("model.layers.3.input_layernorm", [10, 575], [10, 576])
    """
    raise NotImplementedError("find_shape")
