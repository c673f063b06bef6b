"""Every script runs on the real engine: with its own model, in its short form, and over two processes."""

import re
from pathlib import Path

import pytest
from conftest import SCRIPTS, one_sentence, python

pytestmark = pytest.mark.engine
HERE = Path(__file__).parent


def log_of(output: str) -> Path:
    found = re.search(r"vLLM's log: (.*)$", output, re.MULTILINE)
    assert found, output
    return Path(found[1])


def test_first_inference_with_the_pretrained_model(smollm2: Path) -> None:
    result = python(SCRIPTS / "step1_basic_llama.py")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    # The chat template makes the answer certain; the sampled continuations may be anything.
    assert "Prompt: What is the capital of China?\nOutput: The capital of China is Beijing" in result.stdout
    assert "129 blocks of 32 tokens = 4,128 tokens = 90.7 MiB" in result.stdout
    for phase in ("import", "engine", "weights", "KV cache", "prefill", "decode"):
        assert re.search(rf"^\s*{phase}\s+\d+\.\d\d\s", result.stdout, re.MULTILINE), phase
    assert "Resolved architecture: LlamaForCausalLM" in log_of(result.stdout).read_text()


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda script: script.stem)
def test_short_form(script: Path, tiny: Path) -> None:
    result = python(script, "--fast")
    if "does not let you make namespaces" in result.stderr:  # as in most containers
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    assert "model tiny" in result.stdout


def test_two_ranks_say_the_same_as_one(tiny: Path) -> None:
    one = python(SCRIPTS / "llama_debug.py", "--model", "tiny")
    two = python(SCRIPTS / "llama_debug.py", "--model", "tiny", "--tp", "2")
    assert "Processes beside this one: none" in one.stdout
    assert "VLLM::EngineCore, VLLM::Worker_TP0, VLLM::Worker_TP1" in two.stdout, two.stderr
    texts = [re.search(r"^Output: .*$", run.stdout, re.MULTILINE) for run in (one, two)]
    assert texts[0]
    assert texts[1]
    assert texts[0][0] == texts[1][0]


def test_verbose_shows_the_log_as_well(tiny: Path) -> None:
    result = python(SCRIPTS / "llama_debug.py", "--fast", "--verbose", WORKBOOK_LANG="zh")
    assert "Resolved architecture: LlamaForCausalLM" in result.stderr
    assert "模型 tiny" in result.stdout


def test_heads_that_do_not_divide_are_refused_before_the_engine_starts(smollm2: Path) -> None:
    one_sentence(python(SCRIPTS / "llama_debug.py", "--tp", "2"), "smollm2 has 9 attention heads", "--model tiny")


def test_unknown_model() -> None:
    one_sentence(python(SCRIPTS / "llama_debug.py", "--model", "gpt5"), "There is no model 'gpt5'")


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ("kv-cache", "max_model_len=4096 needs 0.01 GiB of KV cache"),
        ("positions", "max_model_len=10000 is more than the 8192 positions"),
        ("prompt", "A prompt has 600 input tokens, and max_model_len=512 leaves no room"),
        ("heads", "The model has 8 attention heads, which 3 ranks cannot share evenly"),
        ("other", "the whole story is in "),
    ],
)
def test_mistakes_end_in_one_sentence(tiny: Path, mistake: str, sentence: str) -> None:
    one_sentence(python(HERE / "scripts" / "mistakes.py", mistake, "--fast"), sentence)


def test_with_verbose_the_traceback_stays(tiny: Path) -> None:
    result = python(HERE / "scripts" / "mistakes.py", "heads", "--fast", "--verbose")
    assert result.returncode == 1
    assert "Traceback (most recent call last)" in result.stderr
