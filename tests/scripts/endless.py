"""Generates for ever, so that tests can end its processes: prints READY when the engine works.

--alone-first: after an engine of one rank in this process, as lesson 2.5's script has it.
"""

from typing import Any

from workbook import lesson, ranks


def main() -> None:
    flags = lesson.parser(__doc__)
    lesson.tensor_parallel_flag(flags, default=2)
    flags.add_argument("--alone-first", action="store_true")
    run = lesson.start(__doc__, kv_tokens=4096, flags=flags)
    from vllm import LLM, SamplingParams

    arguments: dict[str, Any] = {"model": run.model, "max_model_len": 1024, **run.engine_args}
    if run.flags.alone_first:
        with ranks.in_one_process():
            llm = LLM(**arguments)
            llm.generate(["The capital of China is"], SamplingParams(max_tokens=2))
            del llm
    llm = LLM(tensor_parallel_size=run.tensor_parallel_size, **arguments)
    print("READY", flush=True)
    while True:
        llm.generate(["The capital of China is"], SamplingParams(max_tokens=900, ignore_eos=True))


if __name__ == "__main__":
    lesson.main(main)
