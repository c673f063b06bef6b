"""Lesson 2.7's exercises: on the lesson's recordings, against vLLM's own proposer and sampler, and by the odds of what they draw."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT, python

from grading.course import solution
from workbook import drafts, runinfo
from workbook.grading import grader
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.graders import ngram_propose, rejection_sample
from workbook.grading.values import normal

STAGE = ROOT / "stages" / "2_core_techniques"
NAMES = ("ngram_propose", "rejection_sample")
RUN = Evidence(STAGE / "recordings" / "speculative")
TIMES = 10_000  # draws


def tensors(arguments: tuple[Any, ...]) -> list[Any]:
    return [torch.from_numpy(one) if isinstance(one, np.ndarray) else one for one in arguments]


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_gives_what_the_engine_did(name: str) -> None:
    cases = list(grader.load(name).cases(RUN))
    assert len(cases) > 20
    assert [solution(STAGE, name)(*tensors(case.arguments)) for case in cases] == [case.expected for case in cases]


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_differs_from_the_engine_and_from_the_others(name: str) -> None:
    marker = grader.load(name)
    cases = list(marker.cases(RUN))
    mistakes = [mistake for mistake in marker.mistakes if mistake.must_differ]
    answers = [[normal(mistake.function(*case.arguments)) for case in cases] for mistake in mistakes]
    assert [normal(case.expected) for case in cases] not in answers
    assert all(answer not in answers[:place] for place, answer in enumerate(answers))


def test_the_examples_of_the_docstrings() -> None:
    propose, sample = solution(STAGE, "ngram_propose"), solution(STAGE, "rejection_sample")
    assert propose([5, 6, 7, 8, 5, 9, 5, 6], 1, 3, 2) == [7, 8]
    assert propose([3, 3], 1, 3, 4) == [3]
    given = (torch.tensor([2]), torch.tensor([[0.1, 0.1, 0.8]]), torch.tensor([[0.5, 0.3, 0.2]]), 7)
    noise = torch.tensor([1.0, 0.1, 1.0])
    assert sample(*given, torch.tensor([0.2]), noise) == [2, 7]
    assert sample(*given, torch.tensor([0.9]), noise) == [1]


def test_the_solution_proposes_what_vllms_own_function_does() -> None:
    from vllm.v1.spec_decode.ngram_proposer import _find_longest_matched_ngram_and_propose_tokens as vllms

    chance = random.Random(0)
    for _ in range(3000):
        tokens = [chance.randint(0, chance.choice([1, 2, 5, 9])) for _ in range(chance.randint(1, 40))]
        low, k = chance.randint(1, 3), chance.randint(1, 6)
        high = low + chance.randint(0, 3)
        wanted = vllms(np.array(tokens, dtype=np.int32), low, high, 1000, k).tolist()
        assert solution(STAGE, "ngram_propose")(tokens, low, high, k) == wanted


def odds() -> tuple[Any, Any]:
    """A target and a draft model of the lesson's run, as float32."""
    info = runinfo.read(RUN.folder)
    assert info
    drawn = info.results["drawn"]
    return np.float32(drawn["target"]), np.float32(drawn["draft"])


def distance(function: Callable[..., list[int]], target: Any, draft: Any, certain: bool) -> float:
    """How far what ``function`` draws is from ``target``: total variation of TIMES first tokens."""
    chance, n = np.random.default_rng(7), len(target)
    found = np.zeros(n)
    for _ in range(TIMES):
        guess = int(target.argmax()) if certain else int(chance.choice(n, p=draft / draft.sum(dtype=np.float64)))
        uniform, noise = np.float32(chance.random(1)), np.float32(chance.exponential(size=n))
        q = None if certain else draft[None]
        found[function(np.array([guess]), q, target[None], 0, uniform, noise)[0]] += 1
    return drafts.distance((found / TIMES).tolist(), target.tolist())


@pytest.mark.parametrize("certain", [False, True])
def test_what_the_solution_draws_has_the_targets_odds(certain: bool) -> None:
    target, draft = odds()

    def ours(*given: Any) -> list[int]:
        got: list[int] = solution_of_rejection(*tensors(given))
        return got

    solution_of_rejection = solution(STAGE, "rejection_sample")
    assert distance(ours, target, draft, certain) < drafts.bound(len(target), TIMES)


@pytest.mark.parametrize("wrong", ["no q", "target again", "absolute", "no noise", "turned"])
def test_the_odds_of_a_wrong_rule_are_others(wrong: str) -> None:
    """So the test above can fail: the bound is narrow enough for every mistake that moves the odds."""
    target, draft = odds()
    assert distance(partial(rejection_sample.sample, wrong=wrong), target, draft, False) > drafts.bound(
        len(target), TIMES
    )


def test_the_odds_after_a_rejected_ngram() -> None:
    target, draft = odds()
    again = partial(rejection_sample.sample, wrong="n-grams again")
    assert distance(again, target, draft, True) > drafts.bound(len(target), TIMES)


CALLS = """
import sys
from pathlib import Path
import torch
from vllm.platforms import current_platform
from workbook import speculation

current_platform.register_triton_kernel_overrides()  # as a CPU worker does
chance = torch.Generator().manual_seed(3)
positions = []
for _ in range(60):
    values = torch.randn(20, generator=chance).mul(2).softmax(0).sort(descending=True).values.tolist()
    positions.append(dict(zip(torch.randperm(40, generator=chance)[:20].tolist(), values, strict=True)))
assert speculation.vectors(Path(sys.argv[1]), positions, "cpu") == 80
"""


def test_the_solution_agrees_with_vllms_sampler_on_other_numbers(tmp_path: Path) -> None:
    """In a process of its own, for vLLM registers its kernels once in each."""
    done = python("-c", CALLS, tmp_path)
    assert done.returncode == 0, done.stderr
    for case in rejection_sample.cases(Evidence(tmp_path)):
        assert solution(STAGE, "rejection_sample")(*tensors(case.arguments)) == case.expected


def test_a_run_of_a_draft_model_is_no_evidence_for_ngrams(tmp_path: Path) -> None:
    folder = tmp_path / "step2_speculative_decoding" / "now"
    folder.mkdir(parents=True)
    info = runinfo.read(RUN.folder)
    assert info
    del info.results["lookup"]
    runinfo.write(folder, info)
    (folder / "recording.jsonl").write_bytes((RUN.folder / "recording.jsonl").read_bytes())
    with pytest.raises(LackingError, match="run it again with `workbook run"):
        list(ngram_propose.cases(Evidence(folder)))
    with pytest.raises(LackingError):
        list(rejection_sample.cases(Evidence(folder)))
