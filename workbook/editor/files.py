"""The files in ``.vscode/``: are they what the course asks for, and write them.

A learner's own configurations and tasks (any in another group, or with another label) stay, after ours.
"""

import json
import re
from pathlib import Path
from typing import Any

from workbook import paths
from workbook.editor import launch, tasks
from workbook.errors import WorkbookError
from workbook.i18n import tr

FOLDER = paths.ROOT / ".vscode"


def stale(folder: Path = FOLDER) -> list[Path]:
    """The files that are not what :func:`write` would make of them. Raises WorkbookError as it does."""
    return [path for path, text in _wanted(folder).items() if not path.is_file() or path.read_text("utf-8") != text]


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the files that are stale, and return them.

    Raises WorkbookError for a file that is no plain JSON (VSCode allows comments, which would be lost), and for a header that is not valid.
    """
    old = stale(folder)
    for path in old:
        paths.write_atomically(path, _wanted(folder)[path])
    return old


def _wanted(folder: Path) -> dict[Path, str]:
    return {
        path: json.dumps(_with_own(new, path), indent=2, ensure_ascii=False) + "\n"
        for path, new in (
            (folder / "launch.json", launch.launch_json()),
            (folder / "tasks.json", tasks.tasks_json()),
        )
    }


def _with_own(new: dict[str, Any], path: Path) -> dict[str, Any]:
    """``new`` with what the learner has added to the file at ``path``."""
    old = _read(path)
    for key, name, ours in (
        ("configurations", "name", _our_configuration),
        ("tasks", "label", _our_task),
        ("inputs", "id", _no),
    ):
        if key in new:
            names = {entry[name] for entry in new[key]}
            new[key] = new[key] + [e for e in old.get(key, []) if e.get(name) not in names and not ours(e)]
    return new


def _our_configuration(entry: dict[str, Any]) -> bool:
    """Whether it was ours: of a lesson or a script that is no more."""
    return re.match(r"\d_", str(entry.get("presentation", {}).get("group", ""))) is not None


def _our_task(entry: dict[str, Any]) -> bool:
    return str(entry.get("label", "")).startswith(tasks.PREFIX)


def _no(entry: dict[str, Any]) -> bool:
    return False


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WorkbookError(
            tr(
                f"{path} is not plain JSON ({error}): take out comments and trailing commas, or move the file away, then "
                "run `workbook editor --write`.",
                f"{path} 不是标准 JSON（{error}）：请删去注释和多余的逗号，或移走该文件，再运行 `workbook editor --write`。",
            )
        ) from None
    return content
