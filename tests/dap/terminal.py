"""The integrated terminal: a pseudo-terminal in which a command runs in its own session."""

import os
import pty
import subprocess
import threading


class Terminal:
    """A command in a terminal of 120 columns; ``text`` is what it has shown."""

    def __init__(self, command: list[str], cwd: str | None, env: dict[str, str | None]) -> None:
        changed = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **env}
        self.text = ""
        self._own, other = pty.openpty()
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={name: value for name, value in changed.items() if value is not None},
            stdin=other,
            stdout=other,
            stderr=other,
            preexec_fn=lambda: os.login_tty(other),
        )
        os.close(other)
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    def _read(self) -> None:
        pieces = bytearray()
        while True:
            try:
                piece = os.read(self._own, 65536)
            except OSError:  # the last process that had it open has ended
                return
            if not piece:
                return
            pieces += piece
            self.text = pieces.decode(errors="replace").replace("\r\n", "\n")

    def close(self) -> None:
        """For after the command's end, or a failure."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self._own)
