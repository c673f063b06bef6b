"""What the workbook costs: a warm step1_basic_llama.py against the plain vLLM script, whole processes, in pairs.

    .venv/bin/python scripts/bench_overhead.py [--pairs 10]

The plain script asks the same of the same model, with the same arguments and environment, and imports nothing of the
workbook. The order within a pair alternates. Goal: a median ratio of at most 1.05; prints every pair, exits 1 above it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workbook import engine_setup, machine, models

ROOT = Path(__file__).parent.parent
GOAL = 1.05
PLAIN = """
from vllm import LLM, SamplingParams, TokensPrompt

if __name__ == "__main__":
    llm = LLM(model={model!r}, tensor_parallel_size=1, gpu_memory_utilization=0.5, max_model_len=2048, **{arguments!r})
    prompts = ["Hello, my name is", "The capital of China is"]
    question = "What is the capital of China?"
    tokenizer = llm.get_tokenizer()
    chat = tokenizer.apply_chat_template(
        [{{"role": "user", "content": question}}], tokenize=False, add_generation_prompt=True
    )
    chat_tokens = TokensPrompt(prompt_token_ids=tokenizer.encode(chat, add_special_tokens=False))
    sampling_params = SamplingParams(temperature=0.8, top_p=0.95, max_tokens=50)
    outputs = llm.generate([*prompts, chat_tokens], sampling_params)
    for output in outputs:
        print(f"Prompt: {{output.prompt}}")
        print(f"Output: {{output.outputs[0].text}}\\n")
"""


def seconds(command: list[str], env: dict[str, str]) -> float:
    """Wall time of one process, from its start to its end."""
    start = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Run the pairs and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    pairs: int = parser.parse_args().pairs

    here = machine.detect(models.root())
    name = engine_setup.default_model(here)
    arguments = engine_setup.llm_arguments(here, models.architecture(name), 1, kv_tokens=4096)
    del arguments["disable_log_stats"]  # the plain script measures nothing
    env = {**engine_setup.environment(here, 1), **os.environ}
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.py"
        plain.write_text(PLAIN.format(model=str(models.resolve(name)), arguments=arguments), encoding="utf-8")
        commands = {
            "plain": [sys.executable, str(plain)],
            "workbook": [sys.executable, str(ROOT / "my_debug_scripts" / "step1_basic_llama.py")],
        }
        for command in commands.values():  # warm: disk cache, vLLM's own caches
            seconds(command, env)
        ratios = []
        for number in range(pairs):
            order = list(commands) if number % 2 == 0 else list(reversed(commands))
            took = {which: seconds(commands[which], env) for which in order}
            ratios.append(took["workbook"] / took["plain"])
            print(
                f"{number + 1:3d}  plain {took['plain']:6.2f} s  workbook {took['workbook']:6.2f} s  {ratios[-1]:.3f}",
                flush=True,
            )
    median = statistics.median(ratios)
    print(f"median of {pairs} ratios {median:.3f} (from {min(ratios):.3f} to {max(ratios):.3f}); goal: at most {GOAL}")
    sys.exit(median > GOAL)


if __name__ == "__main__":
    main()
