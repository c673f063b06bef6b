"""Rules for what pages and Python files say of vLLM: symbols resolve, nothing goes by line number; and what is bold is bold."""

import re
from collections.abc import Iterator
from pathlib import Path

from workbook.course import header, symbols
from workbook.course.symbols import SymbolError
from workbook.i18n import tr
from workbook.lint.course import Course
from workbook.lint.finding import Finding, of_symbol
from workbook.lint.pages import SYMBOL, At

_BY_LINE = re.compile(r"(?:[\w.-]+/)*[\w.-]*\w\.(?:py|cu|cuh|cpp|hpp|h|rs)(?::\d+|#L\d+)")


def check(course: Course) -> Iterator[Finding]:
    """Pages, scripts, exercises, solutions, and the workbook's own Python and JavaScript."""
    heads = {lesson.path: list(_head(lesson.path)) for lesson in course.lessons}
    named = [(page.path, at) for page in course.pages.values() for at in page.symbols]
    named += [(path, At(s, at.line)) for path, lines in heads.items() for at in lines for s in SYMBOL.findall(at.text)]
    for path in [*course.python_files(), *sorted((course.root / "workbook").rglob("*.*"))]:
        if path.suffix in (".py", ".js"):
            named += [(path, at) for at in _symbols_in(path)]
    for path, at in named:
        try:
            symbols.resolve(at.text, course.vllm)
        except SymbolError as error:
            yield course.find(path, at.line, *of_symbol(at.text, error))
    for page in course.pages.values():
        for number in page.stars:
            what = tr("** that makes nothing bold", "** 没有变成粗体")
            remedy = tr(
                "leave no space, and in Chinese no punctuation, inside of the **",
                "** 内侧不要有空格，也不要有中文标点：写 **词**：",
            )
            yield course.find(page.path, number, what, remedy)
        for at in [*page.prose, *page.links, *heads.get(page.path, [])]:
            for found in _BY_LINE.findall(at.text):
                what = tr(f"{found} goes by a line number", f"{found} 用了行号")
                yield course.find(
                    page.path, at.line, what, tr("name the symbol, package.module:Name", "请写符号 package.module:Name")
                )


def _head(path: Path) -> Iterator[At]:
    """The lines of a lesson's header, which names symbols in its texts too."""
    source, _ = header.split(path.read_text(encoding="utf-8"))
    for number, line in enumerate((source or "").splitlines(), start=2):
        yield At(line, number)


def _symbols_in(path: Path) -> Iterator[At]:
    text = path.read_text(encoding="utf-8")
    if "vllm" not in text:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        for found in SYMBOL.finditer(line):
            yield At(found[0], number)
