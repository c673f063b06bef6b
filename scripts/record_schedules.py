"""Records the workloads against which lesson 2.3's exercise `schedule` is graded, each on an engine of its own.

    .venv/bin/python scripts/record_schedules.py                    makes all of them again
    .venv/bin/python scripts/record_schedules.py schedule_prefix    makes one

The tiny model, because only the scheduler matters here; it decides by numbers of tokens, whatever they are. Prompts are
token ids drawn with a fixed seed, so a workload is the same wherever it runs.
"""

import gc
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbook import engine_setup, machine, models
from workbook.recorder import load, texts
from workbook.recorder.writer import FOLDER_VARIABLE

RECORDINGS = Path(__file__).parent.parent / "stages" / "2_core_techniques" / "recordings"
BLOCK_SIZE = 32
Arrival = tuple[int, list[int], int]  # step before which it arrives, prompt, new tokens


def prompt(draw: random.Random, tokens: int) -> list[int]:
    """Random token ids."""
    return [draw.randrange(1000, 40000) for _ in range(tokens)]


def prefix(draw: random.Random) -> list[Arrival]:
    """Four texts of three to five blocks, asked about again and again: hits in blocks that somebody holds and in free ones."""
    shared = [prompt(draw, 32 * blocks) for blocks in (3, 4, 5, 3)]
    return [
        (
            1 + 3 * i,
            draw.choice(shared)[: 32 * draw.randrange(1, 6)] + prompt(draw, draw.randrange(1, 30)),
            draw.randrange(2, 40),
        )
        for i in range(24)
    ]


def chunks(draw: random.Random) -> list[Arrival]:
    """Prompts of 10 to 200 tokens where a step has 48."""
    return [(1 + 3 * i, prompt(draw, draw.randrange(10, 200)), draw.randrange(2, 20)) for i in range(16)]


def threshold(draw: random.Random) -> list[Arrival]:
    """One long prompt alone, then some together, then one alone again."""
    together = [(8 + 2 * i, prompt(draw, draw.randrange(10, 150)), draw.randrange(2, 12)) for i in range(10)]
    return [(1, prompt(draw, 150), 3), *together, (120, prompt(draw, 180), 3)]


def preempt(draw: random.Random) -> list[Arrival]:
    """Long answers in a cache of ten blocks. Some prompts begin alike, some take several steps while others grow."""
    common = prompt(draw, BLOCK_SIZE)
    found = []
    for i in range(24):
        kind = draw.randrange(3)
        ids = (common if kind == 1 else []) + prompt(draw, draw.choice((10, 20, 30)) if kind < 2 else 200)
        found.append((1 + i, ids, draw.randrange(10, 40)))
    return found


# Name → (arguments of LLM, requests, seed)
WORKLOADS: dict[str, tuple[dict[str, Any], Callable[[random.Random], list[Arrival]], int]] = {
    "schedule_prefix": ({"max_num_seqs": 6, "max_num_batched_tokens": 128, "num_gpu_blocks_override": 17}, prefix, 3),
    "schedule_chunks": ({"max_num_seqs": 6, "max_num_batched_tokens": 48, "num_gpu_blocks_override": 65}, chunks, 3),
    "schedule_threshold": (
        {
            "max_num_seqs": 8,
            "max_num_batched_tokens": 96,
            "num_gpu_blocks_override": 65,
            "long_prefill_token_threshold": 40,
        },
        threshold,
        1,
    ),
    "schedule_preempt": (
        {
            "max_num_seqs": 8,
            "max_num_batched_tokens": 80,
            "num_gpu_blocks_override": 11,
            "long_prefill_token_threshold": 40,
        },
        preempt,
        2,
    ),
}


def record(name: str, seed: int | None = None) -> Path:
    """Run one workload; its recording is then in ``recordings/NAME/``."""
    from vllm import LLM, SamplingParams, TokensPrompt

    arguments, arrivals, chosen = WORKLOADS[name]
    with tempfile.TemporaryDirectory() as folder:
        os.environ[FOLDER_VARIABLE] = folder
        ours = engine_setup.llm_arguments(
            machine.detect(models.root()), models.architecture("tiny"), 1, 65 * BLOCK_SIZE
        )
        ours |= engine_setup.recording_arguments(ours) | {"block_size": BLOCK_SIZE, "max_model_len": 256}
        llm = LLM(model=str(models.resolve("tiny")), **ours | arguments)
        engine, coming, step = llm.llm_engine, arrivals(random.Random(chosen if seed is None else seed)), 0
        total = len(coming)
        while coming or engine.has_unfinished_requests():
            step += 1
            while coming and coming[0][0] <= step:
                _, ids, tokens = coming.pop(0)
                sampling = SamplingParams(temperature=0, max_tokens=tokens, ignore_eos=True)
                engine.add_request(str(total - len(coming) - 1), TokensPrompt(prompt_token_ids=ids), sampling)
            engine.step()
        texts.save(Path(folder), [load(folder)], llm.get_tokenizer())
        del llm, engine
        gc.collect()
        target = RECORDINGS / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target)
    return target


def main() -> None:
    """Record what is asked for."""
    found = machine.detect(models.root())
    for variable, value in {**engine_setup.environment(found, 1), "VLLM_LOGGING_LEVEL": "ERROR"}.items():
        os.environ.setdefault(variable, value)
    for name in sys.argv[1:] or WORKLOADS:
        print(record(name).relative_to(Path.cwd()))


if __name__ == "__main__":
    main()
