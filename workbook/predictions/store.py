"""``notes/predictions.json``: every answer that the learner gave, with its time, and what runs made of it.

Versioned and written in one step. A file that cannot be read is left as it is: it may hold months of answers.
"""

import time
from pathlib import Path

import msgspec

from workbook import paths
from workbook.errors import WorkbookError
from workbook.i18n import tr

FILE = "predictions.json"
VERSION = 1


class Answer(msgspec.Struct, frozen=True):
    """One answer: a number, or the place of a choice."""

    value: int | float
    at: float  # seconds since the epoch
    after_run: bool = False  # a whole run of the lesson's script was there already


class Comparison(msgspec.Struct, frozen=True):
    """An answer beside what a whole run of the lesson's script measured."""

    run: str  # SCRIPT/TIME
    started: float  # the run, seconds since the epoch
    yours: int | float
    measured: int | float
    right: bool
    before: bool  # the answer was given before this run and any other whole one


class Question(msgspec.Struct):
    """All that is known of one question. Answers in the order of time; nothing is ever removed."""

    answers: list[Answer] = []
    skipped: float | None = None  # when it was last skipped
    compared: list[Comparison] = []


class Store(msgspec.Struct):
    """The file: lesson number → question's id → what is known."""

    version: int = VERSION
    lessons: dict[str, dict[str, Question]] = {}

    def question(self, lesson: str, name: str) -> Question:
        """The entry of a question, made where there is none yet."""
        return self.lessons.setdefault(lesson, {}).setdefault(name, Question())


def path() -> Path:
    """Where the file is, or will be."""
    return paths.NOTES / FILE


def read() -> Store:
    """The file as it is now; an empty one where there is none. Raises WorkbookError for one that cannot be understood."""
    try:
        data = path().read_bytes()
    except FileNotFoundError:
        return Store()
    except OSError as error:
        raise _unreadable(error.strerror or str(error)) from None
    try:
        version = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("version", msgspec.Raw(b"null"))
        if bytes(version) != str(VERSION).encode():
            raise _unreadable(
                tr(
                    f"its version is {bytes(version).decode()}, this workbook reads {VERSION}",
                    f"其版本为 {bytes(version).decode()}，本手册读取版本 {VERSION}",
                )
            )
        return msgspec.json.decode(data, type=Store)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unreadable(str(error)) from None


def write(store: Store) -> None:
    """Replace the file. Raises WorkbookError where the disk does not let it."""
    try:
        paths.write_atomically(path(), msgspec.json.format(msgspec.json.encode(store), indent=2).decode() + "\n")
    except OSError as error:
        raise WorkbookError(
            tr(
                f"{path()} cannot be written ({error.strerror}): make room there, or set WORKBOOK_NOTES to another folder.",
                f"无法写入 {path()}（{error.strerror}）：请腾出空间，或用 WORKBOOK_NOTES 指定其他目录。",
            )
        ) from None


def keep(lesson: str, name: str, value: int | float | None, after_run: bool) -> None:
    """Add an answer (None: it was skipped). Reads the file anew, so that another terminal's answers stay."""
    store = read()
    question = store.question(lesson, name)
    if value is None:
        question.skipped = time.time()
    else:
        question.answers.append(Answer(value, time.time(), after_run))
    write(store)


def _unreadable(why: str) -> WorkbookError:
    return WorkbookError(
        tr(
            f"{path()} cannot be read ({why}): mend it, or move it away; until then it is left as it is and no answer is kept.",
            f"无法读取 {path()}（{why}）：请修复它或把它移走；在此之前不会改动它，也不会保存新的回答。",
        )
    )
