"""From what a learner types to a place in vLLM's source, and VSCode opened there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from workbook.codemap import moved
from workbook.course import near, symbols
from workbook.course.symbols import Place, SymbolError
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr

_SHOWN = 5  # candidates in a message
_FILES = 60  # parsed for a name that many classes define; parsing more takes seconds


def find(typed: str, root: Path | None = None) -> Place:
    """The place of a symbol, in full or only ``Scheduler.schedule``, or of a path as ``vllm/v1/request.py::Request``.

    A name that is imported or inherited leads to its definition; one that moved, to where it is today. Raises SymbolError.
    """
    symbol = _as_symbol(typed)
    known = list(dict.fromkeys(moved.today(typed.strip().removesuffix("()"))))
    if not known and (":" in symbol or symbol.split(".")[0] == "vllm"):
        try:
            return symbols.resolve(symbol, root)
        except SymbolError as error:
            if error.home:
                return symbols.resolve(error.home, root)
    found = known or search(symbol.rpartition(":")[2], root)
    if len(found) == 1:
        return symbols.resolve(found[0], root)
    if known:
        raise SymbolError(
            tr(
                f"{typed} is gone; today: type one of {listed(found)}",
                f"{typed} 已不存在；现在对应的是：请输入其一：{listed(found)}",
            )
        )
    if found:
        names = listed(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
        raise SymbolError(
            tr(
                f"{typed} is one of {len(found)}: type one of {names}",
                f"{typed} 有 {len(found)} 处：请输入其一：{names}",
            )
        )
    alike = listed(near.near(symbol, root)) or "Scheduler.schedule"
    raise SymbolError(
        tr(
            f"vLLM defines no {typed}: type another name, such as {alike}",
            f"vLLM 里没有 {typed}：请换个名字，例如 {alike}",
        )
    )


def _as_symbol(typed: str) -> str:
    """``vllm/v1/request.py::Request.x()`` as a symbol; a symbol as it is."""
    path, _, name = typed.strip().removesuffix("()").partition("::" if "::" in typed else ":")
    module = path.removesuffix("/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return f"{module}:{name}" if name else module


def search(name: str, root: Path | None = None) -> list[str]:
    """The symbols whose qualified name is ``name`` or ends in it; those of modules first, and alone if there are any.

    Files are looked through as text, and only those that may define it are parsed. Raises SymbolError for a method's
    name that too many classes share.
    """
    wanted = name.split(".")
    if not all(part.isidentifier() for part in wanted):
        return []
    heads = [
        re.compile(rf"^(?:async def|def|class) {part}\b|^{part}\b\s*[:=]".encode(), re.MULTILINE) for part in wanted
    ]
    inner = [
        re.compile(rf"^\s+(?:async def|def|class) {part}\b|^\s+{part}\b\s*[:=]".encode(), re.MULTILINE)
        for part in wanted
    ]
    top, members = [], []
    for module, path, text in near.files(root):
        if all(part.encode() in text for part in wanted):
            if heads[0].search(text):
                top.append((module, path))
            elif all(pattern.search(text) for pattern in inner):
                members.append((module, path))
    for files in (top, members):
        if len(files) > _FILES:
            raise SymbolError(
                tr(
                    f"{len(files)} files of vLLM define {name}: type its class too, as in Attention.{wanted[-1]}",
                    f"vLLM 有 {len(files)} 个文件定义了 {name}：请连类名一起输入，例如 Attention.{wanted[-1]}",
                )
            )
        named = [(f"{module}:{own}", own.split(".")) for module, path in files for own in _own(path)]
        exact = [symbol for symbol, parts in named if parts == wanted]
        found = exact or [symbol for symbol, parts in named if parts[-len(wanted) :] == wanted]
        # An alias, as LLMEngine = V1LLMEngine, counts only where nothing else has the name.
        found = [symbol for symbol in found if symbols.resolve(symbol, root).kind != "variable"] or found
        found = found or list(filter(None, (_inherited(f"{module}:{name}", root) for module, _ in files)))
        if found:
            return list(dict.fromkeys(found))
    return []


def _own(path: Path) -> list[str]:
    return list(dict.fromkeys(qualified for qualified, _ in symbols.names(path)))


def _inherited(symbol: str, root: Path | None) -> str | None:
    try:
        symbols.resolve(symbol, root)
    except SymbolError as error:
        return error.home
    return symbol


def names() -> str:
    """What one may look for: the symbols at which the lessons stop, and how to type another."""
    known = near.of_lessons()
    lines = [
        line
        for number, own in known.items()
        for line in (tr(f"Lesson {number}", f"第 {number} 课"), *(f"  {one}" for one in own))
    ]
    lines.append(
        tr(
            "Name one of these, or any other of vLLM's, in full or in short: workbook where Scheduler.schedule",
            "请指定其中一个，或 vLLM 的其他任何名称，全名或简称均可：workbook where Scheduler.schedule",
        )
    )
    return "\n".join(lines)


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
