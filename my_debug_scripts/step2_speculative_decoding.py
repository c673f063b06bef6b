"""Lesson 2.7 · Speculative decoding: several tokens in one step, guessed beforehand and checked by the model.

What you will see   what was proposed and accepted in each step, when that gains and when it costs, and that the text's odds stay.
How to run it       workbook run step2_speculative_decoding          --min-n 2          --draft self          F5 in VSCode
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 2.7 课 · 投机解码：先猜后验，一步得到几个 token。

会看到什么    每步提议与接受了什么、何时快、何时反而慢，以及文本的概率分布不变。
怎样运行      workbook run step2_speculative_decoding          --min-n 2          --draft self          在 VSCode 里按 F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

from functools import partial
from typing import Any

from workbook import closing, drafts, lesson, logfile, models, pairs, speculation  # before vLLM
from workbook.i18n import tr

RULES = (
    "The library is open from nine in the morning until six in the evening, on Thursdays until eight, and closed on "
    "Sundays. A reader's card is free of charge for everyone who lives in the town; visitors pay five francs for a year."
)
COPY = f"Repeat this text word for word:\n\n{RULES}"
STORIES = [
    f"Tell me a short story about {what}."
    for what in (
        *("a lighthouse keeper and a storm", "a fox who learns to swim", "two sisters and a broken clock"),
        *("a baker who cannot sleep", "the last train of the year", "a king without a crown"),
        *("a letter that comes too late", "a boy who paints the sea"),
    )
]
MOST = 8  # drafts for a request in a step


def main() -> None:
    # 1) What this machine needs.
    flags = lesson.parser(__doc__)
    about = tr("who proposes: n-grams, the model itself, or the tiny one", "谁来提议：n-gram、模型自己、微型模型")
    flags.add_argument("--draft", default="ngram", choices=("ngram", "self", "tiny"), help=about)
    shortest = tr("tokens that must match, at least (1)", "至少要匹配几个 token（1）")
    flags.add_argument("--min-n", type=int, default=1, choices=(1, 2, 3, 4), help=shortest)
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)

    # 2) Import vLLM.
    with run.phase("import"):
        from vllm import LLM, SamplingParams

    # 3) Build the engine. The last entry says how many drafts to propose in batches of 1 to 8 requests.
    by_ngrams = run.flags.draft == "ngram"
    speculative: dict[str, Any] = {
        "num_speculative_tokens": MOST,
        "num_speculative_tokens_per_batch_size": [(1, 8, 4)],
    }
    if by_ngrams:
        speculative |= {"method": "ngram", "prompt_lookup_min": run.flags.min_n, "prompt_lookup_max": 4}
    else:
        draft_model = run.model if run.flags.draft == "self" else str(models.resolve("tiny"))
        speculative |= {"method": "draft_model", "model": draft_model}
    with run.phase("engine"):
        llm = LLM(
            model=run.model,
            gpu_memory_utilization=0.5,
            max_model_len=512,
            max_num_seqs=8,
            speculative_config=speculative,
            **run.engine_args,
        )
    tokenizer = llm.get_tokenizer()
    copy, *stories = (
        {
            "prompt_token_ids": tokenizer.apply_chat_template(
                [{"role": "user", "content": text}], add_generation_prompt=True, return_dict=False
            )
        }
        for text in (COPY, *STORIES)
    )
    # The tiny model speaks nonsense; from the words of the prompt alone, something at least comes again.
    words = sorted(set(copy["prompt_token_ids"])) if run.model_name == "tiny" else None

    def greedy(new: int) -> SamplingParams:
        return SamplingParams(temperature=0, max_tokens=new, ignore_eos=True, allowed_token_ids=words)

    # 4) Two requests, one after the other: a text that is in the prompt already, and a new one.
    new = 24 if run.fast else 48
    texts = {tr("a copy", "照抄"): copy, tr("a story", "讲故事"): stories[0]}
    played = {what: speculation.play(llm, [prompt], greedy(new)) for what, prompt in texts.items()}
    for what, one in played.items():
        drafts.steps(run, what, one, tokenizer)
    drafts.summary(run, played)

    # 5) Sampled: vLLM's rejection sampler, called on the probabilities of a real text. What comes out?
    sampled = SamplingParams(temperature=0.8, seed=1, max_tokens=48, ignore_eos=True, logprobs=20)
    output = llm.generate([stories[0]], sampled, use_tqdm=False)[0].outputs[0]
    positions = speculation.chances(output, temperature=0.8, top=20)
    device = "cuda" if run.machine.build == "cuda" else "cpu"
    if logfile.path:
        speculation.vectors(logfile.path.parent, positions, device)
    open_one = min(positions, key=lambda one: max(one.values()))  # where the model is least certain
    ids, target = speculation.dense([open_one])
    other = speculation.flatter(target[0])
    times = 20_000
    shares, accepted = speculation.draw(target[0], other, times, device)
    drawn = {"ids": ids, "target": target[0].tolist(), "draft": other.tolist(), "drawn": shares}
    drawn |= {"times": times, "accepted": accepted}
    drafts.distribution(run, drawn, tokenizer)

    # 6) What it gains, measured in turns: no drafts, or up to so many; alone, or eight requests together.
    together = {tr("8 copies at once", "同时 8 份照抄"): [copy] * 8, tr("8 stories at once", "同时 8 个故事"): stories}
    sweep: dict[str, tuple[list[Any], tuple[int, ...]]]
    sweep = {what: ([prompt], (0, 4)) for what, prompt in texts.items()}
    sweep |= {what: (prompts, (0, 4)) for what, prompts in together.items()}
    sweep[next(iter(texts))] = ([copy], (0, 1, 2, 4, 8))
    names = ("copy", "story", "copies", "stories")
    kept: dict[str, dict[int, speculation.Played]] = {what: {} for what in sweep}

    def timed(what: str, prompts: list[Any], k: int) -> float:
        speculation.limit(llm, k)
        kept[what][k] = speculation.play(llm, prompts, greedy(8 if run.fast else 21 if len(prompts) == 1 else 11))
        return kept[what][k].seconds

    measured = {
        what: pairs.measure({str(k): partial(timed, what, prompts, k) for k in ks}, 1 if run.fast else 3, False)
        for what, (prompts, ks) in sweep.items()
    }
    drafts.speed(run, measured, kept)
    for name, (what, turns) in zip(names, measured.items(), strict=True):
        run.info.results[name] = drafts.results(turns, kept[what])
    run.info.results |= {"drawn": drawn, "distance": drafts.distance(shares, drawn["target"])}
    run.info.results["bound"] = drafts.bound(len(ids), times)
    if by_ngrams:
        run.info.results["lookup"] = {"requests": 2, "min": run.flags.min_n, "max": 4, "k": 4, "device": device}

    # 7) Where the recording of every engine step is.
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
