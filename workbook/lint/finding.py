"""One thing that is wrong with the course."""

from dataclasses import dataclass
from pathlib import Path

from workbook.course.symbols import SymbolError
from workbook.i18n import tr


@dataclass(frozen=True, order=True)
class Finding:
    """``str()`` is one line that editors and terminals make a link of: ``path:line: what · remedy``."""

    path: Path
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what} · {self.remedy}"


def of_symbol(symbol: str, error: SymbolError) -> tuple[str, str]:
    """What is wrong with a symbol, and the remedy."""
    if error.home:
        return tr(f"{symbol} is not defined there", f"{symbol} 不在那里定义"), tr(
            f"write {error.home}", f"请写 {error.home}"
        )
    return str(error).rstrip(".。"), tr("`workbook where NAME` finds it", "可用 `workbook where NAME` 查找")
