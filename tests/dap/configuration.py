"""A configuration of .vscode/launch.json as the debug adapter gets it: variables filled in, and what the extension adds.

The defaults are those that the Python Debugger extension gives (its ``LaunchConfigurationResolver`` and
``AttachConfigurationResolver``); everything else is launch.json's own.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from conftest import ROOT

Configuration = dict[str, Any]


def launch_json() -> dict[str, Any]:
    """The committed file."""
    content: dict[str, Any] = json.loads((ROOT / ".vscode" / "launch.json").read_text(encoding="utf-8"))
    return content


def configuration(
    name: str,
    *,
    inputs: dict[str, str] | None = None,
    file: Path | None = None,
    process: int | None = None,
    workspace: Path = ROOT,
    **env: str,
) -> Configuration:
    """The configuration of that name; ``inputs`` answers its questions, ``file`` is open in the editor, ``env`` is added."""
    found = next(c for c in launch_json()["configurations"] if c["name"] == name)
    values = {"workspaceFolder": str(workspace), "command:pickProcess": str(process)}
    values |= {f"input:{key}": value for key, value in (inputs or {}).items()}
    if file:
        values |= {"file": str(file), "fileBasenameNoExtension": file.stem, "fileDirname": str(file.parent)}
    filled: Configuration = _filled(found, values)
    if env:
        filled["env"] = filled.get("env", {}) | env
    return resolved(filled)


def resolved(given: Configuration) -> Configuration:
    """What the extension adds before the adapter sees a configuration."""
    new = dict(given)
    options = list(new.get("debugOptions", []))
    new["showReturnValue"] = new.get("showReturnValue", True)
    options += ["ShowReturnValue"] if new["showReturnValue"] else []
    options += ["Multiprocess"] if new.get("subProcess") is True else []
    if new["request"] == "launch":
        new.setdefault("console", "integratedTerminal")
        new.setdefault("cwd", str(ROOT))
        new.setdefault("stopOnEntry", False)
        new.setdefault("python", sys.executable)
        if new["console"] == "internalConsole":
            new.setdefault("redirectOutput", True)
        options += ["RedirectOutput"] if new.get("redirectOutput") else []
    else:
        if not new.keys() & {"connect", "listen"}:
            new.setdefault("host", "localhost")
        options += ["RedirectOutput"] if new.get("redirectOutput", True) else []
    new |= {"clientOS": "unix", "workspaceFolder": str(ROOT), "debugOptions": list(dict.fromkeys(options))}
    return new


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], value)
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return [_filled(item, values) for item in value] if isinstance(value, list) else value
