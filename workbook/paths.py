"""Where the workbook's own files lie, and the learner's: the lessons, the scripts, the notes."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
STAGES = ROOT / "stages"
SCRIPTS = ROOT / "my_debug_scripts"

# Everything that a learner's work leaves: runs, ticks, predictions, drawings. $WORKBOOK_NOTES moves it (the tests do).
NOTES = Path(os.environ.get("WORKBOOK_NOTES") or ROOT / "notes").absolute()
RUNS = NOTES / "runs"


def shown(path: Path) -> str:
    """As one would type it here: relative where it lies below the current folder."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def write_atomically(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` (UTF-8, line ends as given) in one step: a reader sees the old file or the new one.

    A killed or failed write (OSError) leaves the old file as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
