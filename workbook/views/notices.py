"""What a recording lacks, and why: the lines below every view of it."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from workbook import runinfo
from workbook.i18n import listed, tr
from workbook.recorder import Recording, engines


def show(console: Console, recording: Recording) -> None:
    """What the recording lacks, and what else is in its folder; a line each."""
    said = []
    if recording.damaged is not None:
        said.append(
            tr(
                f"Line {recording.damaged} of the recording is damaged: it and what follows are left out.",
                f"录制的第 {recording.damaged} 行已损坏：该行及其后的内容未读取。",
            )
        )
    elif recording.cut is not None:
        said.append(
            tr(
                f"The recording reached its limit of {recording.cut.limit / 1024**2:.0f} MiB at step {recording.cut.n}: "
                "the engine ran on, unrecorded.",
                f"录制在第 {recording.cut.n} 步达到 {recording.cut.limit / 1024**2:.0f} MiB 上限：引擎继续运行，但未录制。",
            )
        )
    elif recording.end is None:
        said.append(_no_end(recording.path.parent))
    others = [path.name for path in engines(recording.path.parent) if path.name != recording.path.name]
    if others:
        there = recording.path.parent
        said.append(
            tr(
                f"This run had {len(others) + 1} engines; the others: {listed(others)} in {there}",
                f"这次运行有 {len(others) + 1} 个引擎；其余在 {there}：{listed(others)}",
            )
        )
    for line in said:
        console.print(Text(line, style="dim"))


def _no_end(folder: Path) -> str:
    """Why a recording has no last line."""
    info = runinfo.read(folder)
    if info and info.ended == "interrupted":
        return tr("The recording has no end: the run was interrupted (Ctrl-C).", "录制没有结尾：运行被中断（Ctrl-C）。")
    if info and info.ended == "failed":
        log = folder / "vllm.log"
        return tr(
            f"The recording has no end: the run failed; vLLM's log says why: {log}",
            f"录制没有结尾：运行出错；原因见 vLLM 日志：{log}",
        )
    return tr(
        "The recording has no end: the run was killed, or goes on (--follow shows it).",
        "录制没有结尾：运行被终止，或仍在进行（用 --follow 查看）。",
    )
