"""What *Terminal → Run Task* offers: the commands that a learner types most.

Each task is a process, not a line for a shell, so that folders with spaces work; the interpreter is the selected one.
"""

from typing import Any

from workbook.editor.launch import script_input

PREFIX = "workbook: "


def tasks_json() -> dict[str, Any]:
    """The whole file."""
    return {
        "version": "2.0.0",
        "tasks": [
            _task("doctor", "doctor"),
            _task("run a script", "run", "${input:script}"),
            _task("grade the open exercise, at each save", "grade", "${fileBasenameNoExtension}", "--watch")
            | {"isBackground": True, "group": {"kind": "test", "isDefault": True}},
            _task("progress", "progress"),
            _task("open the time machine of the last run", "show", "last", "--html", "--open"),
            _task("check the course", "check"),
        ],
        "inputs": [script_input()],
    }


def _task(name: str, *arguments: str) -> dict[str, Any]:
    return {
        "label": PREFIX + name,
        "type": "process",
        "command": "${command:python.interpreterPath}",
        "args": ["-m", "workbook.cli", *arguments],
        "options": {"cwd": "${workspaceFolder}"},
        "presentation": {"panel": "dedicated", "clear": True, "showReuseMessage": False},
        "problemMatcher": [],
    }
