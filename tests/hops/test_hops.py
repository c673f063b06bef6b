"""The trace of a run: every hop in its order and process, nothing outside the window, and the run itself unchanged."""

import re
from pathlib import Path

import pytest
from conftest import python

from workbook import hops
from workbook.errors import WorkbookError

SCRIPT = """
from workbook import hops, lesson
from workbook.hops import Hop

PLAN = [
    Hop("vllm.entrypoints.llm:LLM.generate", show="prompts"),
    Hop("vllm.v1.core.sched.scheduler:Scheduler.schedule", show="len(self.waiting), len(self.running)", calls=2),
    Hop("vllm.model_executor.models.llama:LlamaForCausalLM.forward", show="input_ids.shape", calls=2),
    Hop("vllm.model_executor.layers.attention.attention:unified_attention_with_output", show="no_such_name"),
    Hop("vllm.v1.core.sched.scheduler:Scheduler.no_such_method"),
]

def main():
    flags = lesson.parser("")
    lesson.tensor_parallel_flag(flags)
    run = lesson.start("", kv_tokens=1024, flags=flags)
    print("traced:", hops.install(PLAN, run.folder))
    from vllm import LLM, SamplingParams
    llm = LLM(model=run.model, max_model_len=512, tensor_parallel_size=run.tensor_parallel_size, **run.engine_args)
    greedy = SamplingParams(temperature=0, max_tokens=4)
    before = llm.generate(["The capital"], greedy)
    with hops.window(run.folder):
        inside = llm.generate(["The capital"], greedy)
    print("same:", before[0].outputs[0].token_ids == inside[0].outputs[0].token_ids)
    print("folder:", run.folder)

if __name__ == "__main__":
    lesson.main(main)
"""


def trace(tmp_path: Path, *arguments: str) -> tuple[str, list[hops.Call]]:
    script = tmp_path / "traced.py"
    script.write_text(SCRIPT)
    result = python(script, "--model", "tiny", *arguments)
    assert result.returncode == 0, result.stderr
    assert "same: True" in result.stdout
    assert "No stop at vllm.v1.core.sched.scheduler:Scheduler.no_such_method" in result.stderr + result.stdout
    folder = re.search(r"^folder: (.*)$", result.stdout, re.MULTILINE)
    assert folder
    return result.stdout, hops.read(Path(folder[1]))


def seen(calls: list[hops.Call]) -> list[tuple[str, str, str | None]]:
    return [(call.process, call.at.rsplit(".", 1)[1], call.shown) for call in calls]


@pytest.mark.engine
def test_one_process_in_the_order_of_the_calls(tiny: Path, tmp_path: Path) -> None:
    calls = trace(tmp_path)[1]
    assert seen(calls) == [
        ("main", "generate", "['The capital']"),
        ("main", "schedule", "(1, 0)"),
        ("main", "forward", "[2]"),
        ("main", "attention:unified_attention_with_output", "NameError: name 'no_such_name' is not defined"),
        ("main", "schedule", "(0, 1)"),
        ("main", "forward", "[1]"),
    ]
    assert [call.depth for call in calls] == [0, 1, 1, 2, 1, 1]
    assert all(inner.seconds <= calls[0].seconds for inner in calls)


@pytest.mark.engine
def test_two_ranks_each_hop_in_its_own_process(tiny: Path, tmp_path: Path) -> None:
    calls = trace(tmp_path, "--tp", "2")[1]
    by_name: dict[str, set[str]] = {}
    for process, name, _ in seen(calls):
        by_name.setdefault(name, set()).add(process)
    assert by_name["generate"] == {"main"}
    assert by_name["schedule"] == {"EngineCore"}
    assert by_name["forward"] == {"VllmWorker-0", "VllmWorker-1"}


def test_a_run_without_a_trace_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="run the lesson's script again"):
        hops.read(tmp_path)
