"""Which debugger is in this process, and how to speak to the one who looks at it.

debugpy and PyCharm are pydevd; in a process that vLLM spawned only ``_pydevd_bundle`` is loaded, and not ``debugpy``. pdb is asked
for by ``workbook debug`` through $WORKBOOK_DEBUGGER, which the children inherit, or holds the script alone (``python -m pdb``).
"""

import multiprocessing
import os
import sys
from typing import Any

from workbook import guard
from workbook.i18n import tr

_stderr = os.dup(2)  # before workbook.logfile points it at a file


def pydevd() -> Any | None:
    """pydevd's debugger of this process: debugpy's core."""
    constants = sys.modules.get("_pydevd_bundle.pydevd_constants")
    return constants.get_global_debugger() if constants else None


def in_terminal() -> bool:
    """Whether stops shall open a prompt in the terminal."""
    return os.environ.get(guard.DEBUGGER) == "terminal"


def _pdb_holds_the_script() -> bool:
    bdb = sys.modules.get("bdb")
    return bdb is not None and isinstance(getattr(sys.gettrace(), "__self__", None), bdb.Bdb)


def present() -> bool:
    """Whether a stop in this process could stop, now or once a debugger has connected."""
    return in_terminal() or pydevd() is not None or _pdb_holds_the_script()


def attached() -> bool:
    """Whether somebody looks: a process that listens runs on until a debugger has connected."""
    debugger = pydevd()
    return debugger.is_attached() if debugger is not None else present()


def note(text: str) -> None:
    """Show a text where the learner looks: in VSCode's debug console, else in the terminal.

    The console shows DAP's output events, whatever launch.json's "console" is. pydevd has no public function for them; its own
    log points use these two.
    """
    debugger = pydevd()
    try:
        debugger.writer.add_command(debugger.cmd_factory.make_console_message(text + "\n"))  # type: ignore[union-attr]
    except AttributeError:
        say(text)


def say(sentence: str) -> None:
    """A sentence on the learner's terminal, once: not from every tensor parallel worker."""
    name = multiprocessing.current_process().name  # as "VllmWorker-1"
    if name.startswith("VllmWorker-") and name != "VllmWorker-0":
        return
    # In a child, descriptor 2 is the log already; its descriptor 1 is the script's.
    os.write(1 if guard.in_child() else _stderr, (sentence + "\n").encode())
    if pydevd() is not None:
        note(sentence)


def cannot(symbol: str, why: str) -> None:
    """Say that a stop cannot be."""
    why = why.rstrip(".。")
    say(
        tr(
            f"No stop at {symbol}: {why}; the run goes on without it.",
            f"无法在 {symbol} 停下：{why}；程序继续运行。",
        )
    )
