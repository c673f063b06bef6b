"""Every vLLM symbol that the course relies on, with the files that do: named in text and headers, or imported."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from workbook.course import symbols
from workbook.course.symbols import SymbolError
from workbook.lint.course import Course
from workbook.lint.pages import SYMBOL


def named(course: Course) -> dict[str, list[str]]:
    """Symbol -> the files, as seen from the root. What an import only passes on stands under its home."""
    found: dict[str, list[str]] = defaultdict(list)
    root = course.root
    texts = [*root.glob("*.md"), *root.glob("stages/**/*.md"), *root.glob("stages/*.yaml"), *course.python_files()]
    texts += [path for path in root.glob("workbook/**/*") if path.suffix in (".py", ".js")]
    for path in sorted(texts):
        text = path.read_text(encoding="utf-8")
        here = set(SYMBOL.findall(text))
        if path.suffix == ".py" and "vllm" in text:
            here |= set(_imported(text, course.vllm))
        for symbol in here:
            found[symbol].append(str(path.relative_to(root)))
    return dict(sorted(found.items()))


def _imported(text: str, vllm: Path | None) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "vllm" and not node.level:
            for alias in node.names:
                try:
                    yield symbols.resolve(f"{node.module}:{alias.name}", vllm).symbol
                except SymbolError as error:
                    if error.home and ":" in error.home:
                        yield error.home
