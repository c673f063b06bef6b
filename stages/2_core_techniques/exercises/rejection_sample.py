"""Exercise of lesson 2.7. Grade it: workbook grade rejection_sample

第 2.7 课练习。评分：workbook grade rejection_sample
"""

import torch


def rejection_sample(
    draft_ids: torch.Tensor,
    draft_probs: torch.Tensor | None,
    target_probs: torch.Tensor,
    bonus_id: int,
    uniform: torch.Tensor,
    noise: torch.Tensor,
) -> list[int]:
    """Which tokens does a request get in a step with drafts? So that they are distributed as if there had been none.

    Go through the drafts in order. With p, the target's probability of the draft, and q, the draft model's:

    1. Accept the draft where p / q >= its uniform number. Then look at the next one.
    2. Else reject it. In its place comes a token drawn from what the target has more of than the draft model,
       max(0, target_probs - draft_probs) of that position; and the step ends, for what stood behind it is of no use.
    3. Where all were accepted, bonus_id comes last: the target model's own token behind the last draft.

    Drafts without probabilities, as those from n-grams, count as certain: q is 1 for the draft and 0 for every other token.
    To draw from weights w that need not add up to 1, vLLM takes the token with the largest w / noise. All positions share
    one noise.

    draft_ids      [k], int64: the drafts, as places in the vocabulary
    draft_probs    [k, n], float32: the draft model's probabilities of n tokens in each position; or None
    target_probs   [k, n], float32: the target model's
    bonus_id       what comes behind k accepted drafts
    uniform        [k], float32: evenly distributed between 0 and 1
    noise          [n], float32: exponentially distributed, larger than 0
    returns        1 to k + 1 ids, as ints

    Example: k = 1, n = 3, draft 2. With target_probs [[0.5, 0.3, 0.2]] and draft_probs [[0.1, 0.1, 0.8]], p / q is 0.25. A
    uniform number of 0.2 gives [2, bonus_id]. With 0.9 the draft is rejected; the weights are 0.4, 0.2 and 0, so with a noise
    of [1.0, 0.1, 1.0] the result is [1].

    Source: vllm.v1.sample.rejection_sampler:rejection_sample, Leviathan et al. 2023, algorithm 1

    有草稿的一步里，请求得到哪些 token？要求分布与没有草稿时一样。

    依次检查草稿。设 p 为目标模型给该草稿的概率，q 为草稿模型给它的概率：

    1. p / q >= 对应的均匀随机数时，接受草稿，再看下一个。
    2. 否则拒绝。该位置改为从“目标模型比草稿模型多出来的部分”中抽取一个 token，即该位置的 max(0, target_probs - draft_probs)；
       这一步到此结束，后面的草稿都没有用了。
    3. 全部接受时，最后加上 bonus_id：目标模型自己在最后一个草稿之后给出的 token。

    没有概率的草稿（如来自 n-gram）视为确定的：该草稿的 q 为 1，其余 token 为 0。
    按权重 w（和不必为 1）抽取时，vLLM 取 w / noise 最大的 token。所有位置共用一组 noise。

    draft_ids      [k]，int64：草稿，即词表中的位置
    draft_probs    [k, n]，float32：草稿模型在每个位置给 n 个 token 的概率；或 None
    target_probs   [k, n]，float32：目标模型的概率
    bonus_id       k 个草稿全部接受后的那个 token
    uniform        [k]，float32：0 到 1 之间均匀分布
    noise          [n]，float32：指数分布，大于 0
    返回值         1 到 k + 1 个 id，类型为 int

    例：k = 1，n = 3，草稿为 2；target_probs 为 [[0.5, 0.3, 0.2]]，draft_probs 为 [[0.1, 0.1, 0.8]]，则 p / q 为 0.25。
    均匀随机数为 0.2 时得到 [2, bonus_id]。为 0.9 时拒绝草稿；权重为 0.4、0.2、0，若 noise 为 [1.0, 0.1, 1.0]，结果是 [1]。
    """
    raise NotImplementedError("rejection_sample")
