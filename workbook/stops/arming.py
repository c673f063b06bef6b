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
OURS = "_workbook_"  # how the name of each such builtin begins, a stop's or a trace's

Function = ast.FunctionDef | ast.AsyncFunctionDef


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


def with_stop(function: types.FunctionType, symbol: str) -> types.CodeType:
    """The function's code with ``if _workbook_stop_(symbol): breakpoint()`` in front. Raises CannotArmError."""
    stop = ast.parse(f"if {HOOK}({symbol!r}): breakpoint()").body[0]

    def change(node: Function, first: int) -> None:
        on_line(stop, node)
        node.body.insert(first, stop)

    return rewritten(function, change)


def rewritten(function: types.FunctionType, change: Callable[[Function, int], None]) -> types.CodeType:
    """The function's code after ``change(node, first)`` to its ``def``; ``first``: the body's first statement below the docstring.

    Lines that ``change`` leaves alone keep their numbers. Raises CannotArmError.
    """
    code = function.__code__
    if any(name.startswith(OURS) for name in code.co_names):
        raise CannotArmError(
            tr(
                "it is traced or stopped at already: one of both at a time",
                "它已被跟踪或已设停点：同一函数只能用其中一种",
            )
        )
    path = Path(code.co_filename)
    try:
        tree = ast.parse(path.read_bytes(), filename=code.co_filename)
        edited = _compiled(tree, code) != code  # bytecode, names, constants and line numbers
    except OSError:
        raise CannotArmError(tr(f"its source, {path}, cannot be read", f"无法读取其源文件 {path}")) from None
    except (SyntaxError, ValueError):
        edited = True
    if edited:
        raise CannotArmError(
            tr(
                f"{path.name} was edited after it was imported (run the script again)",
                f"{path.name} 在导入之后被修改过（请重新运行脚本）",
            )
        )
    node = _definition(tree, code)
    if any(statement.lineno == node.lineno for statement in node.body):
        raise CannotArmError(tr("its body stands on the line of its def", "函数体与 def 写在同一行"))
    change(node, 0 if ast.get_docstring(node, clean=False) is None else 1)
    new = _compiled(tree, code)
    if new is None or new.co_freevars != code.co_freevars:
        raise CannotArmError(tr("its closure cannot be kept", "无法保留它的闭包"))
    return new


def on_line(statement: ast.stmt, node: Function) -> None:
    """Have a new statement stand on the line of a function's ``def``."""
    for part in ast.walk(statement):
        if isinstance(part, ast.expr | ast.stmt):
            part.lineno = part.end_lineno = node.lineno
            part.col_offset = part.end_col_offset = node.col_offset


def _definition(tree: ast.Module, code: types.CodeType) -> Function:
    """The ``def`` whose code that is: a code's first line is that of its first decorator."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name == code.co_name:
            first = min(part.lineno for part in (node, *node.decorator_list))
            if first == code.co_firstlineno:
                return node
    raise CannotArmError(tr("it is not defined by def", "它不是用 def 定义的"))


def _compiled(tree: ast.Module, code: types.CodeType) -> types.CodeType | None:
    """The same function's code in the compiled tree. All of it is compiled, as module and class decide on some instructions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = compile(tree, code.co_filename, "exec", dont_inherit=True)
    place = (code.co_qualname, code.co_firstlineno)
    return next((found for found in _nested(compiled) if (found.co_qualname, found.co_firstlineno) == place), None)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield constant
            yield from _nested(constant)
