"""What the learner has graded, in ``notes/grades.json``: results, hints taken, solutions seen.

Written whole and in one step, under a lock, so that a kill, or ``--watch`` beside another command, loses nothing.
A file that cannot be read is left as it is.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import Literal

import msgspec

from workbook import paths
from workbook.errors import WorkbookError
from workbook.i18n import tr

VERSION = 1
FILE = paths.NOTES / "grades.json"

# "failed": it did not come to a comparison, as with a syntax error; "unproven": right, but the run decides too little;
# "not graded": there is nothing to compare with, which no record keeps.
Verdict = Literal["passed", "differs", "failed", "unproven", "not started", "not graded"]


class Record(msgspec.Struct, omit_defaults=True):
    """Of one exercise. Times in seconds since the epoch."""

    result: Verdict | None = None  # the last grade's; None: never graded
    at: float | None = None
    cases: int = 0  # compared in the last grade
    run: str | None = None  # SCRIPT/TIME, with which it was compared
    file: str | None = None  # SHA-256 of the learner's file as it was graded
    passed_at: float | None = None  # when it passed first; a later result does not take that away
    hints: int = 0  # the highest level shown
    solution_before_passing: bool = False


class _File(msgspec.Struct):
    version: int
    exercises: dict[str, Record]


def read() -> dict[str, Record]:
    """Every exercise's record; none where nothing has been graded. Raises WorkbookError."""
    try:
        raw = FILE.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unreadable(error.strerror or str(error)) from None
    try:
        version = msgspec.json.decode(raw)["version"]
        if version == VERSION:
            return msgspec.json.decode(raw, type=_File).exercises
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, IndexError) as error:
        raise _unreadable(str(error)) from None
    raise WorkbookError(
        tr(
            f"{FILE} is of version {version}, and this workbook writes version {VERSION}: use the newer workbook, or move the file away.",
            f"{FILE} 的格式版本是 {version}，而本手册写的是版本 {VERSION}：请使用较新的手册，或把该文件移走。",
        )
    )


def of(name: str) -> Record:
    """One exercise's record. Raises WorkbookError."""
    return read().get(name) or Record()


@contextlib.contextmanager
def change(name: str) -> Iterator[Record]:
    """Edit one exercise's record; written when the block ends well. Raises WorkbookError, and then writes nothing."""
    try:
        paths.NOTES.mkdir(parents=True, exist_ok=True)
        lock = os.open(paths.NOTES, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of the folder: the file itself is replaced by every write
        records = read()
        record = records.setdefault(name, Record())
        yield record
        text = msgspec.json.format(
            msgspec.json.encode(_File(VERSION, dict(sorted(records.items())))), indent=2
        ).decode()
        try:
            paths.write_atomically(FILE, text + "\n")
        except OSError as error:
            raise _unwritable(error) from None
    finally:
        os.close(lock)


def _unreadable(why: str) -> WorkbookError:
    return WorkbookError(
        tr(
            f"{FILE} cannot be read ({why}): mend it, or move it away and grade again; it was left as it is.",
            f"无法读取 {FILE}（{why}）：请修复它，或把它移走后重新评分；文件保持原样，未被改动。",
        )
    )


def _unwritable(error: OSError) -> WorkbookError:
    return WorkbookError(
        tr(
            f"The result could not be kept in {FILE} ({error.strerror}): make room or allow writing, then grade again.",
            f"无法把结果写入 {FILE}（{error.strerror}）：请腾出空间或开放写权限后重新评分。",
        )
    )
