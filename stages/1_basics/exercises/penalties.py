"""Exercise of lesson 1.5. Grade it: workbook grade penalties

第 1.5 课练习。评分：workbook grade penalties
"""

import torch


def penalties(
    logits: torch.Tensor,
    prompt: list[int],
    output: list[int],
    presence: float,
    frequency: float,
    repetition: float,
) -> torch.Tensor:
    """Make tokens that were there before less likely, by three penalties, in this order:

    1. repetition: of every token in the prompt or the output, a positive logit is divided by it, any other multiplied.
    2. frequency: is subtracted once for each time that the token stands in the output.
    3. presence: is subtracted once if the token stands in the output at all.

    logits       [vocabulary], float32, as they come from the model
    prompt       the prompt's token ids
    output       ids of the tokens generated so far, in order; empty in the first step
    presence     presence_penalty; 0.0 changes nothing
    frequency    frequency_penalty; 0.0 changes nothing
    repetition   repetition_penalty; 1.0 changes nothing
    returns      [vocabulary], float32. Leave the argument as it is.

    Example: logits [4.0, -1.0, 2.0, 3.0], prompt [1, 2], output [0, 0], presence 0.5, frequency 0.25 and repetition 2.0
    give [1.0, -2.0, 1.0, 3.0]: token 0 is 4 / 2 - 2 · 0.25 - 0.5, token 1 is -1 · 2.

    Source: vllm.model_executor.layers.utils:apply_penalties

    用三种惩罚降低已出现过的 token 的概率，按以下顺序：

    1. repetition：凡是在提示词或输出里出现过的 token，logit 为正则除以 repetition，否则乘以 repetition。
    2. frequency：token 在输出里出现几次，就减去几个 frequency。
    3. presence：token 只要在输出里出现过，就减去一个 presence，不论几次。

    logits       [词表大小]，float32，模型给出的原值
    prompt       提示词的 token id
    output       已生成的 token id，按顺序；第一步时为空
    presence     presence_penalty；0.0 表示不变
    frequency    frequency_penalty；0.0 表示不变
    repetition   repetition_penalty；1.0 表示不变
    返回值       [词表大小]，float32。不要改动传入的参数。

    例：logits [4.0, -1.0, 2.0, 3.0]、prompt [1, 2]、output [0, 0]、presence 0.5、frequency 0.25、repetition 2.0，
    得 [1.0, -2.0, 1.0, 3.0]：token 0 是 4 / 2 - 2 · 0.25 - 0.5，token 1 是 -1 · 2。
    """
    raise NotImplementedError("penalties")
