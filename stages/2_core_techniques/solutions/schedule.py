"""A solution of lesson 2.3's exercise schedule.

第 2.3 课练习 schedule 的参考解答。
"""


def schedule(
    running: list[dict[str, int]], waiting: list[dict[str, int]], free: int, engine: dict[str, int]
) -> tuple[dict[int, int], list[int]]:
    """What does the next step compute, and who is preempted for it?

    下一步计算什么？为此抢占谁？
    """
    size, budget, limit = engine["block_size"], engine["token_budget"], engine["long_prefill_token_threshold"]
    if len(running) + len(waiting) == 1:  # nobody to starve · 没有别的请求会挨饿
        limit = 0
    tokens: dict[int, int] = {}
    preempted: list[int] = []

    def portion(missing: int) -> int:
        """How many of the tokens still to be computed fit into this step · 这一步放得下多少个还没算的 token"""
        return min(missing, budget, limit or missing)

    # First those that run. Nobody is asked whether this is prefill or decode.
    # 先是正在运行的；没有谁去问它处于预填充还是解码。
    running = list(running)
    place = 0
    while place < len(running) and budget:
        request = running[place]
        count = portion(request["tokens"] - request["computed"])
        need = -(-(request["computed"] + count) // size) - request["blocks"]
        while need > free and place < len(running):
            victim = running.pop()  # the last; it may be this very request · 最后一个，也可能就是它自己
            free += victim["frees"]
            preempted.append(victim["id"])
        if place == len(running):
            break
        free -= max(need, 0)
        budget -= count
        tokens[request["id"]] = count
        place += 1

    # Then those that wait, in order, and only in a step in which nobody had to go.
    # 再按顺序接纳等待的；只要这一步有请求被抢占，就不接纳。
    for request in waiting if not preempted else []:
        if not budget or len(running) == engine["max_num_seqs"]:
            break
        hit, taken = request["hit"], request["hit_free"]
        if -(-request["tokens"] // size) - hit // size + taken > free:  # all of it must fit · 整个请求都要放得下
            break
        count = portion(request["tokens"] - hit)
        free -= -(-(hit + count) // size) - hit // size + taken
        budget -= count
        tokens[request["id"]] = count
        running.append(request)
    return tokens, preempted
