"""Lesson 2.5 · Tensor parallelism: a model on two ranks, what each holds, and every byte that they exchange.

What you will see   the same prompts on one rank and on two, two workers' parts of each weight, their collectives counted.
How to run it       workbook run step2_tensor_parallel          --tp 4          --kv-heads 1          --dtype float32
                    another model: --model smollm2 --tp 3          on cards: --model llama-3.2-3b --tp 2
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 2.5 课 · 张量并行：一个模型分在两个 rank 上，各自持有什么，彼此交换了多少字节。

会看到什么    同样的提示词在一个 rank 和两个 rank 上的结果、两个工作进程各自的权重分片、集合通信的计数。
怎样运行      workbook run step2_tensor_parallel          --tp 4          --kv-heads 1          --dtype float32
              换模型：--model smollm2 --tp 3          在显卡上：--model llama-3.2-3b --tp 2
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

from pathlib import Path
from typing import Any

from workbook import capture, closing, lesson, ranks, timings  # before vLLM, which reads its environment when imported
from workbook.i18n import tr
from workbook.ranks import heads, report

PROMPT = "The capital of China is"
MORE = ["Two workers share one model, and", "An all-reduce adds up", "Half of each weight"]  # three rows a step
# Layer 0: what goes into its row-parallel projections and comes out; an exercise is graded against it.
MODULES = [f"model.layers.0.{name}" for name in ("self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj")]


def main() -> None:
    # 1) What this machine needs. On CPU each rank is a process on its own cores; on GPUs, a process with its own card.
    flags = lesson.parser(__doc__)
    lesson.tensor_parallel_flag(flags, default=2)
    flags.add_argument("--dtype", default="auto", help=tr("of weights and activations", "权重和激活的类型"))
    flags.add_argument("--kv-heads", type=int, help=tr("use the first N KV heads only", "只用前 N 个 KV 头"))
    flags.add_argument("--together-only", action="store_true", help=tr("not on one rank first", "不先用一个 rank 运行"))
    run = lesson.start(__doc__, kv_tokens=8192, flags=flags)
    overrides = heads.override(run, run.flags.kv_heads)
    folder, apart = str(run.folder), Path(str(run.folder), "alone")
    apart.mkdir()

    # 2) Import vLLM.
    with run.phase("import"):
        from vllm import LLM, SamplingParams
    arguments: dict[str, Any] = {
        "model": run.model,
        "dtype": run.flags.dtype,
        "hf_overrides": overrides,
        "gpu_memory_utilization": 0.5,
        "max_model_len": 512,
        **run.engine_args,
        "worker_extension_cls": ranks.WORKER_EXTENSION,
    }
    greedy = SamplingParams(temperature=0, max_tokens=4 if run.fast else 16, ignore_eos=True)

    # 3) One rank, in this process, without a recording: what several are compared with. It must fit on one card.
    alone: list[Any] = []
    if not run.flags.together_only:
        with ranks.in_one_process(), run.phase("alone"):
            llm = LLM(**{name: value for name, value in arguments.items() if name != "scheduler_cls"})
            llm.collective_rpc("workbook_capture_start", args=(["logits_processor"],))
            alone += llm.generate([PROMPT], greedy, use_tqdm=False)
            llm.collective_rpc("workbook_capture_stop", args=(str(apart),))
            alone += llm.generate(MORE, greedy, use_tqdm=False)
            del llm

    # 4) Several ranks, each in a process of its own. The loader notes which part of each weight a worker has kept.
    with run.phase("engine"):
        llm = LLM(tensor_parallel_size=run.tensor_parallel_size, load_format=ranks.LOAD_FORMAT, **arguments)

    # 5) Generate, first alone, then three at once, while each worker counts its collectives. Hooks copy activations of
    #    the first prompt.
    llm.collective_rpc("workbook_count_start")
    llm.collective_rpc("workbook_capture_start", args=([*MODULES, "logits_processor"],))
    with run.phase("generate"):
        outputs = llm.generate([PROMPT], greedy)
    llm.collective_rpc("workbook_capture_stop", args=(folder,))
    print(f"\nPrompt: {PROMPT}\nOutput: {outputs[0].outputs[0].text!r}\n")
    outputs += llm.generate(MORE, greedy)
    told = ranks.save(Path(folder), llm.collective_rpc("workbook_rank", args=(folder,)))

    # 6) Who holds what; who handed how much to the others; what all that changed.
    report.shards(run, told)
    report.traffic(run, told, llm.model_config.dtype.itemsize)
    if alone:
        report.compare(run, (alone, outputs), (capture.read(apart), capture.read(Path(folder))), len(told))

    # 7) Where the time went, and where the recording of every engine step is.
    timings.report(run, llm, outputs[:1])
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
