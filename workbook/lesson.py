"""What every script begins and ends with: flags, the machine's arguments, the log file, timings, a clean end.

A script shows ``LLM(...)``, ``SamplingParams(...)`` and ``generate`` itself; this module never calls them::

    run = lesson.start(__doc__, kv_tokens=4096)   # before vLLM is imported
    with run.phase("import"): from vllm import LLM
    ...
    if __name__ == "__main__":
        lesson.main(main)
"""

import argparse
import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from workbook import engine_setup, guard, logfile, machine, models, paths, predictions, runinfo, scripts, usage
from workbook.errors import WorkbookError
from workbook.explain import explain
from workbook.i18n import listed, tr
from workbook.recorder.writer import FOLDER_VARIABLE

_current: "Run | None" = None  # the run of this process, once it has started


class Run:
    """One run of a script: what to give to ``LLM(...)``, and what was measured (seconds by phase)."""

    def __init__(self, flags: argparse.Namespace, kv_tokens: int) -> None:
        self.fast: bool = flags.fast
        self.flags = flags
        self.tensor_parallel_size: int = getattr(flags, "tp", 1)
        self.machine = machine.detect(models.root())
        self.model_name: str = flags.model or ("tiny" if self.fast else engine_setup.default_model(self.machine))
        architecture = models.architecture(self.model_name)
        engine_setup.check(self.machine, self.model_name, architecture, self.tensor_parallel_size)
        self.console = Console(highlight=False)
        self.model = str(self._prepare_model())
        self.architecture = models.architecture(self.model_name)
        self.engine_args: dict[str, Any] = engine_setup.llm_arguments(
            self.machine, self.architecture, self.tensor_parallel_size, kv_tokens
        )
        if not flags.no_recording:
            self.engine_args |= engine_setup.recording_arguments(self.engine_args)
        if guard.debugged():
            from workbook import stops  # a plain run loads nothing of it

            self.engine_args |= stops.engine_arguments()
        self.seconds: dict[str, float] = {}
        self.folder: Path | None = None  # of the recording, the log and run.json
        self.info = runinfo.new(
            Path(sys.argv[0]).stem, sys.argv[1:], self.model_name, self.fast, debugged=guard.debugged()
        )

    def ended(self, how: Literal["ok", "failed", "interrupted"]) -> None:
        """Note in run.json how the run ended."""
        if self.folder:
            self.info.ended, self.info.seconds = how, self.seconds
            runinfo.write(self.folder, self.info)

    def _prepare_model(self) -> Path:
        if models.find(self.model_name):
            return models.resolve(self.model_name)
        message = tr(f"Preparing the model {self.model_name}, once …", f"首次准备模型 {self.model_name} …")
        if not self.console.is_terminal:
            self.console.print(message)
        with self.console.status(message):  # a spinner on a terminal, nothing elsewhere
            return models.resolve(self.model_name)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a part of the script; the names "import", "engine" and "generate" are reported by :mod:`workbook.timings`."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def parser(doc: str | None) -> argparse.ArgumentParser:
    """The flags that every script has; a script may add its own before it calls :func:`start`."""
    flags = usage.Parser(
        description=scripts.in_language(doc or ""), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = listed(models.KNOWN)
    flags.add_argument("--model", help=tr(f"{names}, a folder, or a hub id", f"{names}、目录或 Hub id"))
    flags.add_argument("--fast", action="store_true", help=tr("tiny model, short run", "微型模型，快速运行"))
    flags.add_argument(
        "--verbose", action="store_true", help=tr("show vLLM's log and tracebacks", "显示 vLLM 日志和完整的错误堆栈")
    )
    flags.add_argument(
        "--no-recording", action="store_true", help=tr("do not record the engine's steps", "不录制引擎的每一步")
    )
    flags.add_argument(
        "--no-questions",
        action="store_true",
        help=tr(
            "ask no predictions before the run (answers given before are compared all the same)",
            "运行前不问预测题（运行后仍对照已有的回答）",
        ),
    )
    return flags


def tensor_parallel_flag(flags: argparse.ArgumentParser, default: int = 1) -> None:
    """Add ``--tp N``: on CPU each rank is a process, on GPUs a card.

    Where several are the default, so is a model that they can share.
    """
    if default > 1:
        flags.set_defaults(model=engine_setup.default_shared_model(machine.detect(models.root()), default))
    flags.add_argument(
        "--tp",
        type=_at_least_one,
        default=default,
        metavar="N",
        help=tr("tensor parallel size", "张量并行度") + f" ({default})",
    )


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            tr(f"{text} is no number of ranks: give 1 or more", f"{text} 不是 rank 数：请给出 1 或更大的数")
        )
    return int(text)


