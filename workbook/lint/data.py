"""Rules for the two data files of the stages: what the code map lists is there, and the pages of what moved are up to date."""

from collections.abc import Iterator
from pathlib import Path

from workbook.codemap import moved, page
from workbook.course import symbols
from workbook.course.symbols import SymbolError
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.lint.course import Course
from workbook.lint.finding import Finding, of_symbol


def check(course: Course) -> Iterator[Finding]:
    """Both files, where they are."""
    stages = course.root / "stages"
    if (stages / page.ORDER.name).is_file():
        yield from _order(course, stages / page.ORDER.name)
    if (stages / moved.FILE.name).is_file():
        yield from _moved(course, stages / moved.FILE.name)


def _line_of(file: Path, text: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, start=1) if text in line), 1)


def _order(course: Course, file: Path) -> Iterator[Finding]:
    try:
        weeks = page.order(file)
    except WorkbookError as error:
        yield course.find(file, 1, str(error), tr("see workbook/codemap/page.py", "见 workbook/codemap/page.py"))
        return
    for symbol in (symbol for week in weeks for reading in week.read for symbol in reading.symbols):
        yield from _unresolved(course, file, symbol)


def _unresolved(course: Course, file: Path, symbol: str) -> Iterator[Finding]:
    try:
        symbols.resolve(symbol, course.vllm)
    except SymbolError as error:
        yield course.find(file, _line_of(file, symbol), *of_symbol(symbol, error))


def _moved(course: Course, file: Path) -> Iterator[Finding]:
    try:
        rows = moved.read(file)
    except WorkbookError as error:
        yield course.find(file, 1, str(error), tr("see workbook/codemap/moved.py", "见 workbook/codemap/moved.py"))
        return
    seen: set[str] = set()
    for row in rows:
        older = row.older if isinstance(row.older, str) else row.older.en
        if older in seen:
            yield course.find(
                file, _line_of(file, older), tr(f"{older} twice", f"{older} 出现两次"), tr("keep one", "请只留一个")
            )
        seen.add(older)
        if not (row.fails and row.holds) and not row.undecided:
            what = tr(f"{older} has nothing to try", f"{older} 没有可验证的内容")
            yield course.find(
                file,
                _line_of(file, older),
                what,
                tr("add fails and holds, or say why in undecided", "请补上 fails 和 holds，或在 undecided 里说明原因"),
            )
        for proof in row.holds:
            if proof.symbol:
                yield from _unresolved(course, file, proof.symbol)
    for name, text in moved.pages(rows).items():
        made = file.parent / name
        if not made.is_file() or made.read_text(encoding="utf-8") != text:
            what = tr(f"not what {file.name} makes", f"与 {file.name} 生成的内容不一致")
            yield course.find(made, 1, what, tr("run `workbook check --write`", "请运行 `workbook check --write`"))
