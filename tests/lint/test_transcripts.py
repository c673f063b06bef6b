"""What counts as the same output, and what does not."""

import re
from pathlib import Path

import pytest
from conftest import workbook

from workbook.lint.transcripts import Difference, difference

OUTPUT = """\
model smollm2 · CPU
vLLM's log: notes/runs/step1_basic_llama/2026-11-24_14-03-22-123/vllm.log

Prompt: The capital of China is
Output: Beijing, and it is old.

import    5.1 s
generate  812 ms   61.6 tokens/s
KV cache  91 blocks · 2,912 tokens
"""


@pytest.mark.parametrize(
    "block",
    [
        OUTPUT,
        "$ workbook run step1_basic_llama\n" + OUTPUT,
        OUTPUT.replace("5.1 s", "4.9 s").replace("812 ms", "1.2 s").replace("61.6 tokens/s", "9 tokens/s"),
        OUTPUT.replace("2026-11-24_14-03-22-123", "2027-01-02_03-04-05"),
        OUTPUT.replace("notes/runs", "/home/ada/vllm-workbook/notes/runs"),
        OUTPUT.replace("notes/runs", "/tmp/somewhere/runs"),
        OUTPUT.replace("import    5.1", "import 5.1"),
        OUTPUT.replace("Beijing, and it is old.", "…"),
        OUTPUT.replace("Beijing, and it is old.", "Beijing…old."),
        "model smollm2 · CPU\n…\nKV cache  91 blocks · 2,912 tokens\n",
        "…\nOutput: Beijing, and it is old.\n…\n",
        OUTPUT.replace("\nimport", "\n…\nimport"),  # a gap may be empty
    ],
)
def test_same(block: str) -> None:
    assert difference(block, OUTPUT) is None


@pytest.mark.parametrize(
    ("block", "parted"),
    [
        (OUTPUT.replace("91 blocks", "92 blocks"), Difference(9, "KV cache 92 blocks · 2,912 tokens", "KV cache 91 blocks · 2,912 tokens")),
        (OUTPUT.replace("Beijing", "Shanghai"), Difference(5, "Output: Shanghai, and it is old.", "Output: Beijing, and it is old.")),
        (OUTPUT.replace("import    5.1 s\n", ""), Difference(7, "generate TIME RATE", "import TIME")),
        (OUTPUT + "more\n", Difference(10, "more", "")),
        ("model smollm2 · CPU\n", Difference(1, "", "vLLM's log: runs/step1_basic_llama/TIME/vllm.log")),
        ("…\nOutput: Beijing\n…\n", Difference(2, "Output: Beijing", "")),
    ],
)  # fmt: skip
def test_different(block: str, parted: Difference) -> None:
    found = difference(block, OUTPUT)
    assert found is not None
    assert (found.line, found.block) == (parted.line, parted.block)
    assert found.output == parted.output or "…" in block


def test_long_gaps_stay_quick() -> None:
    block = "…\n" + "a\n…\n" * 40 + "b\n"
    assert difference(block, "a\n" * 400) is not None


def test_colours_rules_and_times_in_chinese_do_not_count() -> None:
    assert difference("use 3 blocks\n───\n", "\x1b[32muse\x1b[0m 3 blocks\n─────────\n") is None
    assert difference("共12 秒，每步3.1 毫秒\n", "共9 秒，每步40 毫秒\n") is None
    assert difference("running ███▄\n", "running ██▄▄\n") is not None  # a picture in characters does


def test_a_path_does_not_swallow_the_chinese_before_it() -> None:
    assert difference("日志：notes/runs/x.log\n", "日志：/home/ada/notes/runs/x.log\n") is None
    assert difference("记录：notes/runs/x.log\n", "日志：/home/ada/notes/runs/x.log\n") is not None


def test_cells_of_a_column_of_times_do_not_count() -> None:
    table = " step       s batch      ms\n    1   {}     {}    {}\n\nmean {}\n"
    assert difference(table.format("0.001", 1, "18.7", "1.0"), table.format("0.020", 1, "8.7", "1.0")) is None
    assert difference(table.format("0.001", 1, "18.7", "1.0"), table.format("0.001", 2, "18.7", "1.0")) is not None
    assert difference(table.format("0.001", 1, "18.7", "1.0"), table.format("0.001", 1, "18.7", "1.1")) is not None


@pytest.mark.engine
def test_two_runs_of_a_greedy_script_print_the_same(tmp_path: Path) -> None:
    """What differs between two real runs is what is masked, and nothing more: other tokens would be seen."""
    first, second = (workbook("run", "llama_debug", "--fast", WORKBOOK_NOTES=str(tmp_path / n)) for n in ("a", "b"))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout != second.stdout  # times and folders
    assert difference(first.stdout, second.stdout) is None
    shown = [workbook("show", "last", WORKBOOK_NOTES=str(tmp_path / n)).stdout for n in ("a", "b")]
    assert difference(shown[0], shown[1]) is None
    token = next(line for line in first.stdout.splitlines() if re.match(r" +\d+ +-", line))
    assert difference(first.stdout.replace(token, re.sub(r"\d+", "7", token, count=1)), second.stdout) is not None
