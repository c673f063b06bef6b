"""From what a learner types to a place in vLLM's source, and VSCode opened there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from workbook.codemap import moved
from workbook.course import symbols
from workbook.course.symbols import Place, SymbolError
from workbook.errors import WorkbookError
from workbook.i18n import tr

_SHOWN = 8  # candidates in a message


def find(typed: str, root: Path | None = None) -> Place:
    """The place of a symbol, in full or only ``Scheduler.schedule``, or of a path as ``vllm/v1/request.py::Request``.

    A name that is imported or inherited leads to its definition; one that moved, to where it is today. Raises SymbolError.
    """
    symbol = _as_symbol(typed)
    try:
        return symbols.resolve(symbol, root)
    except SymbolError as error:
        if error.home:
            return symbols.resolve(error.home, root)
        found = list(dict.fromkeys(moved.today(typed.removesuffix("()")))) or search(symbol, root)
        if len(found) == 1:
            return symbols.resolve(found[0], root)
        if not found:
            raise
    names = ", ".join(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
    raise SymbolError(
        tr(f"{typed} may be one of {len(found)}: write {names}.", f"{typed} 可能是 {len(found)} 处之一：请写 {names}。")
    )


def _as_symbol(typed: str) -> str:
    """``vllm/v1/request.py::Request.x()`` as a symbol; a symbol as it is."""
    path, _, name = typed.strip().removesuffix("()").partition("::" if "::" in typed else ":")
    module = path.removesuffix("/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return f"{module}:{name}" if name else module


def search(name: str, root: Path | None = None) -> list[str]:
    """The symbols of vLLM whose qualified name is ``name``, or ends in it; by its text, so quickly."""
    wanted = name.rpartition(":")[2].split(".")
    if not all(part.isidentifier() for part in wanted):
        return []
    base = root or symbols.installed()
    defines = [
        re.compile(rf"^\s*(?:async def|def|class) {part}\b|^\s*{part}\b\s*[:=]".encode(), re.MULTILINE)
        for part in wanted
    ]
    found = []
    for path in sorted((base / "vllm").rglob("*.py")):
        text = path.read_bytes()
        if all(part.encode() in text for part in wanted) and all(pattern.search(text) for pattern in defines):
            module = ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
            names = (qualified for qualified, _ in symbols.names(path))
            found += [f"{module}:{q}" for q in dict.fromkeys(names) if q.split(".")[-len(wanted) :] == wanted]
    top = [symbol for symbol in found if symbol.partition(":")[2] == ".".join(wanted)]
    return top or found


def shown(place: Place) -> str:
    """``path:line``, which terminals of editors make a link of."""
    return f"{place.path}:{place.line}"


def in_vscode() -> bool:
    """Whether the output goes to VSCode's own terminal, and its command is there."""
    return os.environ.get("TERM_PROGRAM") == "vscode" and sys.stdout.isatty() and shutil.which("code") is not None


def open_in_vscode(place: Place) -> None:
    """Open VSCode at the place. Raises WorkbookError where it has no command ``code``."""
    code = shutil.which("code")
    if code is None:
        raise WorkbookError(
            tr(
                f"VSCode's command code is not on the PATH: open {shown(place)} by hand (Ctrl+P), or type this in VSCode's own terminal.",
                f"PATH 中没有 VSCode 的 code 命令：请手动打开（Ctrl+P）{shown(place)}，或在 VSCode 自带的终端里运行本命令。",
            )
        )
    subprocess.run([code, "--goto", shown(place)], check=False)
