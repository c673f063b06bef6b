"""A prompt of pdb (ipdb where it is installed) in the terminal, in whichever process a stop is reached.

A spawned process has /dev/null for its stdin, and vLLM writes its name before every line of its stdout; so the prompt opens the terminal
itself. Only one process may hold it: the others wait for its lock, and the prompt says whose it is.
"""

import contextlib
import fcntl
import importlib
import multiprocessing
import os
import pdb
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from workbook.wrap import wrap

TERMINAL = "WORKBOOK_TERMINAL"  # the terminal's device, /dev/pts/3
SCRIPT = "WORKBOOK_SCRIPT_PID"  # the process at the top, which `q` in any process ends

# A step that takes longer may be waiting for another process, which may be waiting for the terminal.
_KEEP_S = 0.5


def stop(text: str, frame: FrameType) -> None:
    """Open the prompt at the next line of ``frame``, below ``text``. Nothing may be called after this: it would be traced."""
    prompt = _prompt()
    prompt.text = text
    prompt.set_trace(frame)


class _Terminal:
    """The terminal, and the lock on it that is held while its user looks at this process."""

    def __init__(self) -> None:
        self._file = os.open(os.environ.get(TERMINAL) or "/dev/tty", os.O_RDWR | os.O_NOCTTY)
        if not os.isatty(0):
            os.dup2(self._file, 0)
        # With descriptors 0 and 1 input() has readline.
        self._stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        self.output = 1 if os.isatty(1) else self._file
        self._stdout = open(self.output, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
        self._held = False
        self._guard = threading.Lock()
        self._timer: threading.Timer | None = None

    @contextlib.contextmanager
    def streams(self) -> Iterator[TextIO]:
        """Inside, ``input()`` and ``print()`` are at the terminal, whatever vLLM has made of this process's streams."""
        before = sys.stdin, sys.stdout
        sys.stdin, sys.stdout = self._stdin, self._stdout
        try:
            yield self._stdout
        finally:
            self._stdout.flush()
            sys.stdin, sys.stdout = before

    @contextlib.contextmanager
    def mine(self) -> Iterator[TextIO]:
        """Wait until no other process holds the terminal. It is given back half a second after."""
        with self._guard:
            self._timer = None  # whatever it was about to do
            if not self._held:
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._held = True
        try:
            with self.streams() as output:
                yield output
        finally:
            self._timer = threading.Timer(_KEEP_S, self._release)
            self._timer.daemon = True
            self._timer.start()

    def _release(self) -> None:
        with self._guard:
            if self._held and threading.current_thread() is self._timer:
                fcntl.flock(self._file, fcntl.LOCK_UN)
                self._held = False


def _make(base: type[Any]) -> Any:
    class Prompt(base):  # type: ignore[misc]
        """One for each process."""

        def __init__(self) -> None:
            self._terminal = _Terminal()
            with self._terminal.streams():  # IPython's prompt keeps those that it finds here
                # nosigint: Ctrl-C stays with the script, which ends its processes.
                super().__init__(nosigint=True)
            self.prompt = f"(Pdb {_who()}) "
            self.text = ""
            self._leaving = False

        def interaction(self, *arguments: Any, **options: Any) -> None:
            with self._terminal.mine() as self.stdout:
                if self.text:
                    print("", *self._lines(), sep="\n")
                    self.text = ""
                super().interaction(*arguments, **options)
            if self._leaving:
                self._leave()

        def _lines(self) -> list[str]:
            """The text in the terminal's width, broken between words."""
            try:
                width = os.get_terminal_size(self._terminal.output).columns
            except OSError:
                width = 80
            # A terminal of which nobody has said the size has none.
            return [line for text in self.text.splitlines() for line in wrap(text, width or 80)]

        def do_quit(self, _: str) -> int:
            """End the script and all of its processes, as Ctrl-C does."""
            self._leaving = True
            return 1

        do_q = do_exit = do_quit

        def do_EOF(self, argument: str) -> int:  # noqa: N802
            """Ctrl-D: the same."""
            print()
            return self.do_quit(argument)

        def _leave(self) -> None:
            self._leaving = False
            self.set_continue()
            script = int(os.environ.get(SCRIPT) or os.getpid())
            if script == os.getpid():
                raise KeyboardInterrupt
            os.kill(script, signal.SIGINT)

    return Prompt()


_made: Any = None


def _prompt() -> Any:
    global _made
    if _made is None:
        _made = _make(_base())
    return _made


def _base() -> type[Any]:
    """IPython's prompt where ipdb is installed and the terminal can do more than pdb needs."""
    try:
        importlib.import_module("ipdb")
        return importlib.import_module("IPython.terminal.debugger").TerminalPdb  # type: ignore[no-any-return]
    except ImportError:
        return pdb.Pdb


def _who() -> str:
    """The process, as in EngineCore or VllmWorker-1; the script by its name."""
    name = multiprocessing.current_process().name
    return Path(sys.argv[0]).stem if name == "MainProcess" else name
