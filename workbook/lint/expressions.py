"""The Python expressions of headers: whether they parse, and which names they need."""

import ast
import builtins
from collections.abc import Set

from workbook.i18n import listed, tr


def free_names(expression: str) -> set[str]:
    """The names that an expression takes from outside, builtins left out. Raises SyntaxError."""
    tree = ast.parse(expression.strip(), mode="eval")
    nodes = list(ast.walk(tree))
    used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return used - own - {n.arg for n in nodes if isinstance(n, ast.arg)} - set(dir(builtins))


def problem(expression: str, allowed: Set[str]) -> str | None:
    """What is wrong with an expression over ``allowed``; None if nothing."""
    try:
        unknown = free_names(expression) - allowed
    except SyntaxError as error:
        return f"{expression!r}: {error.msg}"
    return f"{expression!r}: " + tr("unknown ", "未知名称 ") + listed(sorted(unknown)) if unknown else None
