"""A short run to step through: one prompt, greedy, eight tokens; with --tp N on N ranks (processes or cards).

What you will see   each new token with its id and its log-probability, then which process did the work.
How to run it       scripts/run.sh llama_debug          scripts/run.sh llama_debug --model tiny --tp 2          F5
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

一次适合单步调试的短运行：一个提示词，贪心采样，8 个 token；加 --tp N 则由 N 个 rank（进程或显卡）完成。

会看到什么    每个新 token 的 id 和对数概率，以及是哪些进程做的。
怎样运行      scripts/run.sh llama_debug          scripts/run.sh llama_debug --model tiny --tp 2          F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

import psutil

from workbook import closing, lesson, timings  # before vLLM, which reads its environment when it is imported
from workbook.i18n import tr


def main() -> None:
    # 1) What this machine needs. SmolLM2 has 9 heads, which two ranks cannot share: hence --model tiny with --tp 2.
    flags = lesson.parser(__doc__)
    lesson.tensor_parallel_flag(flags)
    run = lesson.start(__doc__, kv_tokens=1024, flags=flags)

    # 2) Import vLLM.
    with run.phase("import"):
        from vllm import LLM, SamplingParams

    # 3) Build the engine. With tensor_parallel_size=1 all of it lives in this process, and every breakpoint stops.
    #    With more, the scheduler moves to the process EngineCore and the model to one worker process per rank.
    with run.phase("engine"):
        llm = LLM(
            model=run.model,
            tensor_parallel_size=run.tensor_parallel_size,
            gpu_memory_utilization=0.5,
            max_model_len=512,
            **run.engine_args,
        )
    processes = [p.name() for p in psutil.Process().children(recursive=True)]

    # 4) Generate greedily: temperature 0 takes the most likely token, so every run gives the same text.
    sampling_params = SamplingParams(temperature=0.0, max_tokens=8, logprobs=0)
    with run.phase("generate"):
        outputs = llm.generate(["The capital of China is"], sampling_params)

    # 5) One line for each token: where it came from is what the lessons explain.
    completion = outputs[0].outputs[0]
    print(f"\nPrompt: {outputs[0].prompt}   {outputs[0].prompt_token_ids}")
    for token_id, logprobs in zip(completion.token_ids, completion.logprobs, strict=True):
        print(f"  {token_id:6d}  {logprobs[token_id].logprob:7.3f}  {logprobs[token_id].decoded_token!r}")
    print(f"Output: {completion.text!r}\n")
    others = ", ".join(p for p in processes if p.startswith("VLLM"))
    print(tr(f"Processes beside this one: {others or 'none'}\n", f"除本进程外：{others or '没有别的进程'}\n"))

    # 6) Where the time went, and where the recording of every engine step is.
    timings.report(run, llm, outputs)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
