"""The mistakes that only the engine can find, as a learner makes them: by editing the arguments of a script."""

from typing import Any

from workbook import lesson


def main() -> None:
    flags = lesson.parser(__doc__)
    flags.add_argument("mistake", choices=["kv-cache", "positions", "prompt", "heads", "other"])
    run = lesson.start(__doc__, kv_tokens=1024, flags=flags)
    from vllm import LLM, SamplingParams

    mistakes: dict[str, dict[str, Any]] = {
        "kv-cache": {"max_model_len": 4096},
        "positions": {"max_model_len": 10_000},
        "heads": {"tensor_parallel_size": 3},
        "other": {"max_model_len": "many"},
    }
    edited = mistakes.get(run.flags.mistake, {})
    llm = LLM(**{"model": run.model, "max_model_len": 512, **run.engine_args, **edited})
    llm.generate([{"prompt_token_ids": [5] * 600}], SamplingParams(max_tokens=1))


if __name__ == "__main__":
    lesson.main(main)
