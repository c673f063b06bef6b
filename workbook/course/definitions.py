"""What a Python file defines, by its syntax tree: functions, classes and variables, at its own level and inside classes.

Definitions under ``if``, ``try``, ``with``, loops and ``match`` count: vLLM picks some by platform.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign

_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match)


def tree(path: Path) -> ast.Module:
    """The file's syntax tree, parsed once for each state of the file. Raises OSError, SyntaxError, UnicodeDecodeError."""
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _parsed(path: Path, _modified: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements at this level and in blocks at this level; with each, whether only a type checker sees it."""
    for node in body:
        yield node, False
        if isinstance(node, _BLOCKS):
            for part in ("body", "handlers", "cases", "orelse", "finalbody"):
                typing_only = part == "body" and isinstance(node, ast.If) and _type_checking(node.test)
                for child in getattr(node, part, []):
                    inner = child.body if isinstance(child, ast.ExceptHandler | ast.match_case) else [child]
                    yield from ((found, only or typing_only) for found, only in statements(inner))


def _type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def definitions(body: list[ast.stmt]) -> Iterator[tuple[str, Definition, bool]]:
    """Name, definition and whether only a type checker sees it, in the order of the text."""
    for node, typing_only in statements(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node, typing_only
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
                    if isinstance(part, ast.Name):
                        yield part.id, node, typing_only
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node, typing_only


def find(body: list[ast.stmt], name: str) -> Definition | None:
    """The definition that a reader means: of several the first that runs, no ``@overload`` and no property's setter.

    What stands under ``if TYPE_CHECKING`` is taken only where there is no other.
    """
    found = [(node, typing_only) for other, node, typing_only in definitions(body) if other == name]
    return min(found, key=lambda pair: _is_variant(pair[0]) + 2 * pair[1], default=(None, False))[0]


def _is_variant(node: Definition) -> bool:
    decorators = getattr(node, "decorator_list", [])
    ends = {d.id if isinstance(d, ast.Name) else getattr(d, "attr", "") for d in decorators}
    return bool(ends & {"overload", "setter", "deleter"})


def inside(node: Definition | None, name: str) -> bool:
    """Whether a function defines ``name`` in its body."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and find(node.body, name) is not None


def own_body(node: Definition) -> list[ast.stmt]:
    """The body in which a class's members stand; empty for what is no class."""
    return node.body if isinstance(node, ast.ClassDef) else []


def imported(module: str, is_package: bool, body: list[ast.stmt]) -> dict[str, str]:
    """What the module imports at its own level: name -> "module:name", "module" for ``import module``."""
    found: dict[str, str] = {}
    for node, _ in statements(body):
        if isinstance(node, ast.ImportFrom):
            up = node.level - 1 if is_package else node.level
            parts = module.split(".")
            base = ".".join(parts[: len(parts) - up]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            found |= {alias.asname or alias.name: f"{origin}:{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
            found |= {name: name for alias in node.names if not alias.asname for name in [alias.name.split(".")[0]]}
    return found


def names(path: Path) -> Iterator[tuple[str, Definition]]:
    """Every definition in a file with its qualified name: modules' and classes' own, not what functions define inside."""
    yield from _names(tree(path).body, "")


def _names(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Definition]]:
    for name, node, _ in definitions(body):
        yield prefix + name, node
        yield from _names(own_body(node), f"{prefix}{name}.")


def first_line(body: list[ast.stmt]) -> int:
    """The line of the first statement below the docstring: where a line breakpoint belongs."""
    documented = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    below = body[1:] if documented and len(body) > 1 else body
    # A decorated definition begins at its decorator, which runs first.
    starts = [min([n.lineno, *(d.lineno for d in getattr(n, "decorator_list", []))]) for n in below[:1]]
    return starts[0] if starts else 1
