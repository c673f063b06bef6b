"""AsyncLLM, four requests that arrive one after another: the engine runs in a process of its own."""

import asyncio
from typing import Any

from workbook import lesson


async def serve(model: str, arguments: dict[str, Any]) -> None:
    from vllm import SamplingParams
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    engine = AsyncLLM.from_engine_args(
        AsyncEngineArgs(model=model, max_model_len=256, max_num_batched_tokens=32, max_num_seqs=4, **arguments)
    )

    # A request leaves as soon as the one before it has shown a token, not after a time: on a machine of any
    # speed each then meets one that decodes.
    shown = [asyncio.Event() for _ in range(5)]
    shown[0].set()

    async def ask(number: int) -> None:
        await shown[number].wait()
        sampling = SamplingParams(max_tokens=20, ignore_eos=True)
        async for _ in engine.generate("one two three " * 10, sampling, request_id=f"learner-{number}"):
            shown[number + 1].set()

    try:
        await asyncio.gather(*(ask(number) for number in range(4)))
    finally:
        engine.shutdown()


def main() -> None:
    run = lesson.start(__doc__, kv_tokens=2048)
    asyncio.run(serve(run.model, run.engine_args))


if __name__ == "__main__":
    lesson.main(main)
