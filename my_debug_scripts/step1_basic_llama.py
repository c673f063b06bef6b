"""Lesson 1.1 · The first inference: three prompts through the real vLLM.

What you will see   the text of three requests, then where the time went and how large the KV cache is.
How to run it       scripts/run.sh          python my_debug_scripts/step1_basic_llama.py          F5 in VSCode
What it hides       vLLM's log goes to a file (--verbose shows it); engine_args holds what this machine needs.

第 1.1 课 · 第一次推理：三个提示词经过真正的 vLLM。

会看到什么    三个请求生成的文本，然后是时间花在哪里、KV 缓存有多大。
怎样运行      scripts/run.sh          python my_debug_scripts/step1_basic_llama.py          在 VSCode 里按 F5
没有显示的    vLLM 的日志在文件里（--verbose 可显示）；engine_args 是本机所需的参数。
"""

from workbook import closing, lesson, timings  # before vLLM, which reads its environment when it is imported


def main() -> None:
    # 1) What this machine needs. kv_tokens: room in the KV cache (on a GPU, what is free decides).
    run = lesson.start(__doc__, kv_tokens=4096)

    # 2) Import vLLM. It is done here and not at the top, so that its seconds can be counted.
    with run.phase("import"):
        from vllm import LLM, SamplingParams, TokensPrompt

    # 3) Build the engine: load the weights, size the KV cache, start the scheduler.
    with run.phase("engine"):
        llm = LLM(
            model=run.model,
            tensor_parallel_size=1,  # one card first
            gpu_memory_utilization=0.5,
            max_model_len=2048,  # prompt and new tokens of one request, together
            seed=0,  # of the random numbers for sampling; 0 is vLLM's default
            **run.engine_args,
        )

    # 4) Two beginnings of sentences, which the model continues, and a question, which it answers: an instruct
    #    model was trained to answer inside its chat template. The template brings its own special tokens, so
    #    encode() must add none.
    prompts = ["Hello, my name is", "The capital of China is"]
    question = "What is the capital of China?"
    tokenizer = llm.get_tokenizer()
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
    )
    chat_tokens = TokensPrompt(prompt_token_ids=tokenizer.encode(chat, add_special_tokens=False))

    # 5) Generate: all in one batch. First every prompt is read (prefill), then each step adds a token to each.
    #    Each request has its own sampling parameters: the question gets the most likely token at every step.
    #    top_p=0.95: chosen among the likeliest tokens that together have 95 % of the probability (lesson 1.5).
    max_tokens = 8 if run.fast else 50
    sampled = SamplingParams(temperature=0.8, top_p=0.95, max_tokens=max_tokens)
    greedy = SamplingParams(temperature=0, max_tokens=max_tokens)
    with run.phase("generate"):
        outputs = llm.generate([*prompts, chat_tokens], [sampled] * len(prompts) + [greedy])
    for prompt, output in zip([*prompts, question], outputs, strict=True):
        print(f"\nPrompt: {prompt}")
        print(f"Output: {output.outputs[0].text.strip()}")
    print()

    # 6) Where the time went, and where the recording of every engine step is.
    timings.report(run, llm, outputs)
    closing.close(run, llm)


if __name__ == "__main__":
    lesson.main(main)
