"""One debugged process, and one place at which it has stopped."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dap.configuration import Configuration
from dap.protocol import Channel, Message, RefusedError

if TYPE_CHECKING:
    from dap.client import Debugger

# As VSCode says of itself.
ABOUT = {
    "clientID": "vscode",
    "clientName": "Visual Studio Code",
    "adapterID": "debugpy",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "supportsVariableType": True,
    "supportsVariablePaging": True,
    "supportsRunInTerminalRequest": True,
    "locale": "en-us",
    "supportsProgressReporting": True,
    "supportsInvalidatedEvent": True,
    "supportsMemoryReferences": True,
    "supportsArgsCanBeInterpretedByShell": True,
    "supportsMemoryEvent": True,
    "supportsStartDebuggingRequest": True,
}


class Session:
    """A connection to the adapter about one process."""

    def __init__(self, configuration: Configuration, breakpoints: dict[Path, list[int]]) -> None:
        self.configuration, self.breakpoints = configuration, breakpoints
        self.pid: int | None = None
        self.exit_code: int | None = None
        self.ended = threading.Event()
        self._initialized = threading.Event()

    def open(self, channel: Channel) -> None:
        """Give it its connection."""
        self.channel = channel

    def event(self, name: str, body: Message) -> None:
        """Take note of an event; on the reading thread."""
        if name == "initialized":
            self._initialized.set()
        elif name == "process":
            self.pid = body.get("systemProcessId")
        elif name == "exited":
            self.exit_code = body["exitCode"]
        elif name == "terminated":
            self.ended.set()

    def start(self, timeout: float = 60) -> None:
        """initialize, launch or attach, breakpoints, configurationDone: in the order in which VSCode sends them."""
        self.channel.request("initialize", ABOUT, timeout)
        started = self.channel.send(self.configuration["request"], self.configuration)
        for _ in range(int(timeout * 10)):
            if self._initialized.wait(0.1) or started.done():
                break
        if started.done():  # refused, or a child that has ended already
            started.result()
            return
        assert self._initialized.is_set(), "the adapter did not say that it is ready"
        for path, lines in self.breakpoints.items():
            source = {"name": path.name, "path": str(path)}
            points = [{"line": line} for line in lines]
            self.channel.request("setBreakpoints", {"source": source, "breakpoints": points, "lines": lines}, timeout)
        self.channel.request("setFunctionBreakpoints", {"breakpoints": []}, timeout)
        self.channel.request("setExceptionBreakpoints", {"filters": ["uncaught"]}, timeout)
        self.channel.request("configurationDone", {}, timeout)
        started.result(timeout)

    def disconnect(self, *, terminate: bool, timeout: float = 15) -> None:
        """Leave the process, or end it with those below it."""
        if self.channel.closed.is_set():
            return
        try:
            self.channel.request("disconnect", {"restart": False, "terminateDebuggee": terminate}, timeout)
        except ConnectionError:  # the adapter leaves with its last session
            return


@dataclass
class Frame:
    """A row of the call stack."""

    id: int
    name: str
    path: Path
    line: int


@dataclass
class Stop:
    """A thread of a process that stands still."""

    debugger: "Debugger"
    session: Session
    thread: int
    reason: str

    def stack(self, levels: int = 0) -> list[Frame]:
        """The call stack, the innermost first; 0: all of it."""
        body = self.session.channel.request("stackTrace", {"threadId": self.thread, "startFrame": 0, "levels": levels})
        rows = body["stackFrames"]
        return [Frame(f["id"], f["name"], Path(f.get("source", {}).get("path", "")), f["line"]) for f in rows]

    @property
    def top(self) -> Frame:
        """The row that the editor shows."""
        return self.stack(1)[0]

    def locals(self) -> dict[str, str]:
        """Names and values in the pane Variables under Locals; the groups "special variables" are left out."""
        scopes = self.session.channel.request("scopes", {"frameId": self.top.id})["scopes"]
        reference = next(scope["variablesReference"] for scope in scopes if scope["name"] == "Locals")
        rows = self.session.channel.request("variables", {"variablesReference": reference})["variables"]
        return {row["name"]: row["value"] for row in rows if not row["name"].endswith(" variables")}

    def evaluate(self, expression: str) -> str:
        """What the debug console answers at this place; an error's text where it fails."""
        arguments = {"expression": expression, "frameId": self.top.id, "context": "repl"}
        try:
            return str(self.session.channel.request("evaluate", arguments)["result"])
        except RefusedError as error:
            return str(error)

    def next(self, timeout: float = 60) -> "Stop":
        """Step Over."""
        return self._step("next", timeout)

    def step_in(self, timeout: float = 60) -> "Stop":
        """Step Into."""
        return self._step("stepIn", timeout)

    def _step(self, command: str, timeout: float) -> "Stop":
        self.session.channel.request(command, {"threadId": self.thread})
        return self.debugger.wait_for_stop(timeout, self.session)

    def go_on(self) -> None:
        """Continue."""
        self.session.channel.request("continue", {"threadId": self.thread})
