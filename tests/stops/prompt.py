"""A learner at a terminal: a command runs in a pseudo-terminal, its prompts are awaited and answered."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

import psutil
from conftest import ROOT

PROMPT = re.compile(r"\(Pdb ([\w-]+)\) $")


class Learner:
    """Types into ``python -c CODE ARGUMENTS``; ``seen`` is all that the terminal has shown."""

    def __init__(self, *command: str, **env: str) -> None:
        self._own, other = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "TERM": "dumb", "COLUMNS": "200", "WORKBOOK_LANG": "en", **env},
            stdin=other,
            stdout=other,
            stderr=other,
            preexec_fn=lambda: os.login_tty(other),
        )
        os.close(other)
        self._children: set[psutil.Process] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._note_children()
        ended = self.process.poll() is not None
        self.process.kill()
        self.process.wait(60)
        _, alive = psutil.wait_procs(self._children, timeout=60)
        for child in alive:
            child.kill()
        os.close(self._own)
        assert kind or ended, "the command still ran at the end of the test"
        assert kind or not alive, alive

    def _note_children(self) -> None:
        if self.process.poll() is None:
            self._children.update(psutil.Process(self.process.pid).children(recursive=True))

    def prompt(self, timeout: float = 90) -> tuple[str, str]:
        """Wait for the next prompt: the process that asks, and what was shown since the last answer."""
        start, deadline = len(self.seen), time.monotonic() + timeout
        while not (found := PROMPT.search(self.seen, start)):
            assert self._read(deadline), f"ended without a prompt: {self.seen[start:]}"
        self._note_children()
        return found[1], self.seen[start : found.start()]

    def type(self, line: str) -> None:
        """Type a line, and take its echo away."""
        os.write(self._own, (line + "\n").encode())
        self.seen += "\n"

    def ask(self, line: str) -> str:
        """Type a line and wait for the next prompt: what stands between them."""
        self.type(line)
        return self.prompt()[1].replace("\r\n", "\n").partition("\n")[2].strip()

    def end(self, timeout: float = 60) -> int:
        """Read until the command has ended: its exit code."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            continue
        return self.process.wait(60)

    def _read(self, deadline: float) -> bool:
        """Whether there was something more to read."""
        while not select.select([self._own], [], [], 0.2)[0]:
            assert time.monotonic() < deadline, f"nothing more came: {self.seen[-3000:]}"
            if self.process.poll() is not None and not select.select([self._own], [], [], 0.2)[0]:
                return False
        try:
            piece = os.read(self._own, 65536)
        except OSError:  # the last process that had it open has ended
            return False
        self.seen += piece.decode(errors="replace")
        return bool(piece)
