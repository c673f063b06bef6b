"""The learner's scripts in ``my_debug_scripts/``, by name. Reads their docstrings, runs nothing."""

import ast
from pathlib import Path

from workbook import paths
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr

FOLDER = paths.SCRIPTS


def all_scripts() -> list[Path]:
    """Every script, in the order of its name."""
    return sorted(FOLDER.glob("*.py"))


def find(name: str) -> Path:
    """The script of that name, with or without ``.py``; raises WorkbookError when there is none."""
    path = FOLDER / f"{Path(name).stem}.py"
    if not path.is_file():
        names = listed(script.stem for script in all_scripts())
        raise WorkbookError(
            tr(
                f"There is no script {name!r}: choose one of {names}.",
                f"没有名为 {name!r} 的脚本：请从 {names} 中选择。",
            )
        )
    return path


def first_line(script: Path) -> str:
    """The first line of a script's docstring, in the learner's language."""
    doc = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return in_language(doc).split("\n", 1)[0]


def in_language(doc: str) -> str:
    """The half of a docstring that the learner reads: the Chinese one begins with the first paragraph in Chinese."""
    paragraphs = doc.strip().split("\n\n")
    first = next((n for n, text in enumerate(paragraphs) if "\u4e00" <= text[:1] <= "\u9fff"), len(paragraphs))
    return "\n\n".join(tr(paragraphs[:first], paragraphs[first:]) or paragraphs)
