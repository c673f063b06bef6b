"""Lesson 2.2 · Prefix caching: which tokens of a prompt the engine need not compute, and what that gains.

What you will see   hits of nine requests, two that share blocks, the time to the first token with and without, eviction.
How to run it       workbook run step2_prefix_caching          --block-size 128          F5 in VSCode
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 2.2 课 · 前缀缓存：提示词里哪些 token 不必再算，能省下什么。

会看到什么    九个请求各命中多少、两个请求共享的块、有无缓存时的首 token 延迟、淘汰的过程。
怎样运行      workbook run step2_prefix_caching          --block-size 128          在 VSCode 里按 F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

import gc
from functools import partial
from typing import Any

from workbook import closing, lesson, pairs, prefixes  # before vLLM
from workbook.i18n import tr

HANDBOOK = (  # what every request begins with, as a system prompt or a document does
    "You are the assistant of a small public library. Answer in one sentence, and only from these rules. The library is "
    "open from nine in the morning until six in the evening, on Thursdays until eight, and closed on Sundays and public "
    "holidays. A reader's card is free of charge for everyone who lives in the town; visitors pay five francs for a "
    "year. Children under twelve need the signature of a parent. Up to ten books can be taken home at the same time, "
    "for four weeks; films and games for one week. A loan can be extended twice, unless somebody else has asked for the "
    "book. Dictionaries, atlases and the newspapers of the last thirty days stay in the reading room. Whoever returns a "
    "book late pays twenty cents for each day, and nobody pays more than the book has cost. A lost book is replaced by "
    "the reader with a copy of the same edition, or paid for. Bags are left in the lockers beside the entrance. Phones "
    "are silent, and calls are made outside. The two rooms on the first floor can be booked for groups of three to "
    "eight people, for three hours at most. Every second Saturday there is a story hour at ten, in English and in "
    "French. Books that the library does not have are ordered from other libraries, which takes about ten days and "
    "costs three francs. "
)
QUESTION = (
    "Question: I come from work by bus and cannot be there before half past seven in the evening. Is there a day of the "
    "week on which I can still bring back books? Answer:"
)
OTHER = "Question: What does a card cost a visitor? Answer:"


def main() -> None:
    # 1) What this machine needs.
    flags = lesson.parser(__doc__)
    sizes, about = (32, 64, 128), tr("tokens in a block (32)", "每块 token 数（32）")
    flags.add_argument("--block-size", type=int, default=32, choices=sizes, help=about)
    run = lesson.start(__doc__, kv_tokens=2048, flags=flags)
    size = run.flags.block_size
    engine_args = run.engine_args | {"block_size": size}

    # 2) Import vLLM.
    with run.phase("import"):
        from vllm import LLM, SamplingParams, TokensPrompt

    # 3) Build the engine. Prefix caching is on unless enable_prefix_caching=False.
    with run.phase("engine"):
        llm = LLM(model=run.model, gpu_memory_utilization=0.5, max_model_len=512, **engine_args)
    tokenizer = llm.get_tokenizer()
    rules, question, other = (
        tokenizer.encode(text, add_special_tokens=False)[:most]
        for text, most in ((HANDBOOK, 250), (QUESTION, 38), (OTHER, 12))
    )

    def ask(what: str, prompt: list[int], new: int = 4, salt: str | None = None, **more: Any) -> dict[str, Any]:
        """Generate, in two parts: between them the request waits, with the hashes of its full blocks."""
        given = TokensPrompt(prompt_token_ids=prompt) | ({"cache_salt": salt} if salt else {})
        llm.enqueue(given, SamplingParams(temperature=0, max_tokens=new, ignore_eos=True), use_tqdm=False)
        hashes = prefixes.hashes(llm)
        output = llm.wait_for_completion(use_tqdm=False)[0]
        kept = {"what": what, "tokens": len(prompt), "salt": salt, "hashes": hashes, "hit": output.num_cached_tokens}
        return kept | {"output": list(output.outputs[0].token_ids)} | more

    # 4) Nine requests, one after another: each finds what those before it have left.
    first = rules + question
    asked = [ask(tr("the rules and a question", "规则和一个问题"), first, new=33)]
    asked.append(ask(tr("the same again", "同样的再来一次"), first))
    asked.append(ask(tr("another question", "换一个问题"), rules + other))
    asked.append(ask(tr("the conversation goes on", "对话继续"), first + asked[0]["output"] + other))
    asked.append(ask(tr("one token in front", "最前面多一个 token"), other[:1] + first))
    asked.append(ask(tr("with cache_salt", "加上 cache_salt"), first, salt="ann"))
    asked.append(ask(tr("the same salt", "同样的 salt"), first, salt="ann"))
    asked.append(ask(tr("a short prompt", "短提示词"), other))
    asked.append(ask(tr("the same again", "同样的再来一次"), other))
    prefixes.stream(run, asked, size)

    # 5) Two at the same time: in their block tables the first blocks are the same ones.
    both = [TokensPrompt(prompt_token_ids=rules + more) for more in (question, other)]
    llm.generate(both, SamplingParams(temperature=0, max_tokens=4, ignore_eos=True), use_tqdm=False)

    # 6) What it gains, measured in turns: the cache emptied before the request, or kept.
    later: dict[str, list[float]] = {"kept": [], "emptied": []}  # seconds from the first new token to the ninth

    def first_token(way: str, prompt: list[int]) -> float:
        if way == "emptied":
            llm.reset_prefix_cache()
        greedy = SamplingParams(temperature=0, max_tokens=9, ignore_eos=True)
        times = llm.generate(TokensPrompt(prompt_token_ids=prompt), greedy, use_tqdm=False)[0].metrics
        later[way].append(times.last_token_ts - times.first_token_ts)
        return float(times.first_token_latency)

    def in_turns(prompt: list[int]) -> pairs.Pairs:
        rounds = 1 if run.fast else 5
        return pairs.measure({way: partial(first_token, way, prompt) for way in later}, rounds)

    long = in_turns(first)
    decode = pairs.Pairs({way: seconds[1:] for way, seconds in later.items()})
    measured = {
        tr("first token, 288 tokens", "首 token，288 个 token"): long,
        tr("the next 8 tokens", "之后 8 个 token"): decode,
        tr("first token, 12 tokens", "首 token，12 个 token"): in_turns(other),
    }
    prefixes.gains(run, measured)
    names = ("first_token", "decode", "short")
    run.info.results["gains"] = {n: one.results() for n, one in zip(names, measured.values(), strict=True)}

    # 7) A small pool: texts of five blocks each, in room for twelve. Which blocks go when a new text comes?
    blocks = 12 * 32 // size
    del llm
    gc.collect()
    small = engine_args | {"num_gpu_blocks_override": blocks + 1}  # one is the null block
    llm = LLM(model=run.model, gpu_memory_utilization=0.5, max_model_len=256, **small)
    texts = {name: rules[35 * place :][:143] for place, name in enumerate("ABCD")}
    known: dict[str, str] = {}  # hash → text and number of the block, as A1
    turns = []
    for name in "ABCABDC":
        turns.append(ask(name, texts[name]))
        known |= {block_hash: f"{name}{place}" for place, block_hash in enumerate(turns[-1]["hashes"], 1)}
        turns[-1]["queue"] = prefixes.queue(llm, known)
    prefixes.evictions(run, turns, blocks)
    run.info.results |= {"stream": asked, "turns": turns, "usable": blocks, "first_parent": prefixes.first_parent()}

    # 8) Where the recording of every engine step is, one of each engine.
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
