"""What is decided for a machine: arguments and environment of the engine, and the sentences for what cannot work."""

from pathlib import Path

import msgspec
import pytest

from workbook import engine_setup, gpus, machine, models
from workbook.errors import WorkbookError
from workbook.machine import Machine

SMOLLM2 = models.KNOWN["smollm2"].architecture
TINY = models.KNOWN["tiny"].architecture
LLAMA_3B = models.KNOWN["llama-3.2-3b"].architecture


def test_this_machine_is_described(tmp_path: Path) -> None:
    here = machine.detect(tmp_path / "not" / "there" / "yet")
    assert here.system == "Linux"
    assert here.ram_total > here.ram_available > 0
    assert here.disk_free > 0
    assert here.packages["torch"].startswith("2.13.0")
    assert here.build in ("cpu", "cuda")
    assert msgspec.json.decode(msgspec.json.encode(here), type=Machine) == here


def test_a_laptop_runs_in_one_process_with_a_small_cache(laptop: Machine) -> None:
    env = engine_setup.environment(laptop, 1)
    assert env["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
    assert env["OMP_NUM_THREADS"] == "1"
    assert env["TORCH_COMPILE_DISABLE"] == "1"
    arguments = engine_setup.llm_arguments(laptop, SMOLLM2, 1, kv_tokens=4096)
    # 128 blocks for 4,096 tokens and the null block; 32 tokens of 2 × 30 layers × 3 heads × 64 × 2 bytes each.
    assert arguments["kv_cache_memory_bytes"] == 129 * 32 * 23_040
    assert arguments["block_size"] == 32
    assert arguments["enforce_eager"]


def test_tensor_parallel_on_a_laptop_binds_cores(laptop: Machine) -> None:
    env = engine_setup.environment(laptop, 2)
    assert "VLLM_ENABLE_V1_MULTIPROCESSING" not in env
    assert env["VLLM_CPU_OMP_THREADS_BIND"] == "0,1|2,3"


@pytest.mark.parametrize(
    ("cores", "ranks", "bound"),
    [
        ([0, 1], 2, "0|1"),
        ([0, 1], 4, "0|1|0|1"),
        ([4, 5, 6], 2, "4|5"),
        ([0, 1, 2, 3, 4, 5, 6, 7], 4, "0,1|2,3|4,5|6,7"),
        ([3], 1, "3"),
    ],
)
def test_cores_per_rank(cores: list[int], ranks: int, bound: str) -> None:
    assert engine_setup.cores_per_rank(cores, ranks) == bound


def test_four_4090_d_without_p2p(four_cards: Machine) -> None:
    assert not four_cards.p2p
    assert four_cards.build == "cuda"
    one = engine_setup.llm_arguments(four_cards, LLAMA_3B, 1, 4096)
    four = engine_setup.llm_arguments(four_cards, LLAMA_3B, 4, 4096)
    assert "disable_custom_all_reduce" not in one
    assert four["disable_custom_all_reduce"]
    assert not four["async_scheduling"]
    assert "kv_cache_memory_bytes" not in four
    env = engine_setup.environment(four_cards, 4)
    assert env["VLLM_WORKER_MULTIPROC_METHOD"] == "spawn"
    assert "OMP_NUM_THREADS" not in env


def test_an_editable_cpu_build_counts_as_cpu(laptop: Machine) -> None:
    laptop.packages = {"vllm": "0.32.0+cpu", "torch": "2.13.0+cpu"}
    assert laptop.build == "cpu"


def test_heads_that_do_not_divide(laptop: Machine) -> None:
    with pytest.raises(WorkbookError, match=r"9 attention heads and 3 KV heads.*use a tensor parallel size of 1, 3"):
        engine_setup.check(laptop, "smollm2", SMOLLM2, 2)
    engine_setup.check(laptop, "tiny", TINY, 4)


def test_more_gpus_than_there_are(four_cards: Machine) -> None:
    with pytest.raises(WorkbookError, match=r"needs as many GPUs, and 4 can be used here"):
        engine_setup.check(four_cards, "tiny", TINY, 8)
    for card in four_cards.gpus[2:]:
        card.visible = False
    with pytest.raises(WorkbookError, match=r"2 can be used here: lower it, or widen CUDA_VISIBLE_DEVICES.*has 4"):
        engine_setup.check(four_cards, "tiny", TINY, 4)


def test_cuda_build_without_a_driver(four_cards: Machine) -> None:
    four_cards.driver, four_cards.gpus, four_cards.links = None, [], []
    with pytest.raises(WorkbookError, match=r"there is no NVIDIA driver: install one \(580 or newer\), or run .*--cpu"):
        engine_setup.check(four_cards, "tiny", TINY, 1)


def test_no_engine_installed(laptop: Machine) -> None:
    laptop.packages = {}
    with pytest.raises(WorkbookError, match=r"vLLM is not installed in this environment: run scripts/run.sh"):
        engine_setup.check(laptop, "tiny", TINY, 1)


@pytest.mark.parametrize(
    ("value", "visible"),
    [(None, {0, 1, 2}), ("", set()), ("1", {1}), ("2,0", {0, 2}), ("0,9,1", {0}), ("GPU-b", {1}), ("-1", set())],
)
def test_cuda_visible_devices(monkeypatch: pytest.MonkeyPatch, value: str | None, visible: set[int]) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if value is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert gpus.visible_devices(["GPU-aa", "GPU-bb", "GPU-cc"]) == visible


def test_default_model(laptop: Machine, four_cards: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBOOK_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert engine_setup.default_model(laptop) == "smollm2"
    assert engine_setup.default_model(four_cards) == "smollm2"
    (tmp_path / "llama-3.2-1b").mkdir()
    assert engine_setup.default_model(four_cards) == "llama-3.2-1b"
    assert engine_setup.default_model(laptop) == "smollm2"
