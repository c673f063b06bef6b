"""Lesson 1.2 · From LLM(...) to a loaded model and a KV cache: who is made, in which order, and how large.

What you will see   every component that LLM(...) makes, as a tree with times; the phases, which add up to the whole;
                    the size of the KV cache worked out beside vLLM's own numbers.
How to run it       workbook run step1_engine_startup          in four processes: add --model tiny --tp 2
What it hides       workbook.hops puts one statement into each function of workbook/hops/startup_path.py, for its first
                    call. Under a debugger it does nothing.

第 1.2 课 · 从 LLM(...) 到加载好的模型和 KV 缓存：谁被创建、按什么顺序、有多大。

会看到什么    LLM(...) 创建的每个组件，画成一棵带耗时的树；各阶段的耗时，加起来等于总数；
              自己算出的 KV 缓存大小，与 vLLM 自己的数字并列。
怎样运行      workbook run step1_engine_startup          四个进程：加上 --model tiny --tp 2
没有显示的    workbook.hops 给 workbook/hops/startup_path.py 列出的每个函数的第一次调用加一条语句；在调试器下什么都不做。
"""

import math

from workbook import closing, hops, lesson, paths, timings  # before vLLM, which reads its environment when imported
from workbook.hops import startup_path
from workbook.i18n import tr
from workbook.views import hopphases, hoptree, sums


def main() -> None:
    # 1) What this machine needs, and the functions to trace: before vLLM is imported.
    flags = lesson.parser(__doc__)
    lesson.tensor_parallel_flag(flags)
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)
    assert run.folder
    traced = hops.install(startup_path.on(run.machine.build), run.folder)

    # 2) Import, and build the engine. All of this lesson happens in these lines.
    max_model_len = 2048  # tokens of one request, prompt and answer
    with run.phase("import"):
        from vllm import LLM, SamplingParams
    with run.phase("engine"), hops.window(run.folder):
        llm = LLM(
            model=run.model,
            tensor_parallel_size=run.tensor_parallel_size,
            gpu_memory_utilization=0.5,  # on a card; on a CPU kv_cache_memory_bytes in engine_args says how much
            max_model_len=max_model_len,
            **run.engine_args,
        )

    # 3) Who was made, in which order; then the phases. What a call took itself counts once, so they add up.
    if traced:
        calls = hops.read(run.folder)
        run.console.print(hoptree.tree(hoptree.merged(calls), tr("What LLM(...) makes", "LLM(...) 创建了什么")))
        imported = (tr("import vLLM", "导入 vLLM"), run.seconds["import"])
        found = [imported, *hopphases.phases(calls, *startup_path.phases())]
        run.console.print(hopphases.table(found))
        title = tr("From import to a ready engine", "从导入到引擎就绪")
        paths.write_atomically(run.folder / "phases.svg", hopphases.picture(found, title))

    # 4) The size of the KV cache. Worked out from the model's numbers, and beside it what vLLM did.
    if traced and run.architecture:
        model, cache = run.architecture, llm.llm_engine.vllm_config.cache_config
        heads = max(1, model.kv_heads // run.tensor_parallel_size)  # on each rank
        memory, allocated = startup_path.memory(calls)  # bytes that each rank may use, and bytes that it took
        block = 2 * model.layers * heads * model.head_dim * 2 * cache.block_size  # K and V; bfloat16 has 2 bytes
        blocks = memory // block
        at_once = blocks / math.ceil(max_model_len / cache.block_size)  # a request takes whole blocks
        run.console.print(
            sums.table(
                [
                    (tr("bytes of one block", "一块的字节数"), block, allocated // cache.num_gpu_blocks),
                    (tr("blocks", "块数"), blocks, cache.num_gpu_blocks),
                    (tr("longest requests at once", "最长请求的并发数"), at_once, cache.kv_cache_max_concurrency),
                    (tr("tokens in them", "其中的 token 数"), int(at_once * max_model_len), cache.kv_cache_size_tokens),
                ],
                tr(f"KV cache from {memory:,} bytes", f"由 {memory:,} 字节得到的 KV 缓存"),
            )
        )

    # 5) The engine works: one token. Then where the time went, and where the recording is.
    outputs = llm.generate("Hello", SamplingParams(temperature=0, max_tokens=1))
    timings.report(run, llm, outputs)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
