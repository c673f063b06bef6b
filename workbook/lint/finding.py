"""One thing that is wrong with the course."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """``str()`` is one line that editors and terminals make a link of: ``path:line: what · remedy``."""

    path: Path
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what} · {self.remedy}"
