"""Lesson 2.1 · PagedAttention: which block, which slot, and what it is good for.

What you will see   where K and V of every token go, and which blocks come back; then the same requests in the same memory,
                    reserved for max_model_len tokens each, and in blocks.
How to run it       workbook run step2_paged_attention          the block sizes (two minutes): add --sweep          F5
What it hides       workbook.paging reads what the attention kernel is given, by a forward hook on one layer.

第 2.1 课 · PagedAttention：哪一块、哪个槽位，有什么好处。

会看到什么    每个 token 的 K 和 V 写到哪里，哪些块被归还；然后在同样的内存里运行同样的请求：
              一种为每个请求预留 max_model_len 个 token，一种按块分配。
怎样运行      workbook run step2_paged_attention          比较块大小（两分钟）：加 --sweep          F5
没有显示的    workbook.paging 通过一层上的前向钩子读取交给注意力 kernel 的内容。
"""

import functools
import gc
import time
from typing import Any

from workbook import closing, lesson, paging, pairs, timings  # before vLLM, which reads its environment when imported
from workbook.i18n import tr
from workbook.lesson import Run
from workbook.recorder import load_all

LONG = "Write a short story: " * 10  # 51 tokens
AGAIN = LONG + "the sea"
TOPICS = "rain, a robot, the sea, winter, a key, tea, the moon, a train, a map, music, a garden, chess, sand, a letter"
PROMPTS = [
    f"Write a short story about {topic}, to be read at night to a child who is afraid of thunder and rain:"
    for topic in TOPICS.split(", ")
]
KV_TOKENS, MAX_MODEL_LEN = 1024, 512
SIZES = (32, 64, 128)  # a CPU takes multiples of 32 only


def engine(run: Run, block_size: int, tokens: int = KV_TOKENS) -> Any:
    """An engine whose KV cache has room for so many tokens, on a card too, and for the null block of the smallest size."""
    from vllm import LLM

    assert run.architecture
    memory = (tokens + SIZES[0]) * run.architecture.kv_bytes_per_token()
    return LLM(
        model=run.model,
        tensor_parallel_size=1,
        max_model_len=MAX_MODEL_LEN,  # one request may become so long
        max_num_seqs=16,  # at most so many requests at once
        enable_prefix_caching=not run.flags.no_prefix_caching,  # on by default
        **run.engine_args | {"block_size": block_size, "kv_cache_memory_bytes": memory},
    )


def main() -> None:
    # 1) What this machine needs.
    flags = lesson.parser(__doc__)
    flags.add_argument("--sweep", action="store_true", help=tr("compare block sizes", "比较块大小"))
    flags.add_argument("--no-prefix-caching", action="store_true", help=tr("share no blocks", "不共享块"))
    run = lesson.start(__doc__, kv_tokens=KV_TOKENS, flags=flags)
    assert run.folder

    # 2) Import vLLM, and build the engine.
    with run.phase("import"):
        from vllm import SamplingParams
    new_tokens = 4 if run.fast else 16
    decode = SamplingParams(temperature=0, max_tokens=new_tokens, ignore_eos=True)
    if run.flags.sweep:
        sweep(run, decode)
        return
    with run.phase("engine"):
        llm = engine(run, SIZES[0])

    # 3) A long and a short prompt. Eight steps later the long one with another end, which shares what it can; and when all
    #    have ended, the same once more. The engine is stepped by hand, so that one can look between two steps.
    arrivals = {1: [("long", LONG, 24), ("short", "Hello", 40)], 9: [("again", AGAIN, 30)], 41: [("later", AGAIN, 2)]}
    watch, names = paging.Watch(llm), []
    with run.phase("by hand"):
        for step in range(1, 43):
            for name, prompt, tokens in arrivals.get(step, []):
                limits = SamplingParams(temperature=0, max_tokens=tokens, ignore_eos=True)
                llm.llm_engine.add_request(name, prompt, limits)
            watch.keep = 15 <= step <= 18  # queries and outputs too, for an exercise
            outputs = llm.llm_engine.step()
            names.append({len(o.prompt_token_ids) + len(o.outputs[0].token_ids) - 1: o.request_id for o in outputs})
            if step == 18:
                watch.save(run.folder)
    watch.stop()
    paging.report(run, watch.batches, names)
    run.info.results["batches"] = watch.batches

    # 4) The same memory in two ways. An engine that reserves room for max_model_len tokens holds so many requests:
    cache = llm.llm_engine.vllm_config.cache_config
    reserved = (cache.num_gpu_blocks - 1) * cache.block_size // MAX_MODEL_LEN  # block 0 goes to no request
    #    This one is held to as many, then not. LLM(max_num_active_seqs=...) sets the same number for good; set from
    #    outside, it saves a new engine for each turn. The scheduler reads it whenever it admits a request.
    scheduler = llm.llm_engine.engine_core.engine_core.scheduler

    def tokens_per_second(at_once: int) -> float:
        nonlocal outputs
        scheduler.max_num_active_reqs = at_once
        start = time.perf_counter()
        outputs = llm.generate(PROMPTS, decode, use_tqdm=False)
        return len(PROMPTS) * new_tokens / (time.perf_counter() - start)

    ways = {"reserved": lambda: tokens_per_second(reserved), "paged": lambda: tokens_per_second(len(PROMPTS))}
    with run.phase("generate"):
        measured = pairs.measure(ways, rounds=1 if run.fast else 3, warm=False)
    run.info.results |= {"reserved": reserved, "throughput": measured.results()}
    named = [tr("{} at a time, as if reserved", "一次 {} 个，如同预留").format(reserved), tr("in blocks", "按块分配")]
    shown = pairs.Pairs(dict(zip(named, measured.values.values(), strict=True)))
    title = tr(f"{len(PROMPTS)} requests in the same memory", f"同样的内存，{len(PROMPTS)} 个请求")
    run.console.print(pairs.table(shown, title, tr("tokens per second", "token/秒"), 1))

    # 5) Where the time went, and where the recording of every engine step is.
    timings.report(run, llm, outputs)
    closing.close(run, llm)


def sweep(run: Run, decode: Any) -> None:
    """The same requests with blocks of several sizes, in the same memory, and once with the largest in twice the memory."""
    assert run.folder
    llm: Any = None

    def seconds(block_size: int, tokens: int) -> float:
        nonlocal llm
        llm = None  # a process has room for one engine
        gc.collect()
        llm = engine(run, block_size, tokens)
        start = time.perf_counter()
        llm.generate(PROMPTS, decode, use_tqdm=False)
        return time.perf_counter() - start

    sizes = [(size, KV_TOKENS) for size in SIZES] + [(SIZES[-1], 2 * KV_TOKENS)]
    ways = {f"{size}, {tokens}": functools.partial(seconds, size, tokens) for size, tokens in sizes}
    measured = pairs.measure(ways, rounds=1 if run.fast else 3, warm=False)
    uses = [paging.use(recording) for recording in load_all(run.folder)[: len(sizes)]]  # of the first round
    run.info.results |= {"uses": uses, "seconds": measured.results()}
    if uses:  # nothing to count with --no-recording
        paging.sizes(run, sizes, uses, measured)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
