"""The files in .vscode/: what is committed is what the lessons ask for, with attributes that VSCode knows; no engine."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, python, workbook

from dap.configuration import launch_json
from workbook import editor, models, scripts
from workbook.course import lessons

# Of VSCode itself, and of the extension ms-python.debugpy (contributes.debuggers in its package.json).
COMMON = {"name", "type", "request", "presentation", "internalConsoleOptions", "preLaunchTask", "postDebugTask"}
LAUNCH = {"program", "module", "args", "cwd", "console", "env", "justMyCode", "subProcess", "python", "stopOnEntry"}
ATTACH = {"connect", "processId", "justMyCode", "subProcess", "pathMappings", "showReturnValue"}
VARIABLES = {
    "workspaceFolder",
    "file",
    "fileBasenameNoExtension",
    "command:pickProcess",
    "command:python.interpreterPath",
}


def configurations() -> dict[str, dict[str, Any]]:
    return {c["name"]: c for c in launch_json()["configurations"]}


def tasks_json() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / ".vscode" / "tasks.json").read_text(encoding="utf-8"))
    return content


def test_committed_files_are_what_the_lessons_ask_for() -> None:
    assert editor.stale() == []


def test_every_attribute_is_documented() -> None:
    for name, configuration in configurations().items():
        assert configuration["type"] == "debugpy"
        known = COMMON | (LAUNCH if configuration["request"] == "launch" else ATTACH)
        assert configuration.keys() <= known, name
        assert configuration.get("console", "integratedTerminal") == "integratedTerminal"
        assert configuration["justMyCode"] is False, name  # vLLM lies in site-packages
        assert ("program" in configuration) + ("module" in configuration) == (configuration["request"] == "launch")
        assert all(isinstance(value, str) for value in configuration.get("env", {}).values()), name
    assert len(configurations()) == len(launch_json()["configurations"])  # no name twice


@pytest.mark.parametrize("content", [launch_json, tasks_json])
def test_every_variable_has_a_value(content: Any) -> None:
    inputs = {f"input:{entry['id']}" for entry in content()["inputs"]}
    assert set(re.findall(r"\$\{([^}]+)\}", json.dumps(content()))) <= VARIABLES | inputs
    for entry in content()["inputs"]:
        assert entry["type"] == "pickString"
        values = [option if isinstance(option, str) else option["value"] for option in entry["options"]]
        wanted = list(models.KNOWN) if entry["id"] == "model" else [s.stem for s in scripts.all_scripts()]
        assert sorted(values) == sorted(wanted)


def test_every_script_has_a_configuration_and_every_lesson_with_stops_one_more() -> None:
    found = {Path(c["program"]).stem for c in configurations().values() if "program" in c}
    assert {script.stem for script in scripts.all_scripts()} <= found
    for lesson in lessons.all_lessons():
        stopped = [c for c in configurations().values() if c.get("env", {}).get("WORKBOOK_STOPS") == lesson.number]
        assert len(stopped) == bool(lesson.header.script and lesson.header.stops), lesson.number
        for configuration in stopped:
            assert configuration.get("args", []) == lesson.header.arguments
            assert configuration["presentation"]["group"] == lesson.stage.name


def test_the_plans_two_configurations() -> None:
    first, llama = configurations()["vLLM: first inference"], configurations()["vLLM: LLaMA, step by step"]
    assert first["env"]["CUDA_VISIBLE_DEVICES"] == "0"
    assert llama["env"]["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert {c["env"]["VLLM_LOGGING_LEVEL"] for c in (first, llama)} == {"DEBUG"}


def test_tasks_call_commands_that_exist() -> None:
    labels = [task["label"] for task in tasks_json()["tasks"]]
    assert len(set(labels)) == len(labels) == 6
    for task in tasks_json()["tasks"]:
        assert task["type"] == "process"  # a shell would cut a path at its space
        result = workbook(task["args"][2], "--help")
        assert result.returncode == 0, result.stderr
        for option in (argument for argument in task["args"] if argument.startswith("--")):
            assert option in result.stdout


def test_python_m_runs_the_command(tmp_path: Path) -> None:
    result = python("-m", "workbook.cli", "list")
    assert "llama_debug" in result.stdout


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(ROOT / ".vscode", folder / "my course" / ".vscode"))


def test_a_learners_own_entries_stay(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    launch = json.loads((folder / "launch.json").read_text())
    mine = {"name": "mine", "type": "debugpy", "request": "launch", "program": "${file}"}
    gone = {**launch["configurations"][0], "name": "9.9 a lesson that is no more"}
    launch["configurations"] = [mine, gone, *launch["configurations"][1:]]
    launch["inputs"].append({"id": "mine", "type": "promptString", "description": "?"})
    (folder / "launch.json").write_text(json.dumps(launch))
    (folder / "tasks.json").unlink()
    assert [path.name for path in editor.write(folder)] == ["launch.json", "tasks.json"]
    written = json.loads((folder / "launch.json").read_text())
    names = [c["name"] for c in written["configurations"]]
    assert names == [*configurations(), "mine"]
    assert [entry["id"] for entry in written["inputs"]][-1] == "mine"
    assert editor.stale(folder) == []
    assert editor.write(folder) == []


def test_comments_are_not_lost_silently(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    path = folder / "launch.json"
    path.write_text("// mine\n" + path.read_text())
    before = path.read_text()
    code = f"import pathlib, sys; from workbook import editor, cli; editor.stale(pathlib.Path({str(folder)!r}))"
    result = python("-c", code)
    assert result.stderr.strip().splitlines()[-1].endswith("then run `workbook editor --write`.")
    assert path.read_text() == before


def test_command() -> None:
    assert workbook("editor").stdout == "Up to date.\n"
    assert workbook("editor", WORKBOOK_LANG="zh").stdout == "已是最新。\n"
