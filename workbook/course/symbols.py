"""Finds a symbol, ``package.module:Qual.name``, in Python files without importing them.

vLLM's modules take seconds to import and some need a GPU; their text is enough to say where a function stands.
A symbol must be *defined* in the module that it names: a name that is only imported there is refused, with its home.
"""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from workbook.errors import WorkbookError
from workbook.i18n import tr

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
Kind = Literal["module", "class", "function", "variable"]


class SymbolError(WorkbookError):
    """A symbol that is not there; ``home`` is where it is defined instead, if the module imports it from there."""

    def __init__(self, message: str, home: str | None = None) -> None:
        super().__init__(message)
        self.home = home


@dataclass(frozen=True)
class Place:
    """Where a symbol stands. Lines count from 1."""

    symbol: str
    path: Path
    line: int  # of ``def`` or ``class``, below the decorators
    body: int  # of the first statement after the docstring: where a line breakpoint belongs
    end: int
    kind: Kind


@cache
def installed(package: str = "vllm") -> Path:
    """The folder that holds the installed package's folder. Raises SymbolError where it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SymbolError(
            tr(
                f"{package} is not installed in this environment: run scripts/run.sh once.",
                f"当前环境没有安装 {package}：请先运行一次 scripts/run.sh。",
            )
        )
    return Path(spec.submodule_search_locations[0]).parent


def resolve(symbol: str, root: Path | None = None) -> Place:
    """The place of ``module:Qual.name``, or of a module alone. ``root`` holds the packages; by default the installed ones.

    Raises SymbolError.
    """
    module, _, name = symbol.partition(":")
    path = module_file(module, root)
    tree = _tree(path)
    if not name:
        return Place(
            symbol,
            path,
            1,
            _first_line(tree.body),
            max(1, len(path.read_text(encoding="utf-8").splitlines())),
            "module",
        )
    body: list[ast.stmt] = tree.body
    node: Definition | None = None
    done = module + ":"
    for part in name.split("."):
        node = _find(body, part)
        if node is None:
            raise _missing(symbol, module, done, part, tree)
        done += part if done.endswith(":") else f".{part}"
        body = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
    assert node is not None
    kind: Kind = "variable"
    if isinstance(node, ast.ClassDef):
        kind = "class"
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        kind = "function"
    first = node.lineno if kind == "variable" else _first_line(body)
    return Place(symbol, path, node.lineno, first, node.end_lineno or node.lineno, kind)


def module_file(module: str, root: Path | None = None) -> Path:
    """The file of a module. Raises SymbolError."""
    base = (root or installed(module.split(".")[0])).joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    raise SymbolError(tr(f"There is no module {module}.", f"没有模块 {module}。"))


def names(path: Path) -> Iterator[tuple[str, Definition]]:
    """Every definition in a file with its qualified name: modules' and classes' own, not what functions define inside."""
    yield from _names(_tree(path).body, "")


def _names(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Definition]]:
    for name, node in _definitions(body):
        yield prefix + name, node
        if isinstance(node, ast.ClassDef):
            yield from _names(node.body, f"{prefix}{name}.")


@lru_cache(maxsize=256)
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _definitions(body: list[ast.stmt]) -> Iterator[tuple[str, Definition]]:
    """Definitions at this level, those under ``if``, ``try`` and ``with`` included."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for part in ("body", "handlers", "orelse", "finalbody"):
                for child in getattr(node, part, []):
                    yield from _definitions(child.body if isinstance(child, ast.ExceptHandler) else [child])


def _find(body: list[ast.stmt], name: str) -> Definition | None:
    """The definition that a learner means: the first one that is no ``@overload`` and no property's setter."""
    found = [node for other, node in _definitions(body) if other == name]
    functions = [node for node in found if not _is_variant(node)]
    return next(iter(functions or found), None)


def _is_variant(node: Definition) -> bool:
    decorators = getattr(node, "decorator_list", [])
    ends = {d.id if isinstance(d, ast.Name) else getattr(d, "attr", "") for d in decorators}
    return bool(ends & {"overload", "setter", "deleter"})


def _first_line(body: list[ast.stmt]) -> int:
    statements = body
    if len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        statements = body[1:]
    return statements[0].lineno if statements else 1


def _missing(symbol: str, module: str, inside: str, part: str, tree: ast.Module) -> SymbolError:
    home = _home(module, part, tree) if inside == module + ":" else None
    if home:
        rest = symbol.split(":", 1)[1].partition(".")[2]
        home = f"{home}.{rest}" if rest else home
        return SymbolError(
            tr(f"{module} only imports {part}: write {home}.", f"{module} 只是导入了 {part}：请写 {home}。"), home
        )
    where = inside.rstrip(":")
    return SymbolError(tr(f"{where} defines no {part}.", f"{where} 没有定义 {part}。"))


def _home(module: str, name: str, tree: ast.Module) -> str | None:
    """Where an imported name comes from, by the import statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    base = module.rsplit(".", node.level)[0] if node.level else ""
                    return f"{'.'.join(filter(None, [base, node.module]))}:{alias.name}"
    return None
