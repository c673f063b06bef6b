"""Lesson 1.5 · Sampling: which of 49,152 tokens may come next, and what each field of SamplingParams does to that.

What you will see   one step's real distribution under ten settings, penalties token by token, seeds, n, two ways to stop.
How to run it       workbook run step1_sampling          --prompt "Once upon a"          F5 in VSCode
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 1.5 课 · 采样：49,152 个 token 里哪些可以成为下一个，SamplingParams 的每个字段起什么作用。

会看到什么    同一步的真实分布在十种设置下的样子、惩罚项对各 token 的影响、seed、n、两种停止方式。
怎样运行      workbook run step1_sampling          --prompt "Once upon a"          在 VSCode 里按 F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

import os
from pathlib import Path
from typing import Any

from workbook import capture, closing, distributions, lesson, timings  # before vLLM
from workbook.i18n import tr

SURE = "The capital of China is"
SETTINGS: list[dict[str, Any]] = [  # each one is SamplingParams(**setting); {} is the defaults, with temperature=1
    {},
    {"temperature": 0.5},
    {"temperature": 1.5},
    {"top_k": 10},
    {"top_p": 0.9},
    {"min_p": 0.1},
    {"temperature": 0.5, "top_p": 0.9},
    {"temperature": 1.5, "top_p": 0.9},
    {"temperature": 0.8, "top_p": 0.95},  # those of lesson 1.1
    {"temperature": 0, "top_p": 0.9},
]
LAUGH = "Snyder laughed: ha ha ha ha ha ha ha ha"
PENALTIES = [
    {"presence_penalty": 1.0},
    {"frequency_penalty": 1.0},
    {"repetition_penalty": 1.2},
    {"presence_penalty": 0.5, "frequency_penalty": 0.5, "repetition_penalty": 1.1},
]
STORY = (  # more than two blocks of 32 tokens, and less than three
    "Once upon a time there was a lighthouse keeper who lived alone on a small rocky island. Every evening he climbed "
    "the hundred and twelve steps to the lamp, and every morning he climbed down again to feed his goats. One night, in "
    "the middle of a storm, he heard somebody knock at the door. He opened it, and there stood"
)
WEEK = "The days of the week are Monday, Tuesday,"


def main() -> None:
    # 1) What this machine needs. The V1 model runner's sampler is a torch module and can be hooked; the V2 runner's,
    #    which is a card's default, is none.
    flags = lesson.parser(__doc__)
    flags.add_argument(
        "--prompt", default="Hello, my name is", help=tr("whose next token is looked at", "看它的下一个 token")
    )
    os.environ.setdefault("VLLM_USE_V2_MODEL_RUNNER", "0")
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)

    # 2) Import vLLM.
    with run.phase("import"):
        from vllm import LLM, SamplingParams

    # 3) Build the engine.
    with run.phase("engine"):
        llm = LLM(
            model=run.model,
            gpu_memory_utilization=0.5,
            max_model_len=512,
            logprobs_mode="processed_logprobs",  # report what is sampled from; the default, raw_logprobs, is before it
            **run.engine_args | {"worker_extension_cls": capture.WORKER_EXTENSION},
        )
    tokenizer = llm.get_tokenizer()

    # 4) One batch, while hooks copy what enters the sampler and what it draws from: both prompts under every setting,
    #    one token each, and in front of them four requests with penalties, which get more.
    llm.collective_rpc("workbook_capture_start", args=(["sampler", "sampler.topk_topp_sampler"],))
    punished = [SamplingParams(**penalty, max_tokens=4, seed=0) for penalty in PENALTIES]
    settings = [SamplingParams(**setting, max_tokens=1, seed=0, logprobs=0) for setting in SETTINGS]
    prompts = [LAUGH] * len(punished) + [run.flags.prompt] * len(settings) + [SURE] * len(settings)
    with run.phase("generate"):
        outputs = llm.generate(prompts, punished + settings + settings)
    llm.collective_rpc("workbook_capture_stop", args=(str(run.folder),))
    captured = capture.read(Path(str(run.folder)))

    # 5) What each setting left, and what each penalty took off.
    for part, prompt in enumerate((run.flags.prompt, SURE)):
        row = len(punished) + part * len(settings)
        distributions.settings(run, captured, row, prompt, SETTINGS, outputs[row:], tokenizer)
    distributions.penalties(run, captured, PENALTIES, outputs, tokenizer)
    run.info.results["rows"] = [
        f"{o.prompt}: {distributions.named(s)}" for o, s in zip(outputs, PENALTIES + SETTINGS * 2, strict=True)
    ]

    # 6) Seeds. n=3 makes three requests of one, with the seeds 7, 8 and 9; they share the prompt's full blocks.
    def seeded(**more: Any) -> Any:
        return SamplingParams(max_tokens=8, **more)

    three = llm.generate([STORY], seeded(n=3, seed=7))[0]
    alone = llm.generate([STORY] * 2, [seeded(seed=8), seeded()])
    crowd = llm.generate([SURE, STORY, STORY, LAUGH], [seeded(), seeded(seed=8), seeded(), seeded()])
    texts = {f"n=3, seed=7: {choice.index}": choice.text for choice in three.outputs}
    texts |= {
        "seed=8": alone[0].outputs[0].text,
        tr("seed=8, with others", "seed=8，有别的请求"): crowd[1].outputs[0].text,
    }
    texts |= {
        tr("no seed", "无 seed"): alone[1].outputs[0].text,
        tr("no seed, with others", "无 seed，有别的请求"): crowd[2].outputs[0].text,
    }
    distributions.texts(run, texts)

    # 7) Three ends: a stop string, a stop token, max_tokens. All are greedy, so all three go the same way.
    saturday = tokenizer.encode(" Saturday", add_special_tokens=False)
    ends: list[dict[str, Any]] = [{"stop": "Friday, Saturday"}, {"stop_token_ids": saturday}, {}]
    stopped = llm.generate([WEEK] * 3, [SamplingParams(temperature=0, max_tokens=12, **end) for end in ends])
    distributions.ends(run, WEEK, ends, stopped)

    # 8) Where the time went, and where the recording of every engine step is.
    timings.report(run, llm, outputs)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
