"""The learner's scripts in ``my_debug_scripts/``, by name. Reads their docstrings, runs nothing."""

import ast
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.i18n import tr

FOLDER = Path(__file__).parent.parent / "my_debug_scripts"


def all_scripts() -> list[Path]:
    """Every script, in the order of its name."""
    return sorted(FOLDER.glob("*.py"))


def find(name: str) -> Path:
    """The script of that name, with or without ``.py``; raises WorkbookError when there is none."""
    path = FOLDER / f"{Path(name).stem}.py"
    if not path.is_file():
        names = ", ".join(script.stem for script in all_scripts())
        raise WorkbookError(
            tr(
                f"There is no script {name!r}: choose one of {names}.",
                f"没有名为 {name!r} 的脚本：请从 {names} 中选择。",
            )
        )
    return path


def first_line(script: Path) -> str:
    """The first line of a script's docstring."""
    doc = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return doc.split("\n", 1)[0]
