"""scripts/run.sh: what it says where it cannot go on, what it leaves alone, and that a warm call costs nothing."""

import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, one_sentence, run

ready = pytest.mark.skipif(
    not (ROOT / ".venv/workbook-ready").is_file(), reason="scripts/run.sh has not made .venv here"
)
NO_MIRROR = {"PIP_CONFIG_FILE": "/dev/null", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0"}
DEAD = "http://127.0.0.1:9/simple"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What run.sh needs of a fresh clone, in a path with a space and Chinese characters; no .venv."""
    folder = tmp_path / "我的 workbook"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copytree(ROOT / "my_debug_scripts", folder / "my_debug_scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def command(tmp_path: Path) -> Callable[[str, str], str]:
    """Puts a shell script of that name before all others in PATH, and returns the PATH."""

    def make(name: str, body: str) -> str:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
        return f"{folder}:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"

    return make


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ('[ "$1" = -s ] && echo Darwin || echo arm64', "vLLM has no build for macOS: open the folder in VSCode"),
        ('[ "$1" = -s ] && echo MINGW64_NT-10.0 || echo x86_64', "on Windows use WSL2"),
        ('[ "$1" = -s ] && echo Linux || echo ppc64le', "this machine is ppc64le"),
    ],
)
def test_other_systems_are_told_before_anything_is_made(
    clone: Path, command: Callable[[str, str], str], answer: str, sentence: str
) -> None:
    one_sentence(run(clone / "scripts/run.sh", "--cpu", PATH=command("uname", answer)), sentence)
    assert not (clone / ".venv").exists()


def test_cuda_without_a_driver(clone: Path, command: Callable[[str, str], str]) -> None:
    path = command("nvidia-smi", "exit 9")
    one_sentence(run(clone / "scripts/run.sh", "--cuda", PATH=path), "needs an NVIDIA driver", "or use --cpu")
    assert not (clone / ".venv").exists()


def test_too_small_a_disk(clone: Path, command: Callable[[str, str], str]) -> None:
    path = command("df", "printf 'head\\nfs 1 1 2000000 50%% /\\n'")
    one_sentence(run(clone / "scripts/run.sh", "--cpu", PATH=path), "takes about 4 GiB, and 1 are free")


def test_unreachable_packages_end_in_a_sentence_and_the_next_call_carries_on(
    clone: Path, command: Callable[[str, str], str]
) -> None:
    path = command("uv-is-not-used-here", "")
    env = {
        **NO_MIRROR,
        "PATH": path,
        "PIP_INDEX_URL": DEAD,
        "WORKBOOK_TORCH_INDEX": DEAD,
        "WORKBOOK_PYTHON": sys.executable,
    }
    first = run(clone / "scripts/run.sh", "--cpu", **env)
    assert first.returncode == 1
    assert first.stderr.strip().splitlines()[-1].startswith("The packages could not be fetched: check the network")
    assert "Making .venv" in first.stdout
    second = run(clone / "scripts/run.sh", "--cpu", **env)
    assert second.returncode == 1
    assert "Making .venv" not in second.stdout


def test_a_half_installed_package_is_installed_again(clone: Path) -> None:
    site = clone / ".venv/lib/python3.12/site-packages"
    for name in ("whole-1.dist-info", "half-1.dist-info"):
        (site / name).mkdir(parents=True)
        (site / name / "METADATA").touch()
    (site / "whole-1.dist-info/RECORD").touch()
    code = f'cd "{clone}" && . scripts/environment.sh && remove_half_installed'
    assert run("bash", "-euc", code).returncode == 0
    assert [path.name for path in site.iterdir()] == ["whole-1.dist-info"]


@pytest.mark.parametrize(("own", "used"), [("", DEAD), ("http://127.0.0.1:8/own", "http://127.0.0.1:8/own")])
def test_uv_gets_pip_s_mirror_unless_it_has_its_own(
    clone: Path, command: Callable[[str, str], str], own: str, used: str
) -> None:
    code = f'cd "{clone}" && . scripts/environment.sh && choose_installer && echo "$UV_DEFAULT_INDEX"'
    result = run("bash", "-euc", code, PATH=command("uv", ""), PIP_INDEX_URL=DEAD, UV_DEFAULT_INDEX=own)
    assert result.stdout.strip() == used


def test_pip_s_mirror_is_read_from_its_configuration_too(clone: Path, command: Callable[[str, str], str]) -> None:
    config = clone / "pip.conf"
    config.write_text(f"[global]\nindex-url = {DEAD}\n")
    code = f'cd "{clone}" && . scripts/environment.sh && pip_setting index-url'
    result = run("bash", "-euc", code, PATH=command("uv", ""), PIP_CONFIG_FILE=str(config), PIP_INDEX_URL="")
    assert result.stdout.strip() == DEAD


@ready
def test_unknown_script() -> None:
    one_sentence(run(ROOT / "scripts/run.sh", "step9"), "There is no script step9: choose one of llama_debug")


@ready
def test_a_warm_call_adds_less_than_a_second() -> None:
    def median(*arguments: str | Path) -> float:
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            assert run(*arguments, "--help").returncode == 0
            seconds.append(time.perf_counter() - start)
        return statistics.median(seconds)

    direct = median(ROOT / ".venv/bin/python", ROOT / "my_debug_scripts/llama_debug.py")
    assert median(ROOT / "scripts/run.sh", "llama_debug") - direct < 1
