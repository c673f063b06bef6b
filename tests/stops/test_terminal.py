"""Stops in a terminal: a real pseudo-terminal, the real engine, one process and three."""

import re
from pathlib import Path

import pytest

from stops.prompt import Learner

pytestmark = pytest.mark.engine
CODE = "from workbook.cli import main; main()"
SCHEDULE = "vllm.v1.core.sched.scheduler:Scheduler.schedule"
LLAMA_ATTENTION = "vllm.model_executor.models.llama:LlamaAttention.forward"


def test_one_process(tiny: Path) -> None:
    """The second call with a condition; where one is, a value, a line further, and on to the end."""
    arguments = ["--at", f"{SCHEDULE}@2", "--when", "len(self.running) == 1", "--model", "tiny"]
    with Learner("-c", CODE, "debug", "llama_debug", *arguments) as learner:
        process, shown = learner.prompt()
        assert process == "llama_debug"
        assert "1 stop. At each:" in shown
        assert "Stop · Scheduler.schedule" in shown
        assert learner.ask("p len(self.running), len(self.waiting)") == "(1, 0)"
        assert learner.ask("p self.running[0].num_output_tokens") == "2"  # prefill and one decode step lie behind
        where = learner.ask("where")
        assert "my_debug_scripts/llama_debug.py" in where
        assert re.search(r"vllm/v1/core/sched/scheduler\.py\(\d+\)schedule\(\)\s+->", where)
        before = int(re.findall(r"scheduler\.py\((\d+)\)schedule", where)[-1])
        after = int(re.findall(r"scheduler\.py\((\d+)\)schedule", learner.ask("n"))[-1])
        assert before < after < before + 20
        learner.type("c")
        assert learner.end() == 0
        assert "\nOutput: " in learner.seen.replace("\r", "")


def test_engine_core_and_both_workers(tiny: Path) -> None:
    """One process holds the terminal at a time; a step in a worker that waits for the other lets the other have it."""
    arguments = ["--tp", "2", "--model", "tiny", "--at", SCHEDULE, "--at", LLAMA_ATTENTION]
    with Learner("-c", CODE, "debug", "llama_debug", *arguments) as learner:
        process, shown = learner.prompt(150)
        assert (process, "Stop · Scheduler.schedule · EngineCore" in shown) == ("EngineCore", True)
        assert learner.ask("p len(self.waiting)") == "1"
        learner.type("c")
        seen = set()
        for _ in range(2):
            process, shown = learner.prompt()
            assert f"Stop · LlamaAttention.forward · {process}" in shown
            assert learner.ask("p self.num_heads, hidden_states.shape[-1] == self.hidden_size") == "(4, True)"
            assert learner.ask("n").split("->")[1].strip().startswith("q, k, v = ")
            seen.add(process)
            learner.type("c")
        assert seen == {"VllmWorker-0", "VllmWorker-1"}
        assert learner.end() == 0
        assert "\nOutput: " in learner.seen.replace("\r", "")


@pytest.mark.parametrize("how", ["q", "\x04", "\x03"], ids=["quit", "ctrl-d", "ctrl-c"])
def test_quit_in_a_worker_ends_all_processes(tiny: Path, how: str) -> None:
    with Learner(
        "-c", CODE, "debug", "llama_debug", "--tp", "2", "--model", "tiny", "--at", LLAMA_ATTENTION
    ) as learner:
        assert learner.prompt(150)[0].startswith("VllmWorker-")
        learner.type(how)
        assert learner.end() == 130
        assert learner.seen.replace("\r", "").rstrip().endswith("Interrupted.")


def test_quit_in_the_script_ends_it(tiny: Path) -> None:
    with Learner("-c", CODE, "debug", "llama_debug", "--model", "tiny", "--at", SCHEDULE) as learner:
        learner.prompt()
        learner.type("q")
        assert learner.end() == 130
        assert "Traceback" not in learner.seen
