"""What is captured is what the layers saw: recomputed here from the checkpoint's own weights."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from safetensors.torch import load_file

from workbook import capture
from workbook.errors import WorkbookError

SCRIPT = """
import sys
from workbook import capture, lesson

def main():
    run = lesson.start("", kv_tokens=1024)
    from vllm import LLM, SamplingParams
    llm = LLM(model=run.model, max_model_len=512, **run.engine_args | {"worker_extension_cls": capture.WORKER_EXTENSION})
    names = ["model.layers.0.input_layernorm", "model.layers.1.post_attention_layernorm", "sampler", "no.such.module"]
    print(llm.collective_rpc("workbook_capture_start", args=(names,)))
    outputs = llm.generate(["The capital of China is"], SamplingParams(temperature=0, max_tokens=3))
    llm.collective_rpc("workbook_capture_stop", args=(str(run.folder),))
    print(run.folder, outputs[0].outputs[0].token_ids, sep="|")

if __name__ == "__main__":
    lesson.main(main)
"""


@pytest.fixture(scope="module")
def run(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[capture.Captured, str]:
    script = tmp_path_factory.mktemp("capture") / "capturing.py"
    script.write_text(SCRIPT)
    result = subprocess.run([sys.executable, script, "--fast"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    folder = result.stdout.strip().splitlines()[-1].split("|")[0]
    return capture.read(Path(folder)), result.stdout


@pytest.mark.engine
def test_a_norm_computes_what_its_formula_says(run: tuple[capture.Captured, str], tiny: Path) -> None:
    captured, _ = run
    weight = load_file(tiny / "model.safetensors")["model.layers.0.input_layernorm.weight"].float().numpy()
    x, y = (captured("model.layers.0.input_layernorm", 0, which) for which in ("in.0", "out.0"))
    rms = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-5)
    assert np.abs(rms * weight - y).max() < 0.05


@pytest.mark.engine
def test_arguments_are_kept_as_they_came_though_the_layer_works_in_place(run: tuple[capture.Captured, str]) -> None:
    captured, _ = run
    name = "model.layers.1.post_attention_layernorm"
    hidden, residual, summed = (captured(name, 0, which) for which in ("in.0", "in.1", "out.1"))
    assert np.abs(hidden + residual - summed).max() < 0.05
    assert np.abs(residual - summed).max() > 0.05  # had the clone been taken afterwards, they would be equal


@pytest.mark.engine
def test_the_sampler_takes_the_largest_logit(run: tuple[capture.Captured, str]) -> None:
    captured, printed = run
    assert captured.calls("sampler") == 3
    tokens = [int(captured("sampler", call, "in.logits").argmax()) for call in range(3)]
    assert tokens == [int(captured("sampler", call, "out.sampled_token_ids")[0, 0]) for call in range(3)]
    assert f"|{tokens}" in printed


@pytest.mark.engine
def test_a_name_that_no_module_has_is_left_out(run: tuple[capture.Captured, str]) -> None:
    captured, printed = run
    assert "no.such.module" not in printed
    with pytest.raises(WorkbookError, match=r"holds no no\.such\.module"):
        captured("no.such.module", 0, "in.0")


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    save_file({"a/0/in.0": np.zeros(3)}, tmp_path / capture.FILE)
    (tmp_path / capture.FILE).write_bytes((tmp_path / capture.FILE).read_bytes()[:40])
    with pytest.raises(WorkbookError, match="run the lesson's script again"):
        capture.read(tmp_path)


def test_nothing_captured_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="run the lesson's script again"):
        capture.read(tmp_path)
