"""Finds recordings by the names that a learner gives them, and says at a glance what each one holds.

Reads the first line and counts the others; what they mean is left to :mod:`workbook.recorder`.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.cells import cell_len
from rich.text import Text

from workbook import paths, runinfo
from workbook.errors import WorkbookError
from workbook.i18n import listed, some, tr
from workbook.recorder.recording import FILE, engines
from workbook.views.cells import cut_middle, left, right

_LISTED = 20
_MODEL = 13  # cells for the model's name
_FRESH = 10.0  # seconds; a recording without its last line that was written to since may still grow


@dataclass(frozen=True)
class Glance:
    """What a run's folder holds."""

    name: str  # SCRIPT/TIME
    steps: int
    requests: int
    model: str
    state: str
    engines: int  # recordings in the folder


def folders() -> list[Path]:
    """The runs that have a recording, newest first."""
    return runinfo.newest_first(path.parent for path in paths.RUNS.glob(f"*/*/{FILE}"))


def find(name: str, recorded: bool = True) -> Path:
    """The recording that is meant: ``last``, ``SCRIPT``, ``SCRIPT/TIME``, the start of a TIME, a folder, a file.

    Raises WorkbookError. With ``recorded=False`` a run counts that has no recording yet.
    """
    known = folders() if recorded else runinfo.newest_first(path for path in paths.RUNS.glob("*/*") if path.is_dir())
    if name == "last":
        if not known:
            raise WorkbookError(nothing())
        return known[0] / FILE
    if Path(name).is_file():
        return Path(name)
    if Path(name).is_dir():
        return _in_folder(Path(name), recorded)
    script, _, stamp = name.strip("/").partition("/")
    found = [folder for folder in known if folder.parent.name == script and folder.name.startswith(stamp)]
    exact = [folder for folder in found if folder.name == stamp]
    if not found:
        raise WorkbookError(_unknown(name, script, known))
    if stamp and len(found) > 1 and not exact:
        names = listed(folder.name for folder in found[:4])
        raise WorkbookError(
            tr(f"{name} may be any of {len(found)} runs: {names}.", f"{name} 对应 {len(found)} 次运行：{names}。")
        )
    return (exact or found)[0] / FILE


def label(path: Path) -> str:
    """How to call a recording: ``SCRIPT/TIME``, with the file's name where it is not the run's first; else its path."""
    folder = path.resolve().parent
    if folder.parent.parent != paths.RUNS.resolve():
        return str(path.parent if path.name == FILE else path)
    name = f"{folder.parent.name}/{folder.name}"
    return name if path.name == FILE else f"{name}/{path.name}"


def nothing(script: str = "step1_basic_llama") -> str:
    """What to say where there is no recording at all; ``script``: what makes one."""
    return tr(
        f"There is no recording yet: `workbook run {script}` makes one.",
        f"还没有录制：`workbook run {script}` 会生成一份。",
    )


def glance(folder: Path) -> Glance:
    """Look at a run without replaying it."""
    files = engines(folder)
    steps = requests = 0
    model = state = "?"
    for place, path in enumerate(files):
        try:
            data = path.read_bytes()
            changed = path.stat().st_mtime
        except OSError:
            continue
        steps += data.count(b'\n{"kind":"step"')
        requests += data.count(b'\n{"kind":"request"')
        if place == 0:
            model, state = _model(data), state_of(folder, data, changed)
    return Glance(f"{folder.parent.name}/{folder.name}", steps, requests, model, state, len(files))


def table(found: list[Path], width: int) -> list[Text]:
    """The newest runs, a line each."""
    titles = (tr("run", "运行"), tr("steps", "步"), tr("requests", "请求"), tr("model", "模型"), tr("state", "状态"))
    rows = [
        (seen.name, f"{seen.steps:,}", f"{seen.requests:,}", seen.model, _said(seen))
        for seen in map(glance, found[:_LISTED])
    ]
    state = max(cell_len(row[-1]) for row in [titles, *rows])
    name = min(max(cell_len(row[0]) for row in [titles, *rows]), max(12, width - 7 - 9 - 2 - _MODEL - 1 - state))
    lines = [Text(_line(titles, name), style="bold"), *(Text(_line(row, name)) for row in rows)]
    if len(found) > _LISTED:
        more = len(found) - _LISTED
        lines.append(Text(tr(f"… and {some(more, 'older one')}", f"……另有 {more} 次更早的运行"), style="dim"))
    return lines


def _said(seen: Glance) -> str:
    return seen.state + (tr(f", {seen.engines} engines", f"，{seen.engines} 个引擎") if seen.engines > 1 else "")


def _line(values: tuple[str, ...], name: int) -> str:
    run, steps, requests, model, state = values
    run = left(cut_middle(run, name), name)
    return f"{run}{right(steps, 7)}{right(requests, 9)}  {left(cut_middle(model, _MODEL), _MODEL)} {state}".rstrip()


def _in_folder(folder: Path, recorded: bool) -> Path:
    """A run's folder, or a script's: then its newest run."""
    below = runinfo.newest_first(path.parent for path in folder.glob(f"*/{FILE}"))
    files = engines(folder)
    if files or (not below and not recorded):
        return files[0] if files else folder / FILE
    if below:
        return below[0] / FILE
    raise WorkbookError(
        tr(
            f"{folder} holds no recording: `workbook show` without a name lists the runs that do.",
            f"{folder} 中没有录制：不带名称的 `workbook show` 会列出有录制的运行。",
        )
    )


def _unknown(name: str, script: str, known: list[Path]) -> str:
    if not known:
        return tr(f"There is no run '{name}'. ", f"没有名为“{name}”的运行。") + nothing()
    times = [folder.name for folder in known if folder.parent.name == script]
    there = listed(times[:4] or dict.fromkeys(folder.parent.name for folder in known))
    if times:
        return tr(f"{script} has no run '{name}': choose one of {there}.", f"{script} 没有运行“{name}”：可选 {there}。")
    return tr(
        f"There is no run '{name}': choose last, or one of {there}.", f"没有名为“{name}”的运行：可选 last、{there}。"
    )


def _model(data: bytes) -> str:
    try:
        return str(msgspec.json.decode(data[: data.index(b"\n")])["model"]).rstrip("/").rsplit("/", 1)[-1]
    except (ValueError, msgspec.MsgspecError, KeyError, TypeError):
        return "?"


def state_of(folder: Path, data: bytes, changed: float) -> str:
    """How the run ended, in a word: by what its run.json says, else by its recording, last written to at ``changed``."""
    info = runinfo.read(folder)
    debugged = tr(", debugged", "，调试过") if info and info.debugged else ""
    if data and info and info.ended == "interrupted":
        return tr("interrupted", "被中断") + debugged
    if data and info and info.ended == "failed":
        return tr("failed", "出错") + debugged
    return _state(data, changed) + debugged


def _state(data: bytes, changed: float) -> str:
    if not data:
        return tr("empty", "空")
    end = data.rfind(b'\n{"kind":"end"')
    if data.find(b'\n{"kind":"cut"', max(0, len(data) - 1000)) >= 0:
        return tr("cut", "已截断")
    if end >= 0:
        return tr("ended", "正常结束")
    return tr("running", "运行中") if time.time() - changed < _FRESH else tr("killed", "被终止")
