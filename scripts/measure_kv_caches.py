"""Starts engines of several configurations and notes how many blocks each made of its memory: stages/1_basics/kv_engines.json.

    .venv/bin/python scripts/measure_kv_caches.py

The exercise kv_cache_blocks is graded against them besides the learner's own run. On two cores it takes about five minutes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from workbook import engine_setup, machine, models, paths

TARGET = Path(__file__).parents[1] / "stages" / "1_basics" / "kv_engines.json"
# model, block size, ranks, dtype of the cache, max_model_len, bytes for the cache on each rank
ENGINES = [
    ("smollm2", 32, 1, "auto", 2048, 95_109_120),
    ("smollm2", 64, 1, "auto", 2048, 100_000_000),
    ("smollm2", 128, 1, "auto", 1000, 100_000_000),
    ("smollm2", 32, 1, "fp8", 2048, 100_000_000),
    ("tiny", 32, 1, "auto", 100, 10_000_000),
    ("tiny", 32, 2, "auto", 2048, 10_000_000),
    ("tiny", 128, 2, "fp8", 1000, 10_000_000),
]
ENGINE = """
import json, sys
if __name__ == "__main__":
    from vllm import LLM
    model, size, ranks, dtype, longest, memory = json.loads(sys.argv[1])
    llm = LLM(model=model, block_size=size, tensor_parallel_size=ranks, kv_cache_dtype=dtype, max_model_len=longest,
              kv_cache_memory_bytes=memory, gpu_memory_utilization=0.5, enforce_eager=True,
              worker_extension_cls="workbook.recorder.worker.WorkerView")
    config = llm.llm_engine.vllm_config
    print("ENGINE", json.dumps({
        "blocks": config.cache_config.num_gpu_blocks,
        "concurrency": config.cache_config.kv_cache_max_concurrency,
        "allocated": [cache["bytes"] for cache in llm.collective_rpc("workbook_kv_cache")],
        "dtype": str(config.model_config.dtype).removeprefix("torch."),
    }))
"""


def main() -> None:
    """Start them one after the other, and write what they said."""
    here = machine.detect(models.root())
    found = []
    script = paths.NOTES / "measure_kv_caches.py"  # a file, for processes that start anew import it
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(ENGINE, encoding="utf-8")
    for name, size, ranks, dtype, longest, memory in ENGINES:
        folder = models.resolve(name)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        arguments = json.dumps([str(folder), size, ranks, dtype, longest, memory])
        result = subprocess.run(
            [sys.executable, str(script), arguments],
            env={**os.environ, **engine_setup.environment(here, ranks)},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line for line in result.stdout.splitlines() if line.startswith("ENGINE ")]
        if not lines:
            sys.exit(f"{name}: {result.stderr[-2000:]}")
        said = json.loads(lines[0].removeprefix("ENGINE "))
        names = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "hidden_size")
        numbers = {key: config[key] for key in names}
        numbers["head_dim"] = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        numbers["dtype"] = said.pop("dtype")
        given = {"block_size": size, "tensor_parallel_size": ranks, "kv_cache_dtype": dtype, "max_model_len": longest}
        found.append({"model": name, "config": numbers, "memory": memory, **given, **said})
        print(name, given, said, flush=True)
    script.unlink()
    paths.write_atomically(TARGET, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
