"""Puts a stop into a function: its code object is replaced by the same one with one statement in front.

The statement stands on the line of ``def``; every other line keeps its number, so debuggers, tracebacks and Step Over show the real
file, and the debugger comes to rest on the first line of the body. The function object stays what it is, so names that others
imported before lead to the stop as well.
"""

import ast
import functools
import inspect
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from workbook.i18n import tr

HOOK = "_workbook_stop_"  # a builtin (see workbook.stops.hits), so it shows neither among locals nor among a module's globals


class CannotArmError(Exception):
    """Why a stop cannot be: the second half of a sentence."""


def function(module: types.ModuleType, name: str) -> types.FunctionType:
    """The Python function ``name`` (as "Class.method") of a module, below its decorators. Raises CannotArmError."""
    *outer, last = name.split(".")
    owner: object = module
    for part in outer:
        owner = _own(owner, part)
    found = _unwrap(_own(owner, last))
    if isinstance(found, type):
        raise CannotArmError(tr(f"it is a class: name {last}.__init__", f"它是一个类：请写 {last}.__init__"))
    if not isinstance(found, types.FunctionType):
        raise CannotArmError(tr("it is not a Python function", "它不是 Python 函数"))
    if "<locals>" in found.__code__.co_qualname:
        raise CannotArmError(
            tr(
                f"its decorator hides it behind {found.__code__.co_qualname}",
                f"它被装饰器隐藏在 {found.__code__.co_qualname} 之后",
            )
        )
    return found


def _own(owner: object, name: str) -> object:
    """What ``owner`` itself defines; a method that a class inherits would stop for all of its relatives."""
    if name in getattr(owner, "__dict__", {}):
        return vars(owner)[name]
    for base in getattr(owner, "__mro__", ()):
        if name in vars(base):
            home = f"{base.__module__}:{base.__qualname__}.{name}"
            raise CannotArmError(tr(f"it is inherited: name {home}", f"它是继承来的：请写 {home}"))
    shown = getattr(owner, "__qualname__", None) or getattr(owner, "__name__", "")
    raise CannotArmError(tr(f"{shown} has no {name} in this version", f"在这个版本里 {shown} 没有 {name}"))


def _unwrap(found: object) -> object:
    """Below staticmethod, classmethod, property, cached_property, and what ``functools.wraps`` has noted."""
    while True:
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, functools.cached_property | functools.partialmethod | functools.partial):
            found = found.func
        elif isinstance(found, staticmethod | classmethod):
            found = found.__func__
        elif not isinstance(found, type) and "__wrapped__" in getattr(found, "__dict__", {}):
            found = vars(found)["__wrapped__"]
        else:
            return found


def with_stop(original: Callable[..., object], symbol: str) -> types.CodeType:
    """The function's code with ``if _workbook_stop_(symbol): breakpoint()`` in front. Raises CannotArmError."""
    code = original.__code__
    path = Path(code.co_filename)
    try:
        tree = ast.parse(path.read_bytes(), filename=code.co_filename)
    except (OSError, SyntaxError, ValueError):
        raise CannotArmError(tr(f"its source, {path}, cannot be read", f"无法读取其源文件 {path}")) from None
    changed = CannotArmError(tr(f"{path.name} was edited after it was imported", f"{path.name} 在导入之后被修改过"))
    found = next(_definitions(tree, code), None)
    if found is None:
        raise changed
    outer, node = found
    if _compiled(tree, outer, node, code) != code:  # bytecode, names, constants and line numbers
        raise changed
    documented = ast.get_docstring(node, clean=False) is not None
    body = node.body[1:] if documented else node.body
    if body and body[0].lineno == node.lineno:
        raise CannotArmError(tr("its body stands on the line of its def", "函数体与 def 写在同一行"))
    stop = ast.parse(f"if {HOOK}({symbol!r}): breakpoint()").body[0]
    for part in ast.walk(stop):
        if isinstance(part, ast.expr | ast.stmt):
            part.lineno = part.end_lineno = node.lineno
            part.col_offset = part.end_col_offset = node.col_offset
    node.body.insert(1 if documented else 0, stop)
    armed = _compiled(tree, outer, node, code)
    if armed is None or armed.co_freevars != code.co_freevars:
        raise CannotArmError(tr("its closure cannot be kept", "无法保留它的闭包"))
    return armed


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _definitions(tree: ast.Module, code: types.CodeType) -> Iterator[tuple[list[ast.ClassDef], _Function]]:
    """The function that starts on the code's first line, and the classes around it."""

    def walk(node: ast.AST, outer: list[ast.ClassDef]) -> Iterator[tuple[list[ast.ClassDef], _Function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _Function):
                first = min(part.lineno for part in (child, *child.decorator_list))
                if child.name == code.co_name and first == code.co_firstlineno:
                    yield outer, child
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, [*outer, child])
            elif isinstance(child, ast.stmt | ast.ExceptHandler):
                yield from walk(child, outer)

    yield from walk(tree, [])


def _compiled(
    tree: ast.Module, outer: list[ast.ClassDef], node: _Function, code: types.CodeType
) -> types.CodeType | None:
    """The code of ``node`` alone, inside its classes (they give private names and ``super()`` their meaning)."""
    inner: ast.stmt = node
    for definition in reversed(outer):
        shell = ast.ClassDef(**{name: getattr(definition, name) for name in definition._fields})
        shell.body = [inner]
        inner = ast.copy_location(shell, definition)
    future = [
        statement
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    ]
    module = ast.Module(body=[*future, inner], type_ignores=[])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = compile(module, code.co_filename, "exec", dont_inherit=True)
    return next((found for found in _nested(compiled) if _same_place(found, code)), None)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield constant
            yield from _nested(constant)


def _same_place(one: types.CodeType, other: types.CodeType) -> bool:
    return (one.co_qualname, one.co_firstlineno) == (other.co_qualname, other.co_firstlineno)
