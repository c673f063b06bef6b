"""The last lines of a script: where its recording is, and what to open."""

from typing import Any

from workbook import logfile, paths, predictions
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.lesson import Run
from workbook.recorder import Recording, load, texts, workers


def close(run: Run, llm: Any) -> None:
    """Keep the tokens' texts and the size of the KV cache beside the recording, and say what to type next.

    Nothing where nothing was recorded.
    """
    if run.flags.no_recording or logfile.path is None:
        return
    folder = logfile.path.parent
    try:
        recordings = [load(path) for path in sorted(folder.glob("recording*.jsonl"))]
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
    name = f"{folder.parent.name}/{folder.name}" if folder.is_relative_to(paths.RUNS) else str(folder)
    run.console.print(
        tr(
            f"Recorded {steps} engine steps. See them: workbook show {name}          in the browser: add --html --open",
            f"录制了 {steps} 个调度步。查看：workbook show {name}          在浏览器中看：加上 --html --open",
        ),
        markup=False,
        soft_wrap=True,
    )
    if missing := _missing(recordings, llm):
        run.console.print(
            tr(
                f"The recording lacks {missing} generated tokens: vLLM's log says where it stopped, and why.",
                f"录制缺少 {missing} 个生成的 token：vLLM 日志里写有它在何处停止及原因。",
            )
        )
    predictions.report_after_run(run.info, recordings, run.console)


def _missing(recordings: list[Recording], llm: Any) -> int:
    """Tokens that the engine counted and the recordings do not hold; after a cut this is as it should be."""
    if any(recording.cut for recording in recordings):
        return 0
    counted = sum(int(metric.value) for metric in llm.get_metrics() if metric.name == "vllm:generation_tokens")
    return max(0, counted - sum(recording.summary.generated_tokens for recording in recordings))
