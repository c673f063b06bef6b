"""The scheduler's decision before each step, against what the engine's own scheduler did in that step."""

from collections.abc import Callable, Iterator
from typing import Any

from workbook.course.header import Text
from workbook.grading import before_step
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake

_PARTS = (Text("tokens by request", "各请求的 token 数"), Text("preempted", "被抢占的请求"))
_GIVEN = ("max_num_seqs", "long_prefill_token_threshold")
Decision = tuple[dict[int, int], list[int]]


def cases(run: Evidence) -> Iterator[Case]:
    """Every step. Not of engines whose scheduler has more to consider: drafts, priorities, a step ahead, no chunks."""
    recording = run.recording
    header, engine = recording.header, recording.header.engine
    if (
        "num_speculative_tokens" in engine
        or engine["async_scheduling"]
        or "fcfs" not in engine["scheduling_policy"].lower()
        or not engine["enable_chunked_prefill"]
    ):
        raise run.lacking("FCFS, chunked prefill, async_scheduling=False")
    given = {
        "token_budget": header.token_budget,
        "block_size": header.block_size,
        **{name: engine[name] for name in _GIVEN},
    }
    for before in before_step.walk(recording):
        step = before.step
        yield Case(
            (before.running, before.waiting, before.free, given),
            [{row.request: row.scheduled for row in step.rows}, [victim.i for victim in step.preempted]],
            Text(f"step {step.number}", f"第 {step.number} 步（step）"),
            parts=_PARTS,
        )


