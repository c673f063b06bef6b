"""The planted problems in a real engine: each goes wrong as the lesson says, leaves its evidence, and no process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import SCRIPTS, one_sentence, python

from problems.test_find_the_cause import answer, case

pytestmark = pytest.mark.engine
SCRIPT = SCRIPTS / "step1_debugging.py"


def folder(notes: Path) -> Path:
    (found,) = (notes / "runs" / "step1_debugging").iterdir()
    return found


def test_a_wrong_shape(tiny: Path, tmp_path: Path) -> None:
    result = python(SCRIPT, "--problem", "shape", "--fast", WORKBOOK_NOTES=str(tmp_path))
    one_sentence(result, "RuntimeError")
    # 4 layers, intermediate_size 688.
    assert case("shape", folder(tmp_path)).expected == ["model.layers.2.mlp.act_fn", [10, 687], [10, 688]]


def test_a_cache_that_is_too_small(tiny: Path, tmp_path: Path) -> None:
    result = python(SCRIPT, "--problem", "memory", "--fast", WORKBOOK_NOTES=str(tmp_path))
    one_sentence(result, "max_model_len=2048 needs")
    assert case("memory", folder(tmp_path)).expected[:2] == ["dtype", 2048 * 2 * 4 * 4 * 32 * 4]


@pytest.mark.parametrize("how", ["Ctrl-C", "the limit"])
def test_a_hang_ends_cleanly_and_leaves_its_stacks(tiny: Path, tmp_path: Path, how: str) -> None:
    limit = "25" if how == "the limit" else "300"
    command = [sys.executable, str(SCRIPT), "--problem", "hang", "--fast", "--limit", limit]
    script = subprocess.Popen(
        command,
        env={**_environment(), "WORKBOOK_NOTES": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    children: set[psutil.Process] = set()
    deadline = time.monotonic() + 120
    while not any("_flush" in dump.read_text() for dump in tmp_path.glob("runs/*/*/stacks.txt")):
        assert time.monotonic() < deadline, "no step was missed"
        assert script.poll() is None, script.communicate()[0]
        time.sleep(0.2)
    children.update(psutil.Process(script.pid).children(recursive=True))
    assert {"VLLM::EngineCore"} <= {child.name() for child in children}
    if how == "Ctrl-C":
        script.send_signal(signal.SIGINT)
    output, _ = script.communicate(timeout=120)
    assert script.returncode == 130
    assert output.strip().endswith("Interrupted.")
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    assert case("hang", folder(tmp_path)).expected == answer("hang")


def _environment() -> dict[str, str]:
    return {**os.environ, "WORKBOOK_LANG": "en"}
