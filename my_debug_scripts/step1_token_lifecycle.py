"""Lesson 1.3 · The life of a token: a prompt's way through vLLM, function by function.

What you will see   every function that the first token meets, as a tree: what came in → what it became; what the second
                    token does otherwise; and a text that arrives in pieces.
How to run it       workbook run step1_token_lifecycle          through four processes: add --model tiny --tp 2
What it hides       workbook.hops puts one statement into each function of workbook/hops/token_path.py, and takes it out
                    after two tokens. Under a debugger it does nothing.

第 1.3 课 · 一个 token 的一生：提示词在 vLLM 里逐个函数走过的路。

会看到什么    第一个 token 经过的每个函数，画成一棵树：进来的是什么 → 变成了什么；
              第二个 token 有何不同；以及一段逐片到达的文本。
怎样运行      workbook run step1_token_lifecycle          经过四个进程：加上 --model tiny --tp 2
没有显示的    workbook.hops 给 workbook/hops/token_path.py 列出的每个函数加一条语句，两个 token 之后取掉；
              在调试器下什么都不做。
"""

from workbook import closing, hops, lesson, paths, timings  # before vLLM, which reads its environment when imported
from workbook.hops import token_path
from workbook.i18n import tr
from workbook.recorder import streams
from workbook.views import hoppath, hoptree


def main() -> None:
    # 1) What this machine needs, and the functions to trace: before vLLM is imported.
    flags = lesson.parser(__doc__)
    lesson.tensor_parallel_flag(flags)
    run = lesson.start(__doc__, kv_tokens=1024, flags=flags)
    assert run.folder
    traced = hops.install(token_path.on(run.machine.build), run.folder)

    # 2) Build the engine. One generation that is not noted, with as many tokens as the next one: what a step does only
    #    the first time that it meets tensors of this size is over then.
    with run.phase("import"):
        from vllm import LLM, SamplingParams
        from vllm.sampling_params import RequestOutputKind
    with run.phase("engine"):
        llm = LLM(
            model=run.model,
            tensor_parallel_size=run.tensor_parallel_size,
            gpu_memory_utilization=0.5,
            max_model_len=512,
            **run.engine_args,
        )
    greedy = SamplingParams(temperature=0, max_tokens=2)
    if traced:
        llm.generate("The capital of France is", greedy, use_tqdm=False)

    # 3) One prompt, two tokens. While the window is open, the functions note their calls.
    with run.phase("generate"), hops.window(run.folder):
        outputs = llm.generate("The capital of China is", greedy)

    # 4) The first token's way as a tree and as a picture, then where the second one's differs.
    if traced:
        first, second = (hoptree.merged([c for c in hops.read(run.folder) if c.number == n]) for n in (1, 2))
        title = tr("The way of the first token", "第一个 token 走过的路")
        run.console.print(hoptree.tree(first, title))
        run.console.print("\n" + tr("What differs for the second token", "第二个 token 的不同之处"))
        run.console.print(hoptree.changes(first, second))
        paths.write_atomically(run.folder / "path.svg", hoppath.picture(first, title))

    # 5) The last hop again, for more tokens, and without waiting for the end: DELTA asks for what each token adds to
    #    the text. A token of this tokenizer is some bytes, and a character may need several tokens.
    prompt = "café, naïve, 北京, 🐼, café, naïve, 北京, 🐼, café"
    delta = SamplingParams(temperature=0, max_tokens=22, output_kind=RequestOutputKind.DELTA)
    tokens, texts = [], []
    llm.llm_engine.add_request("stream", prompt, delta)
    while llm.llm_engine.has_unfinished_requests():
        for output in llm.llm_engine.step():
            tokens += output.outputs[0].token_ids
            texts += [output.outputs[0].text]
    pieces = [streams.piece(llm.get_tokenizer(), token) for token in tokens]
    print(f"Prompt: {prompt}")
    for piece, text in zip(pieces, texts, strict=True):
        print(f"  {piece!r:22} {text!r}")
    print()
    streams.save(run.folder, [streams.Stream(prompt, pieces, texts)])

    # 6) Where the time went, and where the recording and the picture are.
    timings.report(run, llm, outputs)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
