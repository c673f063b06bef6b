"""Exercise of lesson 1.5. Grade it: workbook grade top_p

第 1.5 课练习。评分：workbook grade top_p
"""

import torch


def top_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Keep the likeliest tokens that together have at least the probability p, and share out all of it among them.

    From the likeliest token on, tokens are kept until their probabilities add up to p or more. The token that reaches p
    is kept too, so at least one always is.

    logits    [vocabulary], float32: what enters vLLM's filter, temperature and penalties already applied
    p         0 < p < 1
    returns   [vocabulary], in the order of the vocabulary: the natural logarithm of each kept token's new probability
              (they add up to 1 again), -inf for every other token

    Example: probabilities of [0.15, 0.5, 0.05, 0.3] and p = 0.7 keep the second and the fourth token, for 0.5 is less
    than 0.7 and 0.5 + 0.3 is not. Their new probabilities are 0.625 and 0.375, so the result is
    [-inf, -0.4700, -inf, -0.9808].

    Several tokens may have the same logit where the cut falls. It does not matter which of them you keep, only how many.

    Source: vllm.v1.sample.ops.topk_topp_sampler:apply_top_k_top_p_pytorch

    保留概率最大的若干 token，使它们的概率之和至少为 p，再把全部概率分给它们。

    从概率最大的 token 开始保留，直到概率之和达到或超过 p。使总和达到 p 的那个 token 也保留，所以至少会留下一个。

    logits    [词表大小]，float32：进入 vLLM 过滤器的值，已经过温度和惩罚项
    p         0 < p < 1
    返回值    [词表大小]，按词表顺序：保留下来的 token 取新概率的自然对数（新概率之和重新为 1），其余为 -inf

    例：概率为 [0.15, 0.5, 0.05, 0.3]、p = 0.7 时，保留第二和第四个 token，因为 0.5 小于 0.7，而 0.5 + 0.3 不小于。
    它们的新概率是 0.625 和 0.375，结果为 [-inf, -0.4700, -inf, -0.9808]。

    截断处可能有好几个 logit 相同的 token。保留其中哪几个都可以，个数对就行。
    """
    raise NotImplementedError("top_p")
