"""The last lines of a script: where its recording is, and what to open."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from workbook import logfile, paths, predictions, runinfo
from workbook.course import lessons
from workbook.errors import WorkbookError
from workbook.i18n import some, tr
from workbook.lesson import Run
from workbook.recorder import Recording, load_all, texts, workers
from workbook.recorder.recording import FILE


def close(run: Run, llm: Any) -> None:
    """Keep the tokens' texts and the size of the KV cache beside the recording, and say what to type next.

    Nothing where nothing was recorded.
    """
    if run.flags.no_recording or logfile.path is None:
        return
    folder = logfile.path.parent
    try:
        recordings = load_all(folder)
        if recordings:
            texts.save(folder, recordings, llm.get_tokenizer())
            workers.save(folder, llm)
    except (WorkbookError, OSError) as error:  # as on a full disk: the run itself is done, so it ends well
        run.console.print(tr(f"The recording is not whole: {error}", f"录制不完整：{error}"), markup=False)
        return
    if not recordings:
        run.console.print(tr("Nothing was recorded: vLLM's log says why.", "没有录制到内容：原因见 vLLM 日志。"))
        return
    steps = sum(len(recording.steps) for recording in recordings)
    command = f"workbook show {_name(folder)}"
    run.console.print(
        tr(
            f"Recorded {some(steps, 'engine step')}: {command}\nIn the browser: {command} --html --open",
            f"录制了 {steps} 个调度步：{command}\n在浏览器中查看：{command} --html --open",
        ),
        markup=False,
        soft_wrap=True,
    )
    if missing := _missing(recordings, llm):
        run.console.print(
            tr(
                f"The recording lacks {some(missing, 'generated token')}: vLLM's log says where it stopped, and why.",
                f"录制缺少 {missing} 个生成的 token：vLLM 日志里写有它在何处停止及原因。",
            )
        )
    predictions.report_after_run(run.info, recordings, run.console)
    if first := _activation(run.info.script):
        run.console.print(first, markup=False, soft_wrap=True)


def _name(folder: Path) -> str:
    """What ``workbook show`` calls this run: ``last`` unless a later one is being recorded."""
    if not folder.is_relative_to(paths.RUNS):
        return shlex.quote(str(folder))
    runs = runinfo.newest_first(path.parent for path in paths.RUNS.glob(f"*/*/{FILE}"))
    return "last" if not runs or runs[0] == folder else f"{folder.parent.name}/{folder.name}"


def _activation(script: str) -> str:
    """What to type before ``workbook``, where the terminal does not know it, as after ``scripts/run.sh``."""
    activate = Path(sys.prefix, "bin/activate")
    if shutil.which("workbook") or not activate.is_file():
        return ""
    lesson = lessons.of_script(script)
    then = tr(f"\nThen read: {_shown(lesson.page)}", f"\n然后读：{_shown(lesson.page)}") if lesson else ""
    return tr(
        f"This terminal does not know `workbook` yet: source {_shown(activate)}{then}",
        f"此终端还找不到 workbook 命令：先运行 source {_shown(activate)}{then}",
    )


def _shown(path: Path) -> str:
    return shlex.quote(paths.shown(path))


def _missing(recordings: list[Recording], llm: Any) -> int:
    """Tokens that the engine counted and the recordings do not hold; after a cut this is as it should be."""
    if any(recording.cut for recording in recordings):
        return 0
    counted = sum(int(metric.value) for metric in llm.get_metrics() if metric.name == "vllm:generation_tokens")
    return max(0, counted - sum(recording.summary.generated_tokens for recording in recordings))
