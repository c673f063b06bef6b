"""What ``workbook show`` does: finds the recordings, loads them, hands them to the view that was asked for."""

import os
import re
import tempfile
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from workbook import paths
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr
from workbook.recorder import Recording, load, texts
from workbook.views import follow, notices, perfetto, pictures, runs, stepview, terminal

PICTURES = ("timeline", "blocks", "kv")


@dataclass(frozen=True)
class Wish:
    """What the learner typed; the names are those of the options."""

    run: str | None = None
    step: int | None = None
    steps: str | None = None
    everything: bool = False
    follow: bool = False
    compare: str | None = None
    html: bool = False
    svg: str | None = None
    trace: bool = False
    salvage: bool = False
    out: Path | None = None
    open: bool = False


def step_number(text: str) -> int:
    """The number of ``--step``. Raises WorkbookError."""
    if text.isdecimal():
        return int(text)
    raise WorkbookError(
        tr(
            f"--step takes the number of one step, not '{text}': for several, --steps 10:40.",
            f"--step 需要一个步号，而不是“{text}”：查看多步请用 --steps 10:40。",
        )
    )


def show(wish: Wish, console: Console) -> None:
    """Do it. Raises WorkbookError, with one sentence, for whatever cannot be."""
    if wish.svg is not None and wish.svg not in PICTURES:
        raise WorkbookError(
            tr(
                f"There is no picture '{wish.svg}': choose one of {listed(PICTURES)}.",
                f"没有名为“{wish.svg}”的图：可选 {listed(PICTURES)}。",
            )
        )
    if wish.run is None and wish == Wish():
        _list(console)
        return
    path = runs.find(wish.run or "last", recorded=not wish.follow)
    if wish.follow:
        follow.follow(console, path)
        return
    recording = load(path, wish.salvage)
    other = load(runs.find(wish.compare), wish.salvage) if wish.compare else None
    if wish.html or wish.open or wish.svg or wish.trace:
        _export(wish, console, recording, other)
    elif other:
        names = runs.label(path), runs.label(other.path)
        console.print(*terminal.comparison(recording, other, names, console.width), sep="\n")
    elif wish.step is not None:
        place = _place(recording, wish.step)
        step, state = recording.steps[place], recording.state_at(wish.step)
        stepview.show(console, recording, step, state, texts.read(recording), wish.everything)
        notices.show(console, recording)
    else:
        wanted = _places(recording, wish.steps) if wish.steps is not None else None
        terminal.overview(console, recording, runs.label(path), wanted, wish.everything)
        notices.show(console, recording)


def _list(console: Console) -> None:
    found = runs.folders()
    if not found:
        console.print(runs.nothing())
        return
    console.print(*runs.table(found, console.width), sep="\n")
    for text in (
        tr("The newest: workbook show last", "打开最新的：workbook show last"),
        tr("in the browser: workbook show last --html --open", "在浏览器中：workbook show last --html --open"),
    ):
        console.print(Text(text, style="dim"))


def _export(wish: Wish, console: Console, recording: Recording, other: Recording | None) -> None:
    folder = _kept_in(recording.path.parent)
    html = wish.html or wish.open
    if html + bool(wish.svg) + wish.trace > 1 and wish.out and not wish.out.is_dir():
        raise WorkbookError(
            tr(
                "Several files are asked for: let --out name a folder that exists.",
                "要写出多个文件：请让 --out 指向已有目录。",
            )
        )

    def target(name: str) -> Path:
        if wish.out is None:
            return folder / name
        return wish.out / name if wish.out.is_dir() else wish.out

    try:
        if wish.out is None:
            folder.mkdir(parents=True, exist_ok=True)
        if wish.svg:
            _write(console, target(f"{wish.svg}.svg"), _picture(wish, recording))
        if wish.trace:
            _write(console, target("trace.json"), perfetto.dumps(recording))
            console.print(
                Text(tr("Open it at https://ui.perfetto.dev", "在 https://ui.perfetto.dev 中打开"), style="dim")
            )
        if html:
            from workbook.views import timemachine

            path = target("time_machine.html")
            shown = [recording, *([other] if other else [])]
            timemachine.write(path, shown, [runs.label(one.path) for one in shown])
            console.print(str(path), soft_wrap=True)
            if wish.open and not webbrowser.open(path.resolve().as_uri()):
                text = tr(
                    "No browser could be opened: open this file in one.", "无法打开浏览器：请自行在浏览器中打开此文件。"
                )
                console.print(Text(text, style="dim"))
    except OSError as error:
        raise WorkbookError(
            tr(
                f"{error.filename or wish.out or folder} cannot be written ({error.strerror}): name another place with --out.",
                f"无法写入 {error.filename or wish.out or folder}（{error.strerror}）：请用 --out 指定其他位置。",
            )
        ) from None
    notices.show(console, recording)


def _kept_in(folder: Path) -> Path:
    """Where pages and pictures of a recording go: into the run's folder; for one that is no run of the learner's, below the notes."""
    if folder.resolve().is_relative_to(paths.RUNS.resolve()):
        return folder
    return paths.NOTES / "pages" / folder.resolve().name


def _picture(wish: Wish, recording: Recording) -> str:
    if not recording.steps:
        raise WorkbookError(tr("The recording holds no step to draw.", "录制中没有可画的调度步。"))
    if wish.svg == "timeline":
        return pictures.timeline(recording)
    if wish.svg == "kv":
        return pictures.kv_use(recording)
    fullest = max(recording.steps, key=lambda step: step.used).number
    place = _place(recording, wish.step) if wish.step is not None else None
    return pictures.blocks(recording, fullest if place is None else recording.steps[place].number)


def _write(console: Console, path: Path, text: str) -> None:
    """Write the whole file or nothing, and say where it is."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    console.print(str(path), soft_wrap=True)


def _place(recording: Recording, number: int) -> int:
    """The place of a step in ``recording.steps``."""
    for place, step in enumerate(recording.steps):
        if step.number == number:
            return place
    raise WorkbookError(_no_step(recording, str(number)))


def _places(recording: Recording, wanted: str) -> range:
    """The places of ``10:40``, ``10:``, ``:40`` or ``10``; both ends are shown."""
    match = re.fullmatch(r"(\d*)(:?)(\d*)", wanted)
    if not match or not (match[1] or match[2]):
        raise WorkbookError(
            tr(
                f"--steps takes a range such as 10:40, not '{wanted}'.",
                f"--steps 需要 10:40 这样的范围，而不是“{wanted}”。",
            )
        )
    first = int(match[1] or 1)
    last = int(match[3] or (len(recording.steps) if match[2] else first))
    if not 1 <= first <= min(last, len(recording.steps)):
        raise WorkbookError(_no_step(recording, wanted))
    return range(first - 1, min(last, len(recording.steps)))


def _no_step(recording: Recording, wanted: str) -> str:
    if not recording.steps:
        return tr("The recording holds no step yet.", "录制中还没有任何调度步。")
    last = recording.steps[-1].number
    return tr(
        f"There is no step {wanted}: this recording holds steps {recording.steps[0].number} to {last}.",
        f"没有第 {wanted} 步：这份录制包含第 {recording.steps[0].number} 到 {last} 步。",
    )
