"""The command line: names, languages, and vLLM's own command with the CPU build."""

from importlib.metadata import version

import pytest
from conftest import SCRIPTS, one_sentence, workbook

from workbook import i18n


def test_list_names_every_script_with_its_first_line() -> None:
    listed = workbook("list", COLUMNS="200").stdout
    for script in SCRIPTS.glob("*.py"):
        assert script.stem in listed
    assert "Lesson 1.1 · The first inference" in listed


def test_run_hands_everything_to_the_script() -> None:
    result = workbook("run", "llama_debug", "--help")
    assert result.returncode == 0
    assert "--tp N" in result.stdout
    assert "What you will see" in result.stdout


def test_run_of_an_unknown_script() -> None:
    names = [script.stem for script in SCRIPTS.glob("*.py")]
    assert names
    one_sentence(workbook("run", "step9"), "There is no script 'step9': choose one of ", *names)


def test_models_shows_where_each_one_is() -> None:
    shown = workbook("models", COLUMNS="200").stdout
    assert "llama-3.2-3b" in shown
    assert "112.0 KiB" in shown


@pytest.mark.parametrize("command", ["doctor", "models", "list", "--help"])
def test_chinese_where_the_locale_is(command: str) -> None:
    result = workbook(command, WORKBOOK_LANG="", LC_ALL="zh_CN.UTF-8")
    assert any("一" <= letter <= "鿿" for letter in result.stdout)


@pytest.mark.parametrize(
    ("env", "chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8", "WORKBOOK_LANG": "zh"}, True),
        ({}, False),
    ],
)
def test_language(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], chinese: bool) -> None:
    for name in ("WORKBOOK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert i18n.chinese() == chinese


def test_vllm_s_own_command_answers() -> None:
    result = workbook("vllm", "--version")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[-1].startswith("0.32.0")


def test_the_engine_is_the_one_the_lessons_are_about() -> None:
    import vllm

    assert vllm.__version__.startswith("0.32.0")
    assert version("torch").startswith("2.13.0")
