"""Symbols that look like a mistyped one: those that the lessons name first, then all that vLLM defines."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from workbook.course import lessons, symbols
from workbook.course.symbols import SymbolError
from workbook.errors import WorkbookError

_TOP = re.compile(rb"^(?:async def|def|class) (\w+)", re.MULTILINE)
_SHOWN = 3


def files(root: Path | None = None) -> Iterator[tuple[str, Path, bytes]]:
    """vLLM's modules: name, file, text."""
    base = root or symbols.installed()
    for path in sorted((base / "vllm").rglob("*.py")):
        yield ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"), path, path.read_bytes()


def of_lessons() -> dict[str, list[str]]:
    """Lesson number → the symbols at which it stops. A lesson whose header is broken has none here."""
    found: dict[str, list[str]] = {}
    for lesson in lessons.all_lessons():
        try:
            found[lesson.number] = list(dict.fromkeys(stop.at for stop in lesson.header.stops))
        except WorkbookError:
            continue
    return {number: named for number, named in found.items() if named}


def near(symbol: str, root: Path | None = None) -> list[str]:
    """At most three whole symbols, the most alike first: of its module, of the lessons, of its class, of all modules."""
    module, _, name = symbol.rpartition(":")
    # Of a class, a lesson's symbol must be very much alike: the class may have a method that is nearer.
    lessons_cutoff = 0.9 if "." in name else 0.7
    for known, cutoff in (
        (_in_module(module, root), 0.7),
        (_in_lessons(), lessons_cutoff),
        (_of_class(name, root), 0.7),
        (_at_the_top(root), 0.7),
    ):
        names = [(one.partition(":")[2], one) for one in reversed(list(known))]
        # A method's name alone is as much like the method.
        own = {whole if "." in name else whole.rpartition(".")[2]: one for whole, one in names}
        if found := difflib.get_close_matches(name, own, n=_SHOWN, cutoff=cutoff):
            return [own[one] for one in found]
    return []


def _in_module(module: str, root: Path | None) -> Iterator[str]:
    try:
        path = symbols.module_file(module, root)
    except SymbolError:
        return
    yield from (f"{module}:{name}" for name, _ in symbols.names(path))


def _in_lessons() -> Iterator[str]:
    yield from (symbol for named in of_lessons().values() for symbol in named)


def _of_class(name: str, root: Path | None) -> Iterator[str]:
    """The members of the class before the last dot, wherever it stands."""
    owner = name.split(".")[0]
    if "." not in name or not owner.isidentifier():
        return
    head = re.compile(rf"^class {owner}\b".encode(), re.MULTILINE)
    for module, path, text in files(root):
        if head.search(text):
            yield from (f"{module}:{own}" for own, _ in symbols.names(path))


def _at_the_top(root: Path | None) -> Iterator[str]:
    for module, _, text in files(root):
        yield from (f"{module}:{found.decode()}" for found in _TOP.findall(text))
