"""The project itself: layers, types, style, locks, and files that other programs read."""

import json
import sys

import pytest
from conftest import ROOT, python, run


def test_layers() -> None:
    result = run(sys.executable.replace("python", "lint-imports"), "--config", ROOT / "pyproject.toml", "--no-cache")
    assert result.returncode == 0, result.stdout


def test_recordings_are_read_and_drawn_without_vllm() -> None:
    code = "import sys, workbook.recorder, workbook.views.show, workbook.views.timemachine; sys.exit('vllm' in sys.modules)"
    assert python("-c", code).returncode == 0


@pytest.mark.parametrize("arguments", [["ruff", "check"], ["ruff", "format", "--check"]])
def test_style(arguments: list[str]) -> None:
    result = python("-m", *arguments, ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_types() -> None:
    result = python(
        "-m",
        "mypy",
        "--config-file",
        ROOT / "pyproject.toml",
        *(ROOT / f for f in ("workbook", "my_debug_scripts", "tests")),
    )
    assert result.returncode == 0, result.stdout


def test_locks_satisfy_the_project() -> None:
    result = python(ROOT / "scripts" / "lock.py", "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_scripts_and_library_stay_small() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in ROOT.glob("workbook/**/*.py")}
    assert {p.name: n for p, n in sizes.items() if n > 250} == {}
    scripts = {path.name: len(path.read_text().splitlines()) for path in ROOT.glob("my_debug_scripts/*.py")}
    assert {name: n for name, n in scripts.items() if n > 150} == {}


@pytest.mark.parametrize("name", ["launch.json", "tasks.json", "settings.json", "extensions.json"])
def test_vscode_files_are_json(name: str) -> None:
    # VSCode allows comments; plain JSON is what every other tool reads as well.
    assert json.loads((ROOT / ".vscode" / name).read_text())
