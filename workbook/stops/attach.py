"""Processes that listen for a debugger, and where a process that hangs stands."""

import contextlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.stops import listen

CONFIGURATION = f"Attach: a process that listens on {listen.PORT}"  # its name in launch.json


@dataclass(frozen=True)
class Listening:
    """A script that was started with $WORKBOOK_LISTEN and whose port is open."""

    pid: int
    script: str
    port: int
    processes: list[tuple[int, str]]  # below it, as (4711, "VLLM::EngineCore")


def listening() -> list[Listening]:
    """Every such script of this user. Nothing is connected to: a debugger's port takes one client."""
    open_ports = {
        address.port
        for connection in psutil.net_connections("tcp4")
        if connection.status == psutil.CONN_LISTEN and (address := connection.laddr) and address.ip == listen.ADDRESS
    }
    found: list[Listening] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            script, port = _script(process), _port(process)
            if script and port in open_ports and not _is_child(process):
                below = [(child.pid, child.name()) for child in process.children(recursive=True)]
                engine = [(pid, name) for pid, name in below if name.startswith("VLLM::")]
                found.append(Listening(process.pid, script, port, engine))
    return found


def _port(process: psutil.Process) -> int:
    number = process.environ().get(listen.VARIABLE, "").split(" ")[0]
    return int(number) if number.isdigit() else 0


def _script(process: psutil.Process) -> str | None:
    """The Python file that a process runs; not the debugger's own, nor a process that multiprocessing started."""
    words = process.cmdline()[1:]
    file = next((word for word in words if not word.startswith("-")), "")
    return Path(file).name if file.endswith(".py") and "debugpy" not in file else None


def _is_child(process: psutil.Process) -> bool:
    parent = process.parent()
    return parent is not None and _script(parent) is not None and _port(parent) == _port(process)


def find(port: int | None) -> list[Listening]:
    """The scripts that listen, or the one on ``port``; raises WorkbookError where there is none."""
    found = [process for process in listening() if port in (None, process.port)]
    if found:
        return found
    where = "" if port is None else tr(f" on port {port}", f"（端口 {port}）")
    raise WorkbookError(
        tr(
            f"No script listens{where}: start one with `workbook debug NAME --listen`.",
            f"没有脚本在等待调试器连接{where}：请用 `workbook debug 名称 --listen` 启动。",
        )
    )


def how(process: Listening) -> str:
    """How VSCode attaches to it."""
    if process.port == listen.PORT:
        return tr(
            f"In VSCode: Run and Debug, choose “{CONFIGURATION}”, F5.",
            f"在 VSCode 中：打开“运行和调试”，选择“{CONFIGURATION}”，按 F5。",
        )
    return tr(
        f"In VSCode: copy the configuration “{CONFIGURATION}” in launch.json, with port {process.port}, and F5.",
        f"在 VSCode 中：复制 launch.json 里的配置“{CONFIGURATION}”，把端口改为 {process.port}，按 F5。",
    )


def stack(pid: int) -> str:
    """Every thread's stack of a process and of those below it, by py-spy, which only looks. Raises WorkbookError."""
    if not psutil.pid_exists(pid):
        raise WorkbookError(
            tr(
                f"There is no process {pid}: `workbook attach` lists scripts that listen, `ps -ef | grep python` all others.",
                f"没有进程 {pid}：`workbook attach` 列出等待连接的脚本，其他进程见 `ps -ef | grep python`。",
            )
        )
    process = psutil.Process(pid)
    below = process.children(recursive=True)
    first = _dump(process)
    if first.returncode != 0:
        raise WorkbookError(_why_not(pid, first.stderr))
    # One by one: some are not Python (a compiler, tee), which ends py-spy's own --subprocesses.
    others = [_dump(child) for child in below if child.is_running()]
    return "\n".join(dump.stdout for dump in (first, *others) if dump.returncode == 0)


def _spy(pid: int) -> list[str]:
    return [str(Path(sys.executable).with_name("py-spy")), "dump", "--pid", str(pid)]


def _dump(process: psutil.Process) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_spy(process.pid), capture_output=True, text=True, check=False)


def _why_not(pid: int, said: str) -> str:
    if re.search("permission|permitted|root", said, re.IGNORECASE):
        command = " ".join(_spy(pid))
        return tr(
            f"This system does not let one process look into another (ptrace): run `sudo {command}`; "
            "a container must be started with --cap-add=SYS_PTRACE.",
            f"系统不允许一个进程查看另一个进程（ptrace）：请运行 `sudo {command}`；容器启动时需加 --cap-add=SYS_PTRACE。",
        )
    what = said.strip().partition("\n")[0].removeprefix("Error: ").rstrip(".")
    return tr(
        f"py-spy cannot read process {pid} ({what}): see that it is a Python process, `ps -p {pid} -o args`.",
        f"py-spy 无法读取进程 {pid}（{what}）：请用 `ps -p {pid} -o args` 确认它是 Python 进程。",
    )
