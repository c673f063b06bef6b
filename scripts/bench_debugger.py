"""What a debugger costs: SmolLM2 in one process, plain and as F5 starts it, in turns, whole processes.

    .venv/bin/python scripts/bench_debugger.py [--pairs 5] [--model smollm2]

"debugger" is debugpy with launch.json's attributes and a client that does what VSCode does (tests/dap); "+ breakpoint" has a line
breakpoint as well, in scheduler.py, at a place that the run never reaches. Prints each round, then medians and the
medians of the rounds' ratios; at last how long it takes from F5 to the first stop in schedule().
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
RESULT = "BENCH"
PHASES = ("import", "engine", "generate")
SCHEDULE = "vllm.v1.core.sched.scheduler:Scheduler.schedule"
ELSEWHERE = "vllm.v1.core.sched.scheduler:Scheduler.reset_prefix_cache"


def work(model: str, rounds: int) -> None:
    """In a process of its own: import, engine, then 2 requests of 64 tokens each, several times; prints seconds by phase."""
    from workbook import engine_setup, machine, models

    here = machine.detect(models.root())
    os.environ.update(engine_setup.environment(here, 1))
    start = time.perf_counter()
    from vllm import LLM, SamplingParams

    imported = time.perf_counter()
    arguments = engine_setup.llm_arguments(here, models.architecture(model), 1, 1024)
    llm = LLM(model=str(models.resolve(model)), max_model_len=512, gpu_memory_utilization=0.5, **arguments)
    built = time.perf_counter()
    prompts: list[Any] = [{"prompt_token_ids": [100 + i] * 16} for i in range(2)]
    sampling = SamplingParams(max_tokens=64, ignore_eos=True, temperature=0)
    took = []
    for _ in range(rounds + 1):  # the first one warms up
        begin = time.perf_counter()
        llm.generate(prompts, sampling, use_tqdm=False)
        took.append(time.perf_counter() - begin)
    seconds = {"import": imported - start, "engine": built - imported, "generate": statistics.median(took[1:])}
    print(f"\n{RESULT} {json.dumps(seconds)}", flush=True)


def plain(command: list[str]) -> dict[str, float]:
    """The work without a debugger."""
    return _result(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def debugged(command: list[str], breakpoint_at: str | None = None) -> dict[str, float]:
    """The work as F5 starts it."""
    from dap.client import Debugger
    from dap.configuration import configuration

    from workbook.course import symbols

    chosen = configuration("vLLM: first inference") | {"program": command[1], "args": command[2:]}
    place = symbols.resolve(breakpoint_at) if breakpoint_at else None
    with Debugger(chosen, {place.path: [place.body]} if place else {}) as debugger:
        debugger.wait_for_end(300)
        return _result(debugger.terminal)


def _result(text: str) -> dict[str, float]:
    found = re.search(rf"^{RESULT} (.*)$", text, re.MULTILINE)
    assert found, text
    seconds: dict[str, float] = json.loads(found[1])
    return seconds


def first_stop() -> float:
    """Seconds from F5 on llama_debug.py to the first stop in schedule()."""
    from dap.client import Debugger
    from dap.configuration import configuration

    with Debugger(configuration("vLLM: LLaMA, step by step", WORKBOOK_STOPS=SCHEDULE)) as debugger:
        debugger.wait_for_stop(120)
        return time.monotonic() - debugger.started


def main() -> None:
    """Run the rounds and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.work:
        work(wanted.model, rounds=3)
        return

    command = [sys.executable, str(Path(__file__).absolute()), "--work", "--model", wanted.model]
    kinds = {
        "plain": lambda: plain(command),
        "debugger": lambda: debugged(command),
        "+ breakpoint": lambda: debugged(command, ELSEWHERE),
    }
    rounds: list[dict[str, dict[str, float]]] = []
    plain(command)  # warms the disk's cache and vLLM's own
    for number in range(wanted.pairs):
        order = list(kinds) if number % 2 == 0 else list(reversed(kinds))
        rounds.append({kind: kinds[kind]() for kind in order})
        shown = "   ".join(f"{kind} {_row(rounds[-1][kind])}" for kind in kinds)
        print(f"{number + 1:3d}  {shown}", flush=True)
    print(f"\n{wanted.model}, 2 requests of 64 tokens; seconds, medians of {wanted.pairs} rounds, and ratios to plain")
    for kind in kinds:
        cells = []
        for phase in PHASES:
            ratios = sorted(one[kind][phase] / one["plain"][phase] for one in rounds)
            cells.append(
                f"{phase} {statistics.median(one[kind][phase] for one in rounds):6.2f} "
                f"×{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
            )
        print(f"{kind:13s} {'   '.join(cells)}")
    stops = [first_stop() for _ in range(3)]
    print(f"from F5 to the first stop in schedule(): {', '.join(f'{seconds:.1f}' for seconds in stops)} s")


def _row(seconds: dict[str, float]) -> str:
    return "/".join(f"{seconds[phase]:.2f}" for phase in PHASES)


if __name__ == "__main__":
    main()
