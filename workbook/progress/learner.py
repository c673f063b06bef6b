"""The learner's file, ``notes/progress.md``: made from the template, brought up to date, written in one step."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbook import paths
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.progress import faults
from workbook.progress.merge import Changes, merge
from workbook.progress.page import Came, Page

TEMPLATE = paths.ROOT / "notes" / "templates" / "progress.md"
FILE = paths.NOTES / "progress.md"


@dataclass
class State:
    """The file as it now is, and what was done to it."""

    page: Page
    made: bool = False
    changes: Changes = field(default_factory=Changes)
    proved: list[str] = field(default_factory=list)  # boxes that evidence ticked just now


def template() -> str:
    """The workbook's own text."""
    return TEMPLATE.read_text(encoding="utf-8")


def create() -> bool:
    """Make the file if it is missing; whether it was."""
    with _alone():
        if FILE.exists():
            return False
        _write(merge(template(), template())[0])
    return True


def update(
    proved: Callable[[], set[str]], change: Callable[[Page], None] | None = None, restore: bool = False
) -> State:
    """Merge the template, tick what evidence proves, apply ``change``, and write if anything is different.

    ``proved`` gives the ids of boxes whose evidence is there. Raises WorkbookError, and writes nothing, where the file
    has faults, cannot be read or cannot be written, or ``change`` raises one.
    """
    made = create()
    with _alone():
        before = _read(restore)
        text, changes = merge(before, template(), restore)
        state = State(Page(text), made, changes)
        state.proved = prove(state.page, proved())
        if change:
            change(state.page)
        if state.page.text != before:
            _write(state.page.text)
    return state


def prove(page: Page, ids: set[str]) -> list[str]:
    """Tick boxes by evidence, each once: one that the learner unticks afterwards stays so. Returns what was ticked."""
    ledger, boxes = page.ledger() or {}, page.boxes()
    fresh = [name for name, came in ledger.items() if name in ids and name in boxes and not came.proved]
    page.tick(fresh)
    page.write_ledger({name: Came(c.words, c.proved or name in fresh) for name, c in ledger.items()})
    return [name for name in fresh if not boxes[name].ticked]


def _read(restore: bool) -> str:
    try:
        data = FILE.read_bytes()
    except OSError as error:
        raise WorkbookError(
            tr(
                f"{FILE} cannot be read ({error.strerror}): see what is there, then run this again.",
                f"无法读取 {FILE}（{error.strerror}）：请检查该路径，然后重新运行。",
            )
        ) from None
    text, wrong = faults.decode(data)
    if wrong := wrong or faults.find(text, template(), restore):
        first = tr(
            f"{FILE} was left as it is, for these lines must be mended first:", f"{FILE} 未作改动，请先修正以下各行："
        )
        lines = [tr(f"{FILE}:{fault.line} {fault.says}", f"{FILE}:{fault.line} {fault.says}") for fault in wrong]
        raise WorkbookError(lines[0] if len(lines) == 1 else "\n".join([first, *lines]))
    return text


def _write(text: str) -> None:
    target = FILE.resolve()  # a link into the learner's own folder stays one
    try:
        # Replacing a file needs no right to write to it; the learner who took that right away means it.
        if target.exists() and not target.stat().st_mode & 0o222:
            raise PermissionError(13, os.strerror(13))
        paths.write_atomically(target, text)
    except OSError as error:
        raise WorkbookError(
            tr(
                f"{target} cannot be written ({error.strerror}): allow it (chmod u+w), or free some space, and run this again.",
                f"无法写入 {target}（{error.strerror}）：请授予写权限（chmod u+w）或清理空间，然后重新运行。",
            )
        ) from None


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let no other process of the workbook read and write in between; locks the folder, so that no file is left."""
    folder: Path = FILE.parent
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # some network disks cannot lock; what cannot be made, writing reports
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
