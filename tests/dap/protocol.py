"""The Debug Adapter Protocol's wire: JSON messages with a length in front, requests in both directions, events.

Knows nothing of Python or vLLM. https://microsoft.github.io/debug-adapter-protocol/specification
"""

import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, BinaryIO

Message = dict[str, Any]


class RefusedError(AssertionError):
    """The other side answered a request with success=false."""


class Channel:
    """One connection. ``on_event(name, body)`` and ``on_request(name, arguments) -> body`` run on the reading thread."""

    def __init__(
        self,
        reader: BinaryIO,
        writer: BinaryIO,
        on_event: Callable[[str, Message], None],
        on_request: Callable[[str, Message], Message],
    ) -> None:
        self._reader, self._writer = reader, writer
        self._on_event, self._on_request = on_event, on_request
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._pending: dict[int, Future[Message]] = {}
        self.closed = threading.Event()
        threading.Thread(target=self._read, name="dap", daemon=True).start()

    def request(self, command: str, arguments: Message | None = None, timeout: float = 30) -> Message:
        """Send a request and return the answer's body. Raises RefusedError, TimeoutError, ConnectionError."""
        return self.send(command, arguments).result(timeout)

    def send(self, command: str, arguments: Message | None = None) -> Future[Message]:
        """Send a request whose answer comes later."""
        answer: Future[Message] = Future()
        with self._lock:
            number = next(self._numbers)
            self._pending[number] = answer
        if self.closed.is_set():
            self._fail()
        else:
            self._write({"seq": number, "type": "request", "command": command, "arguments": arguments or {}})
        return answer

    def _write(self, message: Message) -> None:
        data = json.dumps(message).encode()
        with self._lock:
            try:
                self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
                self._writer.flush()
            except (OSError, ValueError):  # the other side is gone; the reading thread says so to those who wait
                return

    def _read(self) -> None:
        try:
            while (message := self._message()) is not None:
                self._handle(message)
        except (OSError, ValueError):
            pass
        finally:
            self.closed.set()
            self._fail()

    def _fail(self) -> None:
        with self._lock:
            pending, self._pending = list(self._pending.values()), {}
        for answer in pending:
            answer.set_exception(ConnectionError("the debug adapter closed the connection"))

    def _message(self) -> Message | None:
        length = None
        while line := self._reader.readline():
            if line == b"\r\n" and length is not None:
                message: Message = json.loads(self._reader.read(length))
                return message
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return None

    def _handle(self, message: Message) -> None:
        if message["type"] == "event":
            self._on_event(message["event"], message.get("body") or {})
        elif message["type"] == "response":
            with self._lock:
                answer = self._pending.pop(message["request_seq"], None)
            if answer and message["success"]:
                answer.set_result(message.get("body") or {})
            elif answer:
                answer.set_exception(RefusedError(f"{message['command']}: {message.get('message')}"))
        else:
            body = self._on_request(message["command"], message.get("arguments") or {})
            with self._lock:
                number = next(self._numbers)
            response = {"type": "response", "request_seq": message["seq"], "command": message["command"]}
            self._write({"seq": number, **response, "success": True, "body": body})
