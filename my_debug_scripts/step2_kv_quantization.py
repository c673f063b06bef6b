"""Lesson 2.6 · KV cache quantization: half the bytes for each token. How many more fit, and what does the text lose?

What you will see   by kv_cache_dtype: tokens in the same memory, perplexity on a chapter, the tokens chosen, ten stories.
How to run it       workbook run step2_kv_quantization      --simulate      --rounds 3      --show-garbage
                    on a card: --model llama-3.2-1b --types auto fp8 int8_per_token_head          F5 in VSCode
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 2.6 课 · KV 缓存量化：每个 token 的字节减半。能多放多少，文本质量又损失多少？

会看到什么    各种 kv_cache_dtype 下：同样内存放得下的 token、一章书上的困惑度、选出的 token、十个故事。
怎样运行      workbook run step2_kv_quantization      --simulate      --rounds 3      --show-garbage
              在显卡上：--model llama-3.2-1b --types auto fp8 int8_per_token_head          在 VSCode 里按 F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

import gc
from functools import partial
from typing import Any

from workbook import closing, kvtypes, lesson, pairs, paths  # before vLLM, which reads its environment when imported
from workbook.i18n import tr

TEXT = paths.STAGES / "2_core_techniques" / "texts" / "moby_dick_1.txt"
ABOUT = (
    "a lighthouse, a lost key, two sisters, the last train, a stolen violin, winter, a spy, the moon, bread, an old map"
)
STORIES = [f"Write a story about {what}:" for what in ABOUT.split(", ")]


def main() -> None:
    # 1) What this machine needs.
    flags = lesson.parser(__doc__)
    flags.add_argument("--types", nargs="+", metavar="TYPE", help=tr("kv_cache_dtype to compare", "要比较的类型"))
    flags.add_argument("--simulate", action="store_true", help=tr("round K and V by hooks too", "另用钩子舍入 K、V"))
    flags.add_argument("--rounds", type=int, default=0, help=tr("of the speed measurement (0)", "测速的轮数（0）"))
    flags.add_argument("--budget", type=int, help=tr("tokens a step may compute (512)", "每步 token 预算（512）"))
    flags.add_argument(
        "--show-garbage", action="store_true", help=tr("INT8 on a CPU, all the same", "在 CPU 上强用 INT8")
    )
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)

    # 2) Import vLLM; which types can this machine store?
    with run.phase("import"):
        from vllm import LLM, SamplingParams, TokensPrompt
    types = kvtypes.chosen(run, run.flags.types, run.flags.show_garbage)

    def engine(kv_cache_dtype: str, **more: Any) -> LLM:
        """The same memory for K and V each time; no block is found again, so each is written by the type under test."""
        return LLM(
            model=run.model,
            kv_cache_dtype=kv_cache_dtype,
            gpu_memory_utilization=0.5,
            max_model_len=4096,
            max_num_batched_tokens=run.flags.budget or (128 if run.fast else 512),
            enable_prefix_caching=False,
            **run.engine_args | more,
        )

    def judge(found: kvtypes.Found) -> kvtypes.Found:
        """The text, for which each token's probability is asked; then ten stories, greedy."""
        found.read(llm.generate(text, SamplingParams(max_tokens=1, prompt_logprobs=1), use_tqdm=False)[0])
        greedy = SamplingParams(temperature=0, max_tokens=24, ignore_eos=True)
        found.stories = [list(o.outputs[0].token_ids) for o in llm.generate(STORIES, greedy, use_tqdm=False)]
        return found

    # 3) One engine after another. What layer 0 gives to its cache, and what the cache then holds, is kept.
    stored: list[kvtypes.Found] = []
    simulated: list[kvtypes.Found] = []
    contents: dict[str, Any] = {}
    llm: Any = None
    for name in types:
        llm = None  # before the next engine takes its memory
        gc.collect()
        llm = engine(name)
        encoded = llm.get_tokenizer().encode(TEXT.read_text(encoding="utf-8"))
        text = TokensPrompt(prompt_token_ids=encoded[: 256 if run.fast else 2048])
        watch = kvtypes.Watch(llm)
        stored.append(judge(kvtypes.room(llm, name)))
        watch.stop()
        contents |= watch.contents(name)
        run.info.results.setdefault("largest", watch.largest)
        del watch  # it holds the layers

        # 4) Simulated: rounded to the nearest before this unquantised cache takes it. For types that this machine lacks.
        if name == "auto" and run.flags.simulate:
            simulated.append(stored[0])
            for kind in kvtypes.SIMULATED:
                with kvtypes.simulated(llm, kind):
                    simulated.append(judge(kvtypes.Found(kind)))

    # 5) Room and quality.
    places = len(stored[0].choices)
    kvtypes.report(run, tr("The same memory, by type", "同样的内存，各种类型"), stored, places)
    kvtypes.save(run.folder, contents)
    run.info.results["types"] = kvtypes.results(stored)
    if simulated:
        kvtypes.report(run, tr("Simulated: rounded to the nearest", "模拟：就近舍入"), simulated, places)
        run.info.results["simulated"] = kvtypes.results(simulated)

    # 6) Speed, in turns: an engine of each type for each round, without a recording.
    if run.flags.rounds:
        later: dict[str, list[float]] = {name: [] for name in types}

        def first_token(name: str) -> float:
            nonlocal llm
            llm = None
            gc.collect()
            llm = engine(name, scheduler_cls=None)
            greedy = SamplingParams(temperature=0, max_tokens=17, ignore_eos=True)
            times: Any = llm.generate(text, greedy, use_tqdm=False)[0].metrics
            later[name].append(times.last_token_ts - times.first_token_ts)
            return float(times.first_token_latency)

        prefill = pairs.measure({name: partial(first_token, name) for name in types}, run.flags.rounds, warm=False)
        decode = pairs.Pairs(later)
        kvtypes.speed(run, {tr("first token", "首 token"): prefill, tr("the next 16", "之后 16 个"): decode})
        run.info.results["speed"] = {"prefill": prefill.results(), "decode": decode.results()}

    # 7) Where the recording of every engine step is, one of each engine.
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
