"""Lesson 2.2's exercises: on the lesson's recordings, and against vLLM's own KV cache manager on streams that nobody chose."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from grading.course import solution
from workbook import runinfo
from workbook.grading import grader
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.graders.block_hashes import chain
from workbook.grading.values import normal

STAGE = ROOT / "stages" / "2_core_techniques"
NAMES = ("block_hashes", "prefix_hits")
RUN = Evidence(STAGE / "recordings" / "prefix")
SIZE = 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("recording", ["prefix", "prefix_128"])
def test_the_solution_gives_what_the_engine_did(name: str, recording: str) -> None:
    cases = list(grader.load(name).cases(Evidence(STAGE / "recordings" / recording)))
    assert [solution(STAGE, name)(*case.arguments) for case in cases] == [case.expected for case in cases]


def test_the_recording_holds_what_the_exercises_are_about() -> None:
    stream, small = (case.expected for case in grader.load("prefix_hits").cases(RUN))
    assert stream == [0, 256, 224, 320, 0, 0, 256, 0, 0]
    assert small == [0, 0, 0, 96, 96, 0, 0]  # the fourth finds three of its four blocks: one has been evicted
    hashes = {one for case in grader.load("block_hashes").cases(RUN) for one in case.expected}
    assert len(hashes) > 20
    assert all(len(one) == 32 for one in hashes)


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_differs_from_the_engine_and_from_the_others(name: str) -> None:
    marker = grader.load(name)
    cases = list(marker.cases(RUN))
    answers = [[normal(mistake.function(*case.arguments)) for case in cases] for mistake in marker.mistakes]
    assert [normal(case.expected) for case in cases] not in answers
    assert all(answer not in answers[:place] for place, answer in enumerate(answers))


def test_of_two_mistakes_the_one_in_the_first_hash_is_named() -> None:
    """A list in place of a tuple, and the last part hashed as well: neither mistake alone gives these."""
    marker = grader.load("block_hashes")
    case = next(case for case in marker.cases(RUN) if len(case.arguments[0]) % case.arguments[1])
    tokens, size, first_parent, salt = case.arguments
    both = [*chain(tokens, size, first_parent, salt, "list"), bytes(32)]
    assert marker.reason
    said = marker.reason(case, both)
    assert said
    assert "as a list" in said.en
    assert marker.reason(case, [*case.expected, bytes(32)]) is None


def test_the_examples_of_the_docstrings() -> None:
    plain = solution(STAGE, "block_hashes")([5, 6, 7, 8, 9], 2, bytes(32), None)
    salted = solution(STAGE, "block_hashes")([5, 6, 7, 8, 9], 2, bytes(32), "ann")
    assert [one.hex()[:4] for one in plain] == ["7d2f", "81b1"]
    assert salted[0].hex()[:4] == "2c9f"
    assert salted[1] != plain[1]
    assert solution(STAGE, "prefix_hits")([([b"x", b"y"], 4, 5), ([b"x", b"y"], 4, 5)], 2, 3) == [0, 2]


def manager(blocks: int) -> Any:
    """vLLM's own, for one layer; no engine, no model."""
    import torch
    from vllm.v1.core.kv_cache_manager import KVCacheManager
    from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec

    spec = FullAttentionSpec(block_size=SIZE, num_kv_heads=1, head_size=1, dtype=torch.float32)
    config = KVCacheConfig(
        num_blocks=blocks + 1, kv_cache_tensors=[], kv_cache_groups=[KVCacheGroupSpec(["layer"], spec)]
    )
    return KVCacheManager(config, max_model_len=1024, scheduler_block_size=SIZE, hash_block_size=SIZE)


@pytest.mark.parametrize("seed", range(60))
def test_the_solution_agrees_with_vllms_own_manager(seed: int) -> None:
    """Streams with common beginnings, repetitions and conversations, in pools of many sizes."""
    from vllm import SamplingParams
    from vllm.utils.hashing import sha256
    from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash
    from vllm.v1.request import Request

    chance = random.Random(seed)
    init_none_hash(sha256)
    blocks = chance.randint(8, 24)
    kv, hasher = manager(blocks), get_request_block_hasher(SIZE, sha256)
    texts: list[list[int]] = [[]]
    stream, hits = [], []
    for number in range(40):
        begin = chance.choice(texts)
        prompt = begin[: chance.randint(0, len(begin))] + [chance.randint(0, 9) for _ in range(chance.randint(1, 9))]
        prompt, new = prompt[: SIZE * blocks - 8], chance.randint(1, 6)
        request = Request(f"{number}", prompt, SamplingParams(max_tokens=new), None, block_hasher=hasher)
        found, hit, _ = kv.get_computed_blocks(request)
        assert kv.allocate_slots(request, len(prompt) - hit, hit, found)
        request.num_computed_tokens = len(prompt)
        for token in range(new - 1):
            request.append_output_token_ids(token)
            assert kv.allocate_slots(request, 1) is not None
            request.num_computed_tokens += 1
        request.append_output_token_ids(99)
        kv.free(request)
        computed = request.num_computed_tokens
        stream.append((list(request.block_hashes[: computed // SIZE]), len(prompt), computed))
        hits.append(hit)
        texts.append([*prompt, *request.output_token_ids])
    assert solution(STAGE, "prefix_hits")(stream, SIZE, blocks) == hits
    assert any(hits)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_without_its_second_half_is_one_sentence(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "step2_prefix_caching" / "now"
    folder.mkdir(parents=True)
    info = runinfo.read(RUN.folder)
    assert info
    info.results = {} if name == "block_hashes" else info.results
    runinfo.write(folder, info)
    (folder / "recording.jsonl").write_bytes((RUN.folder / "recording.jsonl").read_bytes())
    with pytest.raises(LackingError, match="run it again with `workbook run"):
        list(grader.load(name).cases(Evidence(folder)))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_with_prefix_caching_off_is_no_evidence(name: str, tmp_path: Path) -> None:
    """An experiment of the lesson: a right answer must not be judged by it."""
    folder = tmp_path / "step2_prefix_caching" / "now"
    shutil.copytree(RUN.folder, folder)
    info = runinfo.read(folder)
    assert info
    info.results["first_parent"] = ""
    runinfo.write(folder, info)
    with pytest.raises(LackingError):
        list(grader.load(name).cases(Evidence(folder)))
