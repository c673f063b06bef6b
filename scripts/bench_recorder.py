"""What recording costs: the same batch with vLLM's own scheduler and with the recording one, in turns, in one engine.

    .venv/bin/python scripts/bench_recorder.py                      tiny, batch 16: the worst case, the shortest steps
    .venv/bin/python scripts/bench_recorder.py --model smollm2

Prints the median of the paired throughput ratios; the engine's time that the recorder takes for a step, by its own
clock; and the processor's time that its thread takes beside it.
"""

import argparse
import os
import statistics
import tempfile
import time
from typing import Any

from workbook import engine_setup, machine, models


def main() -> None:
    """Run the pairs and print the result."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--model", default="tiny")
    flags.add_argument("--batch", type=int, default=16)
    flags.add_argument("--tokens", type=int, default=64, help="new tokens for each request")
    flags.add_argument("--pairs", type=int, default=30)
    wanted = flags.parse_args()

    here = machine.detect(models.root())
    os.environ.update(engine_setup.environment(here, 1))
    os.environ["WORKBOOK_RUN_FOLDER"] = tempfile.mkdtemp(prefix="bench-recorder-")
    arguments = engine_setup.llm_arguments(here, models.architecture(wanted.model), 1, wanted.batch * 256)
    arguments |= engine_setup.recording_arguments(arguments)
    from vllm import LLM, SamplingParams

    model = str(models.resolve(wanted.model))
    llm = LLM(model=model, max_model_len=512, max_num_seqs=wanted.batch, gpu_memory_utilization=0.5, **arguments)
    scheduler = llm.llm_engine.engine_core.engine_core.scheduler
    recording, plain = type(scheduler), type(scheduler).__mro__[2]
    sampling = SamplingParams(max_tokens=wanted.tokens, ignore_eos=True, temperature=0)
    prompts: list[Any] = [{"prompt_token_ids": [100 + i] * 24} for i in range(wanted.batch)]

    def seconds(kind: type) -> float:
        scheduler.__class__ = kind  # the very same object, with or without the six methods
        start = time.perf_counter()
        llm.generate(prompts, sampling, use_tqdm=False)
        return time.perf_counter() - start

    seconds(plain), seconds(recording)  # warm
    notes = scheduler.notes
    clerk = notes.clerk
    before, first, aside = notes.own, clerk.lines.steps, clerk.aside
    pairs = []
    for number in range(wanted.pairs):
        order = (plain, recording) if number % 2 else (recording, plain)
        took = {kind: seconds(kind) for kind in order}
        pairs.append((took[plain], took[recording]))
    ratios = sorted(with_it / without for without, with_it in pairs)
    recorded = clerk.lines.steps - first
    steps = recorded / wanted.pairs
    step = statistics.median(without for without, _ in pairs) / steps
    own, aside = ((notes.own - before) / 1000 / recorded, (clerk.aside - aside) / 1000 / recorded)
    print(f"{wanted.model}, batch {wanted.batch}, {wanted.pairs} pairs, {steps:.0f} steps of {1000 * step:.2f} ms")
    print(
        f"time with recording / without: median {statistics.median(ratios):.4f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    )
    print(
        f"the recorder's own time: {own:.1f} µs a step (goal {15 + wanted.batch}), {own / step / 1e4:.2f} % of it, and {aside:.1f} µs beside it"
    )


if __name__ == "__main__":
    main()