def _version(fault: str = "") -> Callable[..., Decision]:
    """The scheduler of somebody who makes this one mistake; without one, vLLM's."""

    def decide(running: list[Any], waiting: list[Any], free: int, engine: dict[str, Any]) -> Decision:
        size, budget, seats = engine["block_size"], engine["token_budget"], engine["max_num_seqs"]
        limit = engine["long_prefill_token_threshold"]
        if (len(running) + len(waiting) == 1 and fault != "lone") or fault == "limit":
            limit = 0
        running, tokens, preempted = list(running), dict[int, int](), list[int]()

        def blocks(count: int) -> int:
            return int(-(-(count + (fault == "sampled")) // size))

        def run() -> None:
            nonlocal free, budget
            place = 0
            while place < len(running) and budget > 0:
                one = running[place]
                missing = one["tokens"] - one["computed"]
                if fault == "phases":
                    missing = 1  # "running is decoding"
                if fault == "whole" and missing > budget:
                    place += 1
                    continue
                count = min(missing, budget, limit or missing)
                need = blocks(one["computed"] + count) - one["blocks"]
                while need > free and place < len(running) and fault != "blocks":
                    victim = running.pop(0 if fault == "first" else -1)
                    free += victim["blocks"] if fault == "frees" else victim["frees"]
                    preempted.append(victim["id"])
                    tokens.pop(victim["id"], None)
                    if victim is one or fault == "one":
                        break
                    place -= fault == "first"
                if one["id"] in preempted or (need > free and fault != "blocks"):
                    break
                free -= max(need, 0)
                budget -= count * (fault != "each")
                tokens[one["id"]] = count
                place += 1

        def admit() -> None:
            nonlocal free, budget
            seated = len(running)
            for one in waiting:
                if budget <= 0 or (seated >= seats and fault != "seats"):
                    break
                hit = 0 if fault == "hit" else one["hit"]
                taken = 0 if fault == "taken" else one["hit_free"]
                missing = one["tokens"] - hit
                if fault == "whole" and missing > budget:
                    break
                count = min(missing, budget, limit or missing)
                new = blocks(hit + count) - hit // size + taken
                fit = new if fault == "fit" else blocks(one["tokens"]) - hit // size + taken
                if fit > free:
                    if fault == "skip":
                        continue
                    break
                free -= new
                budget -= count * (fault != "each")
                tokens[one["id"]] = count
                seated += 1

        if fault == "waiting":
            admit()
            run()
        else:
            run()
            if not preempted or fault == "admits":
                admit()
        return tokens, preempted

    return decide


def _mistake(fault: str, en: str, zh: str, everywhere: bool = False) -> Mistake:
    """``everywhere``: every run of the lesson's script refutes it; the others, one of our recordings."""
    return Mistake(_version(fault), Text(en, zh), must_differ=everywhere)


GRADER = Grader(
    cases,
    mistakes=[
        _mistake(
            "waiting",
            "you admit waiting requests before the running ones have their tokens; running ones come first, so that nobody who has begun stands still.",
            "你先接纳等待的请求，再给正在运行的分 token；应当先安排正在运行的，已经开始的请求才不会停下。",
            everywhere=True,
        ),
        _mistake(
            "whole",
            "you give a request all of its tokens or none; a prompt that does not fit into what is left of the budget is cut (chunked prefill).",
            "你要么给请求全部 token，要么一个不给；剩余预算放不下的提示词要切开（分块预填充）。",
            everywhere=True,
        ),
        _mistake(
            "each",
            "you hold the budget against each request alone; all requests of a step share it.",
            "你让每个请求各用一份预算；一步里的所有请求共用同一份预算。",
            everywhere=True,
        ),
        _mistake(
            "phases",
            "you give a running request one token; one whose prompt was cut runs as well, and has more to compute.",
            "你给正在运行的请求一个 token；提示词被切开的请求也在运行，它还有更多 token 要算。",
            everywhere=True,
        ),
        _mistake(
            "seats",
            "you forget max_num_seqs: a request without a seat waits, whatever budget and blocks there are.",
            "你忘了 max_num_seqs：没有席位的请求只能等待，不管还剩多少预算和块。",
            everywhere=True,
        ),
        _mistake(
            "blocks",
            "you do not ask for blocks when a running request grows; where none is free, somebody is preempted.",
            "正在运行的请求变长时，你没有检查块够不够；没有空闲块时，要抢占一个请求。",
        ),
        _mistake(
            "first",
            "you preempt the first of the running requests, which has waited longest and computed most; vLLM takes the last.",
            "你抢占了 running 的第一个，它来得最早、算得最多；vLLM 抢占最后一个。",
        ),
        _mistake(
            "one",
            "you preempt one request and stop; go on until the blocks suffice, or the request itself has lost its own.",
            "你抢占了一个就停下；应当继续，直到块够用，或者轮到请求自己。",
        ),
        _mistake(
            "admits",
            "you admit a request in a step that preempted one; it would take the blocks that were just freed, and vLLM waits a step.",
            "你在有抢占的一步里接纳了请求；它会拿走刚空出的块，而 vLLM 这一步不接纳。",
        ),
        _mistake(
            "sampled",
            "you keep a place for the token that this step samples; its K and V enter the cache in the next one.",
            "你给这一步采样出的 token 也留了位置；它的 K 和 V 到下一步才进缓存。",
        ),
        _mistake(
            "fit",
            "you admit a request whose first chunk fits; vLLM asks for room for all of its tokens (scheduler_reserve_full_isl).",
            "只要第一块提示词放得下，你就接纳；vLLM 要求放得下它的全部 token（scheduler_reserve_full_isl）。",
        ),
        _mistake(
            "skip",
            "you pass over a request that does not fit and admit the one behind it; first come, first served: the queue stands still.",
            "你跳过放不下的请求，接纳了后面的；先到先服务：队列停在它这里。",
        ),
        _mistake(
            "hit",
            "you compute tokens that the prefix cache has.",
            "你计算了前缀缓存里已有的 token。",
        ),
        _mistake(
            "taken",
            "you forget that the hit's blocks which nobody holds leave the free list too (hit_free).",
            "你忘了：命中的块里没有人占用的那些，也要离开空闲队列（hit_free）。",
        ),
        _mistake(
            "frees",
            "you count all blocks of the victim as free; those that it shares with a request before it stay held (frees).",
            "你把被抢占请求的所有块都算作空闲；与排在前面的请求共用的块仍被占用（frees）。",
        ),
        _mistake(
            "limit",
            "you leave out long_prefill_token_threshold: while others are there, no request gets more than that.",
            "你漏掉了 long_prefill_token_threshold：有别的请求时，单个请求不能超过它。",
        ),
        _mistake(
            "lone",
            "you apply long_prefill_token_threshold also when the engine has only this request; then it may use the whole budget.",
            "引擎里只有一个请求时，你仍然套用 long_prefill_token_threshold；这时它可以用完整个预算。",
        ),
    ],
    may_change=True,  # whoever pops the victim off running, as vLLM does, changes it
    shipped=("schedule_prefix", "schedule_chunks", "schedule_threshold", "schedule_preempt", "small_cache"),
)
