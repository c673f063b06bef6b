"""Lesson 2.4 · Chunked prefill: a long prompt arrives while four requests decode. Who waits, and for how long?

What you will see   the same arrivals under three settings: prompt in chunks, whole, capped; then the token budget swept.
How to run it       workbook run step2_chunked_prefill      --budget 64      --rounds 5      F5 in VSCode
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 2.4 课 · 分块预填充：四个请求正在解码，来了一个长提示词。谁要等，等多久？

会看到什么    同样的到达顺序在三种设置下：提示词分块、整段、限长；然后是 token 预算从大到小的对比。
怎样运行      workbook run step2_chunked_prefill      --budget 64      --rounds 5      在 VSCode 里按 F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

import gc
import time
from functools import partial
from pathlib import Path
from typing import Any

from workbook import closing, lesson, pairs, stalls, timings  # before vLLM, which reads its environment when imported
from workbook.i18n import tr

TALKERS = ["The capital of China is", "Hello, my name is", "The days of the week are", "Once upon a time"]
BUDGETS = (128, 64, 32)  # compared with the default one


def scene(llm: Any, long_prompt: list[int]) -> stalls.Scene:
    """Four requests decode; before step 5 the long prompt arrives. Nothing else happens between steps."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    def exactly(tokens: int) -> SamplingParams:  # DELTA: step() hands out each token when it is there
        return SamplingParams(temperature=0, max_tokens=tokens, ignore_eos=True, output_kind=RequestOutputKind.DELTA)

    engine, seen = llm.llm_engine, stalls.Scene()
    for name, prompt in enumerate(TALKERS):
        engine.add_request(str(name), prompt, exactly(24))
    while engine.has_unfinished_requests():
        if seen.steps == 4:
            engine.add_request("long", {"prompt_token_ids": long_prompt}, exactly(8))
            seen.sent = time.perf_counter()
        outputs = engine.step()  # what LLM.generate() does in its loop
        seen.note(outputs, time.perf_counter())
    return seen


def main() -> None:
    # 1) What this machine needs. A card reads a few hundred tokens as fast as one: there the prompt must be longer.
    flags = lesson.parser(__doc__)
    flags.add_argument(
        "--budget", type=int, default=128, help=tr("tokens a step may compute", "一步最多计算的 token 数")
    )
    flags.add_argument("--prompt-tokens", type=int, help=tr("of the long prompt", "长提示词的 token 数"))
    flags.add_argument("--rounds", type=int, default=2, help=tr("of the sweep", "预算对比的轮数"))
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)
    on_card = run.machine.build == "cuda" and not run.fast
    length, longest = run.flags.prompt_tokens or (6000 if on_card else 384), 8192 if on_card else 1024
    stalls.check(run.flags.budget, length, longest)

    # 2) Import vLLM. The long prompt is a piece of vLLM's own scheduler, as somebody might paste it.
    with run.phase("import"):
        from vllm import LLM, SamplingParams
        from vllm.v1.core.sched import scheduler

    def engine(**setting: Any) -> LLM:
        return LLM(
            model=run.model,
            gpu_memory_utilization=0.5,
            max_model_len=longest,
            max_num_seqs=stalls.SEQUENCES,  # vLLM refuses a budget below it, for each running request needs a token of every step
            enable_prefix_caching=False,  # else the prompt would be in the cache when it comes again
            **run.engine_args | setting,
        )

    # 3) In chunks, as by default, but with a small budget. The first engine is the one `workbook show last` shows.
    with run.phase("engine"):
        llm = engine(max_num_batched_tokens=run.flags.budget)
    long_prompt = llm.get_tokenizer().encode(Path(str(scheduler.__file__)).read_text(encoding="utf-8"))[:length]
    scenes = {"chunks": scene(llm, long_prompt)}
    del llm  # before the next engine takes its memory
    gc.collect()

    # 4) Whole. vLLM then asks for a budget that holds the longest possible prompt.
    llm = engine(enable_chunked_prefill=False, max_num_batched_tokens=longest)
    scenes["whole"] = scene(llm, long_prompt)
    del llm
    gc.collect()

    # 5) The budget swept, in turns on one engine that records nothing: schedule() reads this number anew at each step.
    llm = engine(scheduler_cls=None, worker_extension_cls="", disable_log_stats=True)
    swept: dict[int, list[stalls.Scene]] = {}

    def with_budget(tokens: int) -> float:
        core = llm.llm_engine.engine_core.engine_core  # in reach, since the engine core lives in this process
        core.scheduler.max_num_scheduled_tokens = tokens
        swept.setdefault(tokens, []).append(scene(llm, long_prompt))
        return swept[tokens][-1].longest_gap

    default = llm.llm_engine.vllm_config.scheduler_config.max_num_batched_tokens
    ways = {str(budget): partial(with_budget, budget) for budget in (default, *BUDGETS)}
    pairs.measure(ways, run.flags.rounds, warm=False)
    del llm
    gc.collect()

    # 6) A cap for each request, under the default budget; then the same prompt when nobody else is there.
    llm = engine(long_prefill_token_threshold=128)
    scenes["capped"] = scene(llm, long_prompt)
    with run.phase("generate"):
        alone = llm.generate({"prompt_token_ids": long_prompt}, SamplingParams(temperature=0, max_tokens=8))
    stalls.compare(run, scenes)
    if swept:
        stalls.sweep(run, swept)

    # 7) Where the time went (of the prompt alone), and where the recordings of every engine step are.
    timings.report(run, llm, alone)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
