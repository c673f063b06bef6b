"""Generates for ever, so that tests can end its processes: prints READY when the engine works."""

from workbook import lesson


def main() -> None:
    flags = lesson.parser(__doc__)
    lesson.tensor_parallel_flag(flags, default=2)
    run = lesson.start(__doc__, kv_tokens=2048, flags=flags)
    from vllm import LLM, SamplingParams

    llm = LLM(model=run.model, tensor_parallel_size=run.tensor_parallel_size, max_model_len=1024, **run.engine_args)
    print("READY", flush=True)
    while True:
        llm.generate(["The capital of China is"], SamplingParams(max_tokens=900, ignore_eos=True))


if __name__ == "__main__":
    lesson.main(main)
