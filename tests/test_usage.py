"""A wrong command line is answered in the learner's language, with the command that lists what is right."""

import re
import sys

import pytest
from conftest import ROOT, run

WORKBOOK = [
    (["grad"], "没有 grad 这个命令；相近的有 'grade'。全部选项见：workbook --help"),
    (["show", "--foo"], "没有 --foo 这个选项；相近的有 --follow, --out。全部选项见：workbook show --help"),
    (["show", "--steps"], "选项 --steps 后面缺少值。"),
    (["show", "one", "two"], "多余的参数：two。"),
    (["run"], "缺少参数 name。全部选项见：workbook run --help"),
    (["doctor", "--tp", "x"], "--tp 的值应为数字。"),
    (["doctor", "--tp", "0"], "--tp 的值不能小于 1。"),
]
SCRIPT = [
    (["--foo"], "没有这样的参数：--foo。全部选项见：workbook run llama_debug --help"),
    (["--model"], "--model 后面缺少值。"),
    (["--fast=3"], "--fast 不带值，多了 3。"),
    (["--tp", "x"], "--tp：x 不是 rank 数：请给出 1 或更大的数。"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WORKBOOK)
def test_typer(arguments: list[str], sentence: str) -> None:
    result = run(sys.executable, "-m", "workbook.cli", *arguments, WORKBOOK_LANG="zh")
    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr
    english = run(sys.executable, "-m", "workbook.cli", *arguments, WORKBOOK_LANG="en")
    assert english.returncode == 2
    assert re.search(r"[.?] All options: .* --help\n$", english.stderr)
    assert not re.search(r"[\u4e00-\u9fff]|\?\.", english.stderr)


@pytest.mark.parametrize(("arguments", "sentence"), SCRIPT)
def test_argparse(arguments: list[str], sentence: str) -> None:
    result = run(sys.executable, ROOT / "my_debug_scripts/llama_debug.py", *arguments, WORKBOOK_LANG="zh")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("用法：llama_debug.py")
    assert sentence in result.stderr


def test_alone_it_shows_its_help_and_nothing_else() -> None:
    result = run(sys.executable, "-m", "workbook.cli")
    assert (result.returncode, result.stderr) == (2, "")
    assert "doctor" in result.stdout
