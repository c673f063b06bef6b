"""Reads a recording's lines back, with a clear word about a file that is damaged, foreign, or from another version.

A file that ends in half a line is that of a killed run: the half is dropped, everything before it counts.
"""

from pathlib import Path

import msgspec

from workbook.errors import WorkbookError
from workbook.i18n import some, tr
from workbook.recorder.schema import VERSION, Header, Line

_decode = msgspec.json.Decoder(Line).decode


class Lines(msgspec.Struct):
    """A recording as it stands on disk: the header, then ``(line number, line)`` for all others."""

    path: Path
    header: Header
    lines: list[tuple[int, Line]]
    damaged: int | None = None  # the number of the first line that ``salvage`` left out


def read(path: Path, salvage: bool = False) -> Lines:
    """Read ``path``. Raises WorkbookError; with ``salvage`` only for the header, and reads up to the first damaged line."""
    try:
        raw = path.read_bytes().split(b"\n")
    except OSError as error:
        raise WorkbookError(
            tr(
                f"The recording {path} cannot be read ({error.strerror}): `workbook show` without a name lists what there is.",
                f"无法读取录制文件 {path}（{error.strerror}）：不带名称的 `workbook show` 会列出已有的录制。",
            )
        ) from None
    raw.pop()  # what follows the last line's end: nothing, or half a line
    if not raw:
        raise WorkbookError(
            tr(
                f"{path} is empty: the engine had not started. Run the script again.",
                f"{path} 是空的：引擎还没有启动，请重新运行脚本。",
            )
        )
    header = _header(path, raw[0])
    found = Lines(path, header, [])
    for number, line in enumerate(raw[1:], start=2):
        try:
            found.lines.append((number, _decode(line)))
        except msgspec.MsgspecError as error:
            if salvage:
                found.damaged = number
                break
            raise damaged(path, number, str(error)) from None
    return found


def damaged(path: Path, number: int, why: str) -> WorkbookError:
    """The error for line ``number``, with the way on."""
    return WorkbookError(
        tr(
            f"{path} is damaged at line {number} ({why}): `workbook show {path} --salvage` reads the {some(number - 1, 'line')} before it.",
            f"{path} 的第 {number} 行已损坏（{why}）：`workbook show {path} --salvage` 可读取它之前的 {number - 1} 行。",
        )
    )


def _header(path: Path, line: bytes) -> Header:
    try:
        version = msgspec.json.decode(line)["version"]
        if version == VERSION:
            return msgspec.json.decode(line, type=Header)
    except (msgspec.MsgspecError, KeyError, TypeError, IndexError):
        raise WorkbookError(
            tr(
                f"{path} is not a recording: its first line is no header. Recordings are named recording.jsonl.",
                f"{path} 不是录制文件：第一行不是文件头。录制文件名为 recording.jsonl。",
            )
        ) from None
    raise WorkbookError(
        tr(
            f"{path} was recorded in version {version} of the format, and this workbook reads version {VERSION}: "
            "open it with the workbook that made it, or run the script again.",
            f"{path} 的录制格式是版本 {version}，而本手册读取版本 {VERSION}：请用录制它的手册版本打开，或重新运行脚本。",
        )
    )
