"""What an upgrade of vLLM does to the symbols that the course names: which moved, vanished, or have another signature.

Both trees are read as text; neither is imported. ``old`` and ``new`` are the folders that hold the package ``vllm``;
``old`` is None for the installed one.
"""

import ast
import contextlib
import difflib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbook.codemap import where
from workbook.course import symbols
from workbook.course.symbols import Place, SymbolError
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr

What = Literal["same", "moved", "vanished", "signature", "body"]
_ALIKE = 0.6  # of lines in common: another home of the same name; a renamed one needs more
_RENAMED = 0.75
_REWRITTEN = 0.7  # less in common than this: what a lesson says of it wants reading again


@dataclass(frozen=True)
class Change:
    """What became of one symbol."""

    symbol: str
    what: What
    detail: str = ""  # what of the signature went and came, or how much of the body is the same
    homes: tuple[tuple[str, float], ...] = ()  # where it may be now, with the part of its lines that are the same


@contextlib.contextmanager
def tree(path: Path) -> Iterator[Path]:
    """The folder that holds ``vllm/``: for that folder, for ``vllm/`` itself, or for a wheel, which is unpacked for a while.

    Raises WorkbookError for anything else.
    """
    if zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory(prefix="workbook-wheel-") as folder, zipfile.ZipFile(path) as wheel:
            wheel.extractall(folder, [n for n in wheel.namelist() if n.startswith("vllm/") and n.endswith(".py")])
            yield _holder(Path(folder), path)
    else:
        yield _holder(path, path)


def _holder(folder: Path, given: Path) -> Path:
    for holder in (folder, folder.resolve().parent):
        if (holder / "vllm" / "__init__.py").is_file() and (holder == folder or folder.resolve().name == "vllm"):
            return holder
    raise WorkbookError(
        tr(
            f"{given} holds no vLLM: give a wheel, the folder vllm, or the folder around it.",
            f"{given} 里没有 vLLM：请给出 wheel 文件、vllm 目录，或包含它的目录。",
        )
    )


def compare(named: Iterable[str], new: Path, old: Path | None = None) -> list[Change]:
    """What became of each symbol, in the order given. Those that are not in the old tree are left out."""
    return [change for symbol in named if (change := _compare(symbol, new, old)) is not None]


def _compare(symbol: str, new: Path, old: Path | None) -> Change | None:
    try:
        before, node = symbols.locate(symbol, old)
    except SymbolError:
        return None
    try:
        after, other = symbols.locate(symbol, new)
    except SymbolError as error:
        homes = _homes(symbol, before, error.home, new)
        return Change(symbol, "moved" if homes else "vanished", homes=homes)
    ours, theirs = _signature(node), _signature(other)
    if ours != theirs:
        gone, come = [p for p in ours if p not in theirs], [p for p in theirs if p not in ours]
        detail = [*(f"− {part}" for part in gone), *(f"+ {part}" for part in come)]
        return Change(symbol, "signature", "; ".join(detail) or tr("another order", "顺序不同"))
    alike = _alike(before, after)
    if before.kind == "function" and alike < _REWRITTEN:
        return Change(symbol, "body", tr(f"same lines {alike:.0%}", f"相同行 {alike:.0%}"))
    return Change(symbol, "same")


def _signature(node: ast.AST) -> list[str]:
    """The parameters and what is returned, each as written; empty for what is no function."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return []
    given = node.args
    named = [*given.posonlyargs, *given.args]
    values = [None] * (len(named) - len(given.defaults)) + [*given.defaults, *given.kw_defaults]
    pairs = zip([*named, *given.kwonlyargs], values, strict=True)
    parts = [ast.unparse(arg) + (f" = {ast.unparse(value)}" if value else "") for arg, value in pairs]
    parts += [f"{stars}{ast.unparse(arg)}" for stars, arg in (("*", given.vararg), ("**", given.kwarg)) if arg]
    return parts + ([f"-> {ast.unparse(node.returns)}"] if node.returns else [])


def _homes(symbol: str, before: Place, named: str | None, new: Path) -> tuple[tuple[str, float], ...]:
    """Where it may be now: where the new tree itself says, where the same name stands, or what looks like it there."""
    module, _, name = symbol.partition(":")
    found = [named] if named else []
    with contextlib.suppress(SymbolError):
        found += where.search(name, new) if name else []
    scored = {home: _alike(before, symbols.resolve(home, new)) for home in dict.fromkeys(found)}
    with contextlib.suppress(SymbolError):
        found = where.search(name.rpartition(".")[2], new) if not scored and name else []
        close = ((home, _alike(before, symbols.resolve(home, new))) for home in found)
        scored |= {home: alike for home, alike in close if alike >= _ALIKE}
    if not scored and before.kind in ("class", "function"):
        with contextlib.suppress(SymbolError):
            inside = (f"{module}:{own}" for own, _ in symbols.names(symbols.module_file(module, new)))
            close = ((home, _alike(before, symbols.resolve(home, new))) for home in dict.fromkeys(inside))
            scored |= {home: alike for home, alike in close if alike >= _RENAMED}
    return tuple(sorted(scored.items(), key=lambda pair: -pair[1])[:3])


def _alike(before: Place, after: Place) -> float:
    """The part of the lines that both have, 0 to 1; blank lines and the first one, with its name, do not count."""
    ours, theirs = _lines(before), _lines(after)
    if not ours and not theirs:
        return 1.0
    return difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio()


def _lines(place: Place) -> list[str]:
    text = place.path.read_text(encoding="utf-8").splitlines()[place.line : place.end]
    return [line.strip() for line in text if line.strip()]


_TITLES: dict[What, tuple[str, str]] = {
    "vanished": ("vanished, without a likely new home", "已消失，没有找到可能的新位置"),
    "moved": ("moved", "已移动"),
    "signature": ("another signature", "签名已变"),
    "body": ("rewritten: read what the course says of it again", "已重写：请重读课程中的相关说明"),
}


def report(changes: list[Change], users: dict[str, list[str]]) -> str:
    """The upgrade report: by what happened, each symbol with the files that name it (``users``)."""
    lines = []
    for what, title in _TITLES.items():
        these = [change for change in changes if change.what == what]
        if these:
            lines.append(tr(f"{title[0]}: {len(these)}", f"{title[1]}：{len(these)}"))
        for change in these:
            lines.append(f"  {change.symbol}")
            lines += [f"    {change.detail}"] if change.detail else []
            for home, alike in change.homes:
                lines.append(tr(f"    → {home} (same lines {alike:.0%})", f"    → {home}（相同行 {alike:.0%}）"))
            files = users.get(change.symbol, [])
            more = f" +{len(files) - 3}" if len(files) > 3 else ""
            lines.append(f"    {tr('named in', '出现在')} {listed(files[:3])}{more}")
    same = sum(change.what == "same" for change in changes)
    lines.append(tr(f"the same: {same} of {len(changes)} symbols", f"未变：{len(changes)} 个符号中的 {same} 个"))
    return "\n".join(lines)
