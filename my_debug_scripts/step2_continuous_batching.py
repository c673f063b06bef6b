"""Lesson 2.3 · Continuous batching: who joins the batch, who waits, who has to leave it.

What you will see   20 requests that arrive while others run, on an engine that this script steps by hand.
How to run it       workbook run step2_continuous_batching          F5 in VSCode (with --small-cache)
    --static        a batch at a time: the next one waits until all of it has ended; then both ways in turns, measured
    --small-cache   too few KV cache blocks for four requests: the scheduler preempts
    --async         20 requests, half a second apart, to an engine in a process of its own, as a server has it
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 2.3 课 · 连续批处理：谁加入批，谁等待，谁必须离开。

会看到什么    20 个请求陆续到达，而别的请求正在运行；引擎由脚本一步一步推动。
怎样运行      workbook run step2_continuous_batching          在 VSCode 里按 F5（带 --small-cache）
    --static        一次一批：整批结束后，下一批才能进来；然后两种方式轮流运行，测出比值
    --small-cache   KV 缓存的块不够四个请求用：调度器会抢占
    --async         20 个请求，每隔半秒一个，发给另一个进程里的引擎，就像真正的服务
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

import asyncio
import time
from collections import deque
from functools import partial
from types import SimpleNamespace
from typing import Any

from workbook import closing, lesson, pairs  # before vLLM, which reads its environment when it is imported
from workbook.i18n import tr

SEATS = 4  # max_num_seqs: requests that run at the same time
LENGTHS = (24, 6, 12, 2)  # new tokens of requests 0, 1, 2, 3, and again from the start
TASK = "say in one short sentence what the sea looks like today. Answer: The sea"


def requests(number: int) -> list[tuple[int, str, str, int]]:
    """``(step before which it arrives, id, prompt, new tokens)``: one every two steps."""
    more = {6: "The sea was calm, and the gulls sat on the wall. " * 9}  # a long prompt
    return [(1 + 2 * i, str(i), f"Task {i}: {more.get(i, '')}{TASK}", LENGTHS[i % len(LENGTHS)]) for i in range(number)]


def serve(engine: Any, arriving: list[tuple[int, str, str, int]], static: bool = False) -> dict[str, tuple[Any, float]]:
    """Step ``engine`` until all is done: for each request its output, and the seconds from its arrival to its end."""
    from vllm import SamplingParams

    coming, waiting, step = deque(arriving), deque[tuple[str, str, SamplingParams]](), 0
    arrived: dict[str, float] = {}
    done: dict[str, tuple[Any, float]] = {}
    while coming or waiting or engine.has_unfinished_requests():
        step += 1
        while coming and coming[0][0] <= step:
            _, name, prompt, tokens = coming.popleft()
            arrived[name] = time.perf_counter()
            waiting.append((name, prompt, SamplingParams(temperature=0, max_tokens=tokens, ignore_eos=True)))
        # Continuous: the engine gets every request at once, and its scheduler decides anew in each step.
        # Static: it gets as many as it has seats, and no more until it has nothing left to do.
        if not (static and engine.has_unfinished_requests()):
            for _ in range(min(len(waiting), SEATS) if static else len(waiting)):
                engine.add_request(*waiting.popleft())
        for output in engine.step():  # schedule, forward pass, sampling: one engine step
            if output.finished:
                done[output.request_id] = output, time.perf_counter() - arrived[output.request_id]
    return done


async def serve_async(arguments: dict[str, Any], number: int, gap: float) -> Any:
    """Requests ``gap`` seconds apart to an AsyncLLM, which steps by itself in a process of its own."""
    from vllm import SamplingParams
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    given = AsyncEngineArgs(max_num_seqs=16, max_model_len=256, gpu_memory_utilization=0.5, **arguments)
    engine = AsyncLLM.from_engine_args(given)
    try:
        start = time.perf_counter()

        async def ask(i: int) -> None:
            await asyncio.sleep(i * gap)
            async for output in engine.generate(f"Task {i}: ", SamplingParams(max_tokens=50), request_id=str(i)):
                if output.finished:  # the outputs before it hold the text so far
                    print(f"[{i * gap:4.1f}–{time.perf_counter() - start:4.1f} s] {output.outputs[0].text[:50]!r}")

        await asyncio.gather(*(ask(i) for i in range(number)))
        caches = await engine.collective_rpc("workbook_kv_cache")
    finally:
        engine.shutdown()
    answers = {"get_tokenizer": engine.get_tokenizer, "get_metrics": list, "collective_rpc": lambda _: caches}
    return SimpleNamespace(llm_engine=engine, **answers)  # what close() asks for


def main() -> None:
    # 1) What this machine needs.
    flags = lesson.parser(__doc__)
    way = flags.add_mutually_exclusive_group()
    way.add_argument("--static", action="store_true", help=tr("one batch after another", "一批接一批"))
    way.add_argument("--small-cache", action="store_true", help=tr("eight KV cache blocks", "只有 8 个 KV 块"))
    way.add_argument("--async", action="store_true", help=tr("an AsyncLLM, as in a server", "像服务那样使用 AsyncLLM"))
    run = lesson.start(__doc__, kv_tokens=2048, flags=flags)
    number = 10 if run.fast else 20

    # 2) The engine in a process of its own.
    if getattr(run.flags, "async"):
        served = serve_async({"model": run.model, **run.engine_args}, number, gap=0.1 if run.fast else 0.5)
        return closing.close(run, asyncio.run(served))

    # 3) The engine in this process, with four seats and 64 tokens a step.
    with run.phase("import"):
        from vllm import LLM
    ours = {**run.engine_args, "gpu_memory_utilization": 0.5, "max_model_len": 256}
    ours |= {"max_num_seqs": SEATS, "max_num_batched_tokens": 64, "block_size": 32}  # of 32 tokens on a card, too
    ours |= {"num_gpu_blocks_override": 9 if run.flags.small_cache else 65}  # of the KV cache; one is the null block
    with run.phase("engine"):
        llm = LLM(model=run.model, **ours)

    # 4) Serve, and print what came out, in the order in which the requests ended.
    with run.phase("generate"):
        done = serve(llm.llm_engine, requests(number), run.flags.static)
    for name, (output, seconds) in done.items():
        print(f"{name:>2} {seconds:5.2f} s  {output.outputs[0].text[:60]!r}")

    # 5) Both ways in turns, on a bare engine: nobody records it.
    if run.flags.static:
        bare = {key: value for key, value in ours.items() if not key.endswith("_cls")} | {"disable_log_stats": True}
        measure(run, LLM(model=run.model, **bare).llm_engine, number)

    # 6) Where the recording of every engine step is.
    closing.close(run, llm)


def measure(run: lesson.Run, engine: Any, number: int) -> None:
    """Seconds for all requests, and for one on average: static against continuous batching."""
    latency: dict[str, list[float]] = {"continuous": [], "static": []}

    def way(name: str) -> None:
        engine.reset_prefix_cache()
        done = serve(engine, requests(number), static=name == "static")
        latency[name].append(sum(seconds for _, seconds in done.values()) / number)

    rounds = 2 if run.fast else 5
    total = pairs.measure({name: partial(way, name) for name in latency}, rounds)
    one = pairs.Pairs({name: seconds[-rounds:] for name, seconds in latency.items()})  # without the first round
    run.info.results |= {"total": total.results(), "latency": one.results()}
    run.console.print(pairs.table(total, tr("All requests", "全部请求"), tr("seconds", "秒")))
    run.console.print(pairs.table(one, tr("A request, on average", "每个请求（平均）"), tr("seconds", "秒")))


if __name__ == "__main__":
    lesson.main(main)
