"""Finds a symbol, ``package.module:Qual.name``, in Python files without importing them.

vLLM's modules take seconds to import and some need a GPU; their text is enough to say where a function stands.
A symbol must be *defined* where it says: a name that is only imported there, or a method that is only inherited,
is refused with its home. So each piece of code has one name all over the course.
"""

import ast
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from workbook.course import definitions
from workbook.course.definitions import Definition, names
from workbook.errors import WorkbookError
from workbook.i18n import tr

__all__ = ["Definition", "Kind", "Place", "SymbolError", "installed", "locate", "module_file", "names", "resolve"]

Kind = Literal["module", "class", "function", "variable"]


class SymbolError(WorkbookError):
    """A symbol that is not there; ``home`` is where it is defined instead, where an import or a base class says so."""

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
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise SymbolError(
            tr(
                f"{package} is not installed in this environment: run scripts/run.sh once.",
                f"当前环境没有安装 {package}：请先运行一次 scripts/run.sh。",
            )
        )
    return Path(next(iter(spec.submodule_search_locations))).parent


def resolve(symbol: str, root: Path | None = None) -> Place:
    """The place of ``module:Qual.name``, or of a module alone. ``root`` holds the packages; by default the installed ones.

    Raises SymbolError.
    """
    return locate(symbol, root)[0]


def locate(symbol: str, root: Path | None = None) -> tuple[Place, Definition | ast.Module]:
    """As :func:`resolve`, with the definition itself."""
    module, colon, name = symbol.partition(":")
    if colon and not all(part.isidentifier() for part in name.split(".")):
        raise SymbolError(
            tr(
                f"{symbol!r} is no symbol: write package.module:Qual.name.",
                f"{symbol!r} 不是符号：请写成 package.module:Qual.name。",
            )
        )
    path = module_file(module, root)
    try:
        tree = definitions.tree(path)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SymbolError(
            tr(f"{path} cannot be read as Python ({error}).", f"{path} 不是有效的 Python 文件（{error}）。")
        ) from None
    if not colon:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        return Place(symbol, path, 1, definitions.first_line(tree.body), max(1, lines), "module"), tree
    node: Definition | None = None
    found: list[str] = []
    for part in name.split("."):
        body = definitions.own_body(node) if node else tree.body
        parent, node = node, definitions.find(body, part)
        if node is None:
            raise _missing(module, found, name, parent, root)
        found.append(part)
    assert node is not None
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        kind: Kind = "class" if isinstance(node, ast.ClassDef) else "function"
        first = definitions.first_line(node.body)
    else:
        kind, first = "variable", node.lineno
    return Place(symbol, path, node.lineno, first, node.end_lineno or node.lineno, kind), node


def module_file(module: str, root: Path | None = None) -> Path:
    """The file of a module. Raises SymbolError."""
    parts = module.split(".")
    if all(part.isidentifier() for part in parts):
        base = (root or installed(parts[0])).joinpath(*parts)
        for path in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
            if path.is_file():
                return path
    raise SymbolError(tr(f"There is no module {module}.", f"没有模块 {module}。"))


def _missing(module: str, found: list[str], name: str, parent: Definition | None, root: Path | None) -> SymbolError:
    """Why ``name`` is not there, where ``found`` are its parts that are, the last one ``parent``."""
    part, *rest = name.split(".")[len(found) :]
    where = f"{module}:{'.'.join(found)}" if found else module
    if definitions.inside(parent, part):
        return SymbolError(
            tr(
                f"{part} stands inside the function {where}: name that function.",
                f"{part} 定义在函数 {where} 内部：请写该函数。",
            )
        )
    home = None
    if isinstance(parent, ast.ClassDef):
        home = _of_class(module, part, parent.bases, root)
    elif isinstance(parent, ast.Assign):  # Name = OtherName
        home = _of_class(module, part, [parent.value], root)
    if home:
        home = ".".join([home, *rest])
        return SymbolError(
            tr(f"{where} has {part} from elsewhere: write {home}.", f"{where} 的 {part} 来自别处：请写 {home}。"), home
        )
    if parent is None and (home := _origin(module, part, root)):
        home = ".".join([home, *rest]) if ":" in home else _in_module(home, rest, root)
        home = _settled(home, root)
        return SymbolError(
            tr(f"{module} only imports {part}: write {home}.", f"{module} 只是导入了 {part}：请写 {home}。"), home
        )
    return SymbolError(tr(f"{where} defines no {part}.", f"{where} 没有定义 {part}。"))


def _in_module(module: str, names: list[str], root: Path | None) -> str:
    """``a`` and ``b.C`` as the symbol ``a.b:C``, where ``a.b`` is a module."""
    while names:
        try:
            module_file(f"{module}.{names[0]}", root)
        except SymbolError:
            return f"{module}:{'.'.join(names)}"
        module, names = f"{module}.{names[0]}", names[1:]
    return module


def _settled(symbol: str, root: Path | None) -> str:
    """The symbol's own home, where it is imported or inherited once more."""
    try:
        locate(symbol, root)
    except SymbolError as error:
        return error.home or symbol
    except RecursionError:  # two modules that name each other, as imports for a type checker may
        return symbol
    return symbol


def _origin(module: str, name: str, root: Path | None) -> str | None:
    """Where a module has a name from, by its import statements: "module:name", or a module alone."""
    path = module_file(module, root)
    package = path.name == "__init__.py"
    origin = definitions.imported(module, package, definitions.tree(path).body).get(name)
    if origin and ":" in origin:  # ``from package import module`` names a module, not something in it
        base, _, last = origin.partition(":")
        try:
            module_file(f"{base}.{last}", root)
        except SymbolError:
            return origin
        return f"{base}.{last}"
    return origin


def _of_class(module: str, name: str, classes: list[ast.expr], root: Path | None) -> str | None:
    """The home of a member of one of these classes, as the module's code calls them: from left to right, depth first."""
    for cls in classes:
        expression = cls.value if isinstance(cls, ast.Subscript) else cls  # Generic[T]
        owner = _settled(f"{module}:{ast.unparse(expression)}", root)
        try:
            locate(f"{owner}.{name}", root)
            return f"{owner}.{name}"
        except SymbolError as error:
            if error.home:
                return error.home
        except RecursionError:  # classes that inherit from each other: no Python that runs
            return None
    return None
