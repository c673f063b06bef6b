"""Exercise of lesson 2.3. Grade it: workbook grade schedule

第 2.3 课练习。评分：workbook grade schedule
"""


def schedule(
    running: list[dict[str, int]], waiting: list[dict[str, int]], free: int, engine: dict[str, int]
) -> tuple[dict[int, int], list[int]]:
    """What does the next step compute, and who is preempted for it?

    running   requests that run, in the order of Scheduler.running:
              {"id": 3, "tokens": 21, "computed": 20, "blocks": 1, "frees": 1}
              tokens    prompt and generated tokens so far
              computed  those of them whose K and V are in the cache
              blocks    blocks that it holds
              frees     blocks that come free if it is preempted (one that it shares with a request before it does not)
    waiting   requests that wait, in the order of Scheduler.waiting:
              {"id": 6, "tokens": 127, "hit": 64, "hit_free": 1}
              hit       of its tokens, those that the prefix cache has: they need not be computed; a multiple of block_size
              hit_free  of the hit's blocks, those that nobody holds: they are counted in `free`, and leave the free list
                        when the request is admitted
    free      blocks in the free list
    engine    {"token_budget": 64, "max_num_seqs": 4, "block_size": 32, "long_prefill_token_threshold": 0}
    returns   ({id: tokens that this step computes, ...}, [id, ...]): requests that compute nothing are left out; the
              second item lists the preempted ones in the order in which they lose their blocks

    The rules, as Scheduler.schedule has them:
    1. First those that run, in order, while there is budget. Each gets the tokens that it still has to compute, at most
       what is left of the budget. With long_prefill_token_threshold above 0 it gets at most so many, unless it is the
       only request of the engine.
    2. A running request needs blocks for all tokens that will have been computed when this step is over. While they are not free, the
       last of the running ones is preempted; if that is the request itself, rule 1 ends here.
    3. Then those that wait, in order, while there is budget and a seat (max_num_seqs); in a step with a preemption none.
       All of the request's tokens must find room in the free list (but for blocks of the hit that somebody holds),
       though this step may compute only some of them;
       the first one for which something is missing ends the step, even if the next one would fit.

    Example: running [{"id": 0, "tokens": 21, "computed": 20, "blocks": 1, "frees": 1}], waiting
    [{"id": 1, "tokens": 100, "hit": 0, "hit_free": 0}], free 7, and the engine above: ({0: 1, 1: 63}, [])

    Source: vllm.v1.core.sched.scheduler:Scheduler.schedule, vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots

    下一步计算什么？为此抢占谁？

    running   正在运行的请求，顺序与 Scheduler.running 相同，格式见上
              tokens    提示词加上已生成的 token 数
              computed  其中 K、V 已在缓存里的 token 数
              blocks    它占用的块数
              frees     抢占它能空出的块数（与排在它前面的请求共用的块不会空出）
    waiting   等待的请求，顺序与 Scheduler.waiting 相同，格式见上
              hit       它的 token 里前缀缓存已有的数量：这些不必计算；是 block_size 的整数倍
              hit_free  命中的块里没有人占用的块数：它们也算在 free 里，接纳这个请求时会离开空闲队列
    free      空闲队列里的块数
    engine    见上
    返回值    ({id: 这一步计算的 token 数, …}, [id, …])：这一步不计算的请求不出现；第二项按失去块的先后列出被抢占的请求

    规则（与 Scheduler.schedule 一致）：
    1. 先按顺序安排正在运行的请求，直到预算用完。每个请求分得它还没算的 token，但不超过剩余预算。
       long_prefill_token_threshold 大于 0 时，每个请求最多分得这么多，除非引擎里只有这一个请求。
    2. 正在运行的请求，要为这一步之后所有算过的 token 准备好块。空闲块不够时，抢占 running 的最后一个，直到够用；
       如果抢占的就是它自己，规则 1 到此结束。
    3. 然后按顺序接纳等待的请求，直到预算或席位（max_num_seqs）用完；有抢占的步一个也不接纳。
       请求的全部 token 都要能在空闲队列里找到位置（命中的块里已有人占用的除外），哪怕这一步只计算其中一部分；
       遇到第一个条件不满足的请求就结束，即使后面的放得下。

    例：running、waiting 如上面 Example 所示，free 为 7，engine 如上：({0: 1, 1: 63}, [])
    """
    raise NotImplementedError("schedule")
