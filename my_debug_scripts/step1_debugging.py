"""Lesson 1.6 · Debugging vLLM: which process does what, and three faults to find.

What you will see   the processes of the engine, a logger of your own, two short texts; with --problem, a run that goes wrong.
How to run it       workbook run step1_debugging          ... --problem hang (or shape, or memory)          F5
What it hides       the faults: they stand in workbook/problems/, where you should not look yet.

第 1.6 课 · 调试 vLLM：哪个进程做什么，以及三个等你去找的故障。

会看到什么    引擎有哪些进程、自己的一个 logger、两段短文本；加 --problem 则是一次出错的运行。
怎样运行      workbook run step1_debugging          ... --problem hang（或 shape、memory）          F5
没有显示的    故障本身：在 workbook/problems/ 里，请先不要看。
"""

import os
import sys

import psutil

from workbook import closing, lesson, problems, timings  # before vLLM, which reads its environment when it is imported
from workbook.i18n import tr
from workbook.problems import evidence


def main() -> None:
    # 1) Flags. A small model first: what can be found with 135 M parameters should not be looked for with 8 B.
    flags = lesson.parser(__doc__)
    flags.add_argument("--problem", choices=problems.NAMES, help=tr("plant a fault to find", "埋下一个等你去找的故障"))
    flags.add_argument(
        "--limit",
        type=float,
        default=900.0,
        metavar="SECONDS",
        help=tr("end a run with a problem after so long (900)", "有故障的运行最多持续的秒数（900）"),
    )
    if "--fast" not in sys.argv:
        flags.set_defaults(model="smollm2")
    problem = flags.parse_args().problem
    os.environ.update(problems.environment(problem))
    run = lesson.start(__doc__, kv_tokens=2304, flags=flags)

    # 2) Import vLLM.
    with run.phase("import"):
        from vllm import LLM, SamplingParams
        from vllm.logger import init_logger

    # 3) The engine, and what of it lives in which process. A fault is watched for from here on.
    with evidence.kept(problem, run.folder, run.flags.limit):
        with run.phase("engine"):
            llm = LLM(
                model=run.model,
                tensor_parallel_size=1,
                gpu_memory_utilization=0.5,
                max_model_len=2048,
                **{**run.engine_args, **problems.arguments(problem, run.architecture)},
            )
        problems.plant(problem, llm)
        this = psutil.Process()
        print(tr(f"\nThis process: {this.pid}", f"\n本进程：{this.pid}"))
        for child in this.children(recursive=True):
            if child.name().startswith("VLLM"):
                print(f"  {child.pid}  {child.name()}")

        # 4) A logger as vLLM's own modules have it: names below "vllm" reach vLLM's handler, which LLM(...) has set up.
        logger = init_logger("vllm.lesson")
        logger.info("this line is in vLLM's log")
        logger.debug("and this one with VLLM_LOGGING_LEVEL=DEBUG")
        init_logger(__name__).info("%s is not below vllm: nobody prints this line", __name__)

        # 5) Two requests, greedily: every run computes the same.
        sampling_params = SamplingParams(temperature=0.0, max_tokens=8 if run.fast else 32)
        with run.phase("generate"):
            outputs = llm.generate(["Hello, my name is", "The capital of China is"], sampling_params)

    for output in outputs:
        print(f"\nPrompt: {output.prompt}\nOutput: {output.outputs[0].text.strip()}")
    print()

    # 6) Where the time went, and where the recording of every engine step is.
    timings.report(run, llm, outputs)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
