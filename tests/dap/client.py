"""F5 without an editor: does what VSCode's Python debugger does, over the Debug Adapter Protocol.

Starts ``python -m debugpy.adapter``, launches with launch.json's attributes, opens the integrated terminal as a
pseudo-terminal, and starts a further session for every child process that debugpy reports. Every wait has a limit.
"""

import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import psutil

from dap.configuration import Configuration, resolved
from dap.protocol import Channel, Message
from dap.session import Session, Stop
from dap.terminal import Terminal

_MARK = "WORKBOOK_DAP_CLIENT"  # in the environment of all that a debugger starts


class Debugger:
    """One press of F5, from launch to the end; leaving the ``with`` block stops it and shows that no process is left."""

    def __init__(self, configuration: Configuration, breakpoints: dict[Path, list[int]] | None = None) -> None:
        self.configuration = configuration
        self.breakpoints = breakpoints or {}
        self.sessions: list[Session] = []
        self.terminals: list[Terminal] = []
        self.started = time.monotonic()
        self._mark = uuid.uuid4().hex
        self._seen: set[psutil.Process] = set()
        self._stops: list[Stop] = []
        self._output: list[tuple[str, str]] = []
        self._failures: list[BaseException] = []
        self._changed = threading.Condition()
        self._adapter: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.stop()
        finally:
            left = self.left_over()
            self.kill()
        assert kind or not left, f"processes left behind: {left}"

    def _start(self) -> None:
        connect = self.configuration.get("connect")
        if self.configuration["request"] == "attach" and connect:
            self._session(self.configuration, _socket(connect)).start()
            return
        self._adapter = subprocess.Popen(
            [sys.executable, "-m", "debugpy.adapter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, _MARK: self._mark},
        )
        streams = (cast(BinaryIO, self._adapter.stdout), cast(BinaryIO, self._adapter.stdin))
        self._session(self.configuration, streams).start()

    @property
    def adapter(self) -> psutil.Process:
        """The adapter's process."""
        assert self._adapter is not None
        return psutil.Process(self._adapter.pid)

    @property
    def root(self) -> Session:
        """The session of the process that was launched."""
        return self.sessions[0]

    def _session(self, configuration: Configuration, streams: tuple[BinaryIO, BinaryIO]) -> Session:
        session = Session(configuration, self.breakpoints)
        session.open(Channel(*streams, lambda n, b: self._event(session, n, b), self._request))
        with self._changed:
            self.sessions.append(session)
        return session

    def _event(self, session: Session, name: str, body: Message) -> None:
        session.event(name, body)
        with self._changed:
            if name == "stopped":
                self._stops.append(Stop(self, session, body["threadId"], body["reason"]))
            elif name == "output" and body.get("category") != "telemetry":
                self._output.append((body.get("category", "console"), body["output"]))
            self._changed.notify_all()
        if name == "debugpyAttach":
            self._child(body)

    def _request(self, name: str, arguments: Message) -> Message:
        """What an adapter may ask of an editor."""
        if name == "runInTerminal":
            terminal = Terminal(arguments["args"], arguments.get("cwd"), {**arguments["env"], _MARK: self._mark})
            self.terminals.append(terminal)
            return {"processId": terminal.process.pid}
        assert name == "startDebugging", name
        self._child({**arguments["configuration"], "request": arguments["request"]})
        return {}

    def _child(self, configuration: Configuration) -> None:
        """Start a session for a child process, beside the reading thread that has told of it."""

        def attach() -> None:
            try:
                self._session(resolved(configuration), _socket(configuration["connect"])).start()
            except ConnectionError:  # a child that lived shortly
                return
            except BaseException as error:
                with self._changed:
                    self._failures.append(error)
                    self._changed.notify_all()

        threading.Thread(target=attach, name="dap-child", daemon=True).start()

    # What a learner sees

    @property
    def console(self) -> str:
        """The debug console's text, of all sessions."""
        with self._changed:
            return "".join(text for _, text in self._output)

    @property
    def terminal(self) -> str:
        """The integrated terminal's text."""
        return "".join(terminal.text for terminal in self.terminals)

    # What a learner does

    def wait_for_stop(self, timeout: float = 60, session: Session | None = None) -> Stop:
        """The next stop, of any process or of one; fails with what was seen, when the program ends or time is over."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if self._failures:
                    raise self._failures[0]
                for stop in self._stops:
                    if session in (None, stop.session):
                        self._stops.remove(stop)
                        return stop
                assert not (session or self.root).ended.is_set(), f"ended without stopping: {self._said()}"
                assert time.monotonic() < deadline, f"no stop within {timeout} s: {self._said()}"
                self._changed.wait(0.2)

    def wait_for_end(self, timeout: float = 60) -> int | None:
        """Wait until the program has ended, and return its exit code. A stop on the way is a failure."""
        deadline = time.monotonic() + timeout
        while not self.root.ended.wait(0.1):
            assert not self._stops, f"stopped at {self._stops[0].top} ({self._stops[0].reason})"
            assert time.monotonic() < deadline, f"not at its end within {timeout} s: {self._said()}"
        return self.root.exit_code

    def _said(self) -> str:
        lines = "".join(text for _, text in self._output) + self.terminal
        return lines[-3000:] or "nothing was printed"

    def stop(self, timeout: float = 15) -> None:
        """The red square: end the program with all of its processes, or let go of one that was attached to."""
        self.note_processes()
        ours = self.configuration["request"] == "launch"
        for session in self.sessions:
            if session is self.root or self.root.ended.is_set():
                session.disconnect(terminate=ours and session is self.root, timeout=timeout)
        if self._adapter:
            self._adapter.terminate()  # so does VSCode

    # Processes

    def note_processes(self) -> list[psutil.Process]:
        """The processes that run now, below the adapter and in the terminals; remembered for :meth:`left_over`."""
        parents = [t.process.pid for t in self.terminals] + ([self._adapter.pid] if self._adapter else [])
        now: list[psutil.Process] = []
        for pid in parents:
            if psutil.pid_exists(pid):
                parent = psutil.Process(pid)
                now += [parent, *parent.children(recursive=True)]
        self._seen.update(now)
        return now

    def left_over(self, timeout: float = 10) -> list[list[str]]:
        """Command lines of what still runs ``timeout`` seconds after the end. vLLM's processes rename themselves, so
        both who was seen and who has the mark in the environment are looked for."""
        marked = {p for p in psutil.process_iter() if self._marked(p)}
        for terminal in self.terminals:
            terminal.process.poll()
        if self._adapter:
            try:
                self._adapter.wait(timeout)
            except subprocess.TimeoutExpired:
                marked.add(psutil.Process(self._adapter.pid))
        _, alive = psutil.wait_procs(list(self._seen | marked), timeout=timeout)
        return [p.cmdline() for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    def _marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_MARK) == self._mark
        except psutil.Error:
            return False

    def kill(self) -> None:
        """End whatever still runs; for after a failure."""
        for process in {*self._seen, *self.note_processes(), *(p for p in psutil.process_iter() if self._marked(p))}:
            if process.is_running():
                process.kill()
        for terminal in self.terminals:
            terminal.close()
        if self._adapter:
            self._adapter.wait(10)


def _socket(address: dict[str, Any]) -> tuple[BinaryIO, BinaryIO]:
    connection = socket.create_connection((address["host"], int(address["port"])), timeout=20)
    connection.settimeout(None)
    return cast(BinaryIO, connection.makefile("rb")), cast(BinaryIO, connection.makefile("wb"))
