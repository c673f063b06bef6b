"""The recording says what the engine did: block for block, token for token, at every step, for random workloads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recorder.engines import start_engine
from recorder.witness import AsyncWitness, Witness, compare
from workbook.recorder import Recording, load

pytestmark = pytest.mark.engine
__all__ = ["start_engine"]  # a fixture

CASES: dict[str, dict[str, Any]] = {
    "plain": {"scheduler_cls": Witness},
    "priority": {"scheduler_cls": Witness, "scheduling_policy": "priority"},
    "async scheduler": {"scheduler_cls": AsyncWitness},
    "no prefix cache": {"scheduler_cls": Witness, "enable_prefix_caching": False},
    "speculation": {
        "scheduler_cls": Witness,
        "speculative_config": {
            "method": "ngram",
            "num_speculative_tokens": 3,
            "prompt_lookup_max": 2,
            "prompt_lookup_min": 1,
        },
    },
}


class Engine:
    """One warm engine with its recording and its witness."""

    def __init__(self, llm: Any, folder: Path) -> None:
        self.llm, self.folder = llm, folder
        self.scheduler = llm.llm_engine.engine_core.engine_core.scheduler

    def recording(self) -> Recording:
        self.scheduler.notes.clerk.catch_up()
        return load(self.folder)

    def counter(self, name: str) -> int:
        return sum(int(metric.value) for metric in self.llm.get_metrics() if metric.name == f"vllm:{name}")


@pytest.fixture(scope="module", params=list(CASES))
def engine(request: pytest.FixtureRequest) -> Engine:
    start: Callable[..., tuple[Any, Path]] = request.getfixturevalue("start_engine")
    return Engine(*start(**CASES[request.param]))


requests = st.fixed_dictionaries(
    {
        "prefix": st.sampled_from([0, 1]),  # two families of prompts that share their beginnings
        "length": st.integers(1, 150),
        "max_tokens": st.integers(1, 40),
        "step": st.integers(0, 30),  # when it arrives
        "abort": st.one_of(st.none(), st.none(), st.integers(0, 20)),  # how many steps later
        "priority": st.integers(0, 2),
    }
)


def request_of(length: int, max_tokens: int, *, step: int, abort: int | None = None) -> dict[str, Any]:
    return {"prefix": 0, "length": length, "max_tokens": max_tokens, "step": step, "abort": abort, "priority": 1}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@example(workload=[request_of(90, 95, step=0), *[request_of(90, 95, step=1)] * 5], reset=True)
@example(workload=[request_of(150, 30, step=0, abort=1), request_of(150, 30, step=1, abort=6)], reset=False)
@given(workload=st.lists(requests, min_size=1, max_size=9), reset=st.booleans())
def test_recording_and_engine_agree_at_every_step(engine: Engine, workload: list[dict[str, Any]], reset: bool) -> None:
    from vllm import SamplingParams

    first_step = len(engine.scheduler.__dict__.setdefault("seen", []))
    aborts: dict[int, list[str]] = {}
    step = 0
    while step <= 30 or engine.llm.llm_engine.has_unfinished_requests():
        for wanted in workload:
            if wanted["step"] == step:
                tokens = [(wanted["prefix"] * 7 + position) % 11 + 100 for position in range(wanted["length"])]
                room = min(wanted["max_tokens"], 192 - len(tokens))
                [name] = engine.llm.enqueue(
                    [{"prompt_token_ids": tokens}],
                    SamplingParams(max_tokens=room, temperature=0),
                    use_tqdm=False,
                    priority=[wanted["priority"]] if "priority" in engine.scheduler.policy.value else None,
                )
                if wanted["abort"] is not None:
                    aborts.setdefault(step + wanted["abort"], []).append(name)
        if step in aborts:
            engine.llm.llm_engine.abort_request(aborts[step], internal=True)
        engine.llm.llm_engine.step()
        step += 1
    if reset:
        assert engine.llm.reset_prefix_cache()

    recording = engine.recording()
    seen = engine.scheduler.seen
    assert len(recording.steps) == len(seen)
    names = list(engine.scheduler.requests_seen)  # by index: both are in order of arrival
    for (now, state), truth in zip(recording.walk(), seen, strict=True):
        if now.number > first_step:
            compare(now, state, truth, names)
    for story, request in zip(recording.requests, engine.scheduler.requests_seen.values(), strict=True):
        assert story.outputs == list(request.output_token_ids)
        assert story.prompt == list(request.prompt_token_ids)
        assert story.preemptions == request.num_preemptions
        assert story.reason == str(request.get_finished_reason())
        assert request.request_id.startswith(f"{story.id}-")


def test_the_counters_of_vllm_agree(engine: Engine) -> None:
    """After all that: what the summary says, and what vLLM's own metrics count."""
    summary = engine.recording().summary
    assert summary.generated_tokens == engine.counter("generation_tokens")
    assert summary.cache_queries == engine.counter("prefix_cache_queries")
    assert summary.cache_hits == engine.counter("prefix_cache_hits")
    assert summary.preemptions == engine.counter("num_preemptions")
    assert summary.drafts == engine.counter("spec_decode_num_draft_tokens")
    assert summary.accepted == engine.counter("spec_decode_num_accepted_tokens")


def test_the_workloads_reach_what_they_are_for(engine: Engine) -> None:
    """Chunks, preemptions, prefix hits, aborts, shared blocks, drafts: a test that never saw them would prove nothing."""
    recording = engine.recording()
    summary = recording.summary
    assert {row.phase for step in recording.steps for row in step.rows} == {"prefill", "chunk", "decode"}
    assert "abort" in {story.reason for story in recording.requests}
    assert summary.preemptions > 0
    assert summary.recomputed_tokens > 0
    if recording.header.engine["enable_prefix_caching"]:
        assert summary.cache_hits > 0
        assert any(len(holders) > 1 for _, state in recording.walk() for holders in state.holders.values())
    if recording.header.engine.get("speculative_method"):
        assert 0 < summary.accepted < summary.drafts


def test_the_workers_hold_the_same_block_tables(engine: Engine) -> None:
    """What the scheduler decided has arrived: the model runner's own tables and slots."""
    from vllm import SamplingParams

    for length in (70, 33):
        engine.llm.enqueue(
            [{"prompt_token_ids": list(range(200, 200 + length))}], SamplingParams(max_tokens=6), use_tqdm=False
        )
    names = list(engine.scheduler.requests_seen)
    for _ in range(4):
        engine.llm.llm_engine.step()
        recording = engine.recording()
        state = recording.state_at(recording.steps[-1].number)
        [tables] = engine.llm.collective_rpc("workbook_block_tables")
        [slots] = engine.llm.collective_rpc("workbook_slot_mapping", args=(recording.steps[-1].scheduled,))
        expected = []
        for row in recording.steps[-1].rows:
            table = state.tables[row.request]
            assert tables[names[row.request]] == table
            expected += [table[p // 32] * 32 + p % 32 for p in range(row.computed, row.computed + row.scheduled)]
        # The model runner orders its batch by itself.
        assert sorted(slots) == sorted(expected)
    while engine.llm.llm_engine.has_unfinished_requests():
        engine.llm.llm_engine.step()
