"""``vllm serve`` in a room: started, waited for, asked, and ended; a server that dies is one sentence.

The API is asked over a Unix socket (``--uds``), which a network namespace does not hide, so requests never meet the cable.
"""

import contextlib
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil
from rich.console import Console

from workbook import paths
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.recorder import SCHEDULER_ASYNC
from workbook.recorder.writer import FOLDER_VARIABLE
from workbook.twohosts.room import Room

_SOCKET = "/run/vllm.sock"  # in the room
_START_S, _ANSWER_S = 300, 300  # on two busy cores; a server that dies is seen at once
# The command `vllm` of the CPU build does not start.
_LAUNCHER = f"{shlex.quote(sys.executable)} -m workbook.vllm_command"
# What a server must not take over from the script: a debugger's stops, and one process instead of several.
_NOT_THEIRS = (
    "WORKBOOK_STOPS",
    "WORKBOOK_LISTEN",
    "WORKBOOK_DEBUGGER",
    "VLLM_ENABLE_V1_MULTIPROCESSING",
    "VLLM_LOGGING_STREAM",
)


def serve_arguments(engine_args: dict[str, Any], dtype: str) -> str:
    """The arguments of ``LLM(...)`` that this machine needs, as ``vllm serve`` takes them; with the recorder."""
    words = [f"--dtype {dtype}", "--max-model-len 512", f"--block-size {engine_args['block_size']}"]
    words += [
        f"--kv-cache-memory-bytes {engine_args['kv_cache_memory_bytes']}",
        "--enforce-eager",
        "--no-enable-prefix-caching",
    ]
    if "scheduler_cls" in engine_args:
        words += [f"--scheduler-cls {SCHEDULER_ASYNC}"]
    return " ".join(words)


class Servers:
    """One ``vllm serve`` on each host, up when the first one answers. Use as ``with Servers(...) as servers``."""

    def __init__(
        self, console: Console, room: Room, folder: Path, name: str, model: str, commands: dict[str, str]
    ) -> None:
        """``commands``: by the host's name, as ``ip netns exec host1 env … vllm serve …``; ``folder/NAME-HOST.log`` is each one's log."""
        self._folder, self._name, self._model, self._console = folder, name, model, console
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=room.path(_SOCKET)), base_url="http://vllm", timeout=_ANSWER_S
        )
        room.run(f"rm -f {_SOCKET}")
        environment = {name: value for name, value in room.environment.items() if name not in _NOT_THEIRS}
        environment |= {"TMPDIR": "/run", FOLDER_VARIABLE: str(folder)}
        try:
            for host, command in commands.items():
                console.print(f"$ {command}", style="dim", markup=False, soft_wrap=True)
                whole = command if "--headless" in command else f"{command} --uds {_SOCKET}"
                with self.log(host).open("wb") as log:
                    self._processes[host] = subprocess.Popen(
                        room.inside(whole.replace(" vllm serve ", f" {_LAUNCHER} serve ")),
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
            self._wait()
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> "Servers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def log(self, host: str) -> Path:
        """What the server of that host has said."""
        return self._folder / f"{self._name}-{host}.log"

    def complete(self, prompt: str, max_tokens: int) -> tuple[str, float]:
        """The text that follows, greedily, of exactly so many tokens, and the seconds that it took."""
        body = {"model": self._model, "prompt": prompt, "max_tokens": max_tokens, "temperature": 0, "ignore_eos": True}
        start = time.perf_counter()
        try:
            answer = self._client.post("/v1/completions", json=body)
        except httpx.HTTPError as error:
            raise self._dead(type(error).__name__) from None
        took = time.perf_counter() - start
        if answer.status_code != 200:
            raise self._dead(f"HTTP {answer.status_code}")
        return str(answer.json()["choices"][0]["text"]), took

    def complete_together(self, prompts: list[str], max_tokens: int) -> float:
        """The seconds until prompts that are asked at the same time all have their tokens."""
        start = time.perf_counter()
        with ThreadPoolExecutor(len(prompts)) as pool:
            list(pool.map(lambda prompt: self.complete(prompt, max_tokens), prompts))
        return time.perf_counter() - start

    def end(self) -> None:
        """End both servers and all that they started."""
        everyone: list[psutil.Process] = []
        for process in self._processes.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                everyone += psutil.Process(process.pid).children(recursive=True)
        for one in everyone:
            with contextlib.suppress(psutil.NoSuchProcess):
                if one.ppid() in {process.pid for process in self._processes.values()}:
                    one.terminate()  # vllm serve itself, which ends those below it
        _, alive = psutil.wait_procs(everyone, timeout=6)
        for one in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        for process in self._processes.values():
            process.wait()
        self._client.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        with self._console.status(tr("waiting for both hosts …", "等待两台主机就绪 …")):
            while time.monotonic() < deadline:
                ended = next((host for host, process in self._processes.items() if process.poll() is not None), None)
                if ended:
                    raise self._dead(tr("it ended while it started", "启动过程中退出"), ended)
                with contextlib.suppress(httpx.HTTPError):
                    if self._client.get("/health", timeout=5).status_code == 200:
                        return
                time.sleep(0.2)
        raise self._dead(tr(f"not up after {_START_S} s", f"{_START_S} 秒后仍未就绪"))

    def _dead(self, why: str, host: str | None = None) -> WorkbookError:
        gone = host or next((h for h, process in self._processes.items() if process.poll() is not None), None)
        who = gone or next(iter(self._processes))
        log = paths.shown(self.log(who))
        return WorkbookError(
            tr(
                f"The server on {who} does not answer any more ({why}): its log, {log}, says what happened; then run the script again.",
                f"{who} 上的服务不再应答（{why}）：原因见它的日志 {log}；然后重新运行脚本。",
            )
        )