def start(doc: str | None, *, kv_tokens: int, flags: argparse.ArgumentParser | None = None) -> Run:
    """Read the flags, look at the machine, make the model ready, set vLLM's environment, and open the log file.

    ``kv_tokens``: tokens of KV cache that the script needs on CPU. Raises WorkbookError for what cannot work here.
    """
    parsed = (flags or parser(doc)).parse_args()
    logfile.verbose = parsed.verbose
    run = Run(parsed, kv_tokens)
    if not (parsed.fast or parsed.no_questions or parsed.no_recording):
        predictions.ask_before_run(run.info.script, run.console)
        run.info.started = time.time()  # what was answered just now came before the run
    for name, value in engine_setup.environment(run.machine, run.tensor_parallel_size).items():
        os.environ.setdefault(name, value)
    guard.remove_stale_shared_memory()
    log = logfile.open_for(run.info.script)
    os.environ[FOLDER_VARIABLE] = str(log.parent)
    global _current
    _current, run.folder = run, log.parent
    runinfo.write(log.parent, run.info)
    device = run.machine.gpus[0].name if run.machine.build == "cuda" and run.machine.gpus else "CPU"
    shown = paths.shown(log)
    lines = tr(
        f"model {run.model_name} · {device}\nvLLM's log: {shown}",
        f"模型 {run.model_name} · {device}\nvLLM 日志：{shown}",
    )
    run.console.print(lines, style="dim", markup=False, soft_wrap=True)
    return run


def main(script: Callable[[], None]) -> None:
    """Run a script to its end, whatever that is: 0; 130 after Ctrl-C; else one sentence on stderr, and 1.

    Ends the engine's processes. With ``--verbose``, or under a debugger, tracebacks are left as they are.
    """
    watch = guard.ChildWatch()
    watch.start()
    try:
        script()
        _note_end("ok")
    except KeyboardInterrupt:
        _note_end("interrupted")
        _end(tr("Interrupted.", "已中断。"), 130, watch)
    except Exception as error:
        _note_end("failed")
        if logfile.verbose or guard.debugged():
            raise
        _end(_sentence(error), getattr(error, "exit_code", 1), watch)
    finally:
        watch.stop()


def _note_end(how: Literal["ok", "failed", "interrupted"]) -> None:
    if _current:
        _current.ended(how)


def _sentence(error: Exception) -> str:
    if isinstance(error, WorkbookError):
        return str(error)
    if known := explain(error, logfile.tail()):
        return known
    logfile.append(traceback.format_exc())
    text = (str(error).strip().splitlines() or [""])[0]
    if logfile.path is None:
        return f"{type(error).__name__}: {text} · " + tr("run again with --verbose", "请加 --verbose 重新运行")
    where = tr("the whole story is in {0}, or run again with --verbose", "完整信息见 {0}，或加 --verbose 重新运行")
    return f"{type(error).__name__}: {text} · {where.format(logfile.path)}"


def _end(sentence: str, code: int, watch: guard.ChildWatch) -> None:
    """Say the sentence, end every child, and leave. A second Ctrl-C does not stop the clean-up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watch.stop()
    sys.stdout.flush()
    logfile.terminal().write(sentence + "\n")
    guard.end_children()
    sys.exit(code)
