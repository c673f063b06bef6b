"""A room of its own for namespaces and processes, which ends with whoever opened it, however that ends.

The room is a user namespace, in which one is root without being it outside, with mounts, a network and process ids of its own.
Its first process reads a pipe that only this process holds. When this process ends, killed or not, the pipe closes, the first
process ends, and the kernel ends every other process of the room and takes its networks, mounts and shared memory away.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import psutil

from workbook.errors import WorkbookError
from workbook.i18n import listed, tr
from workbook.lesson import Run

_TOOLS = ("unshare", "nsenter", "ip", "tc", "ss")
# A private /run, where `ip netns` notes its names and sockets can lie; a private /dev/shm, so that no segment of a killed engine stays.
_FIRST = "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm && echo ready && exec cat >/dev/null"
_UNSHARE = ("--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child")


class Room:
    """Use as ``with Room(run) as room``. Commands name the network that they mean themselves: ``ip -n host1 …``."""

    def __init__(self, run: Run) -> None:
        """Raises WorkbookError where this system gives no room, or the engine could not run on two hosts of this machine."""
        self._console, self._shown = run.console, set[str]()
        if run.machine.build != "cpu":
            raise WorkbookError(_for_the_cpu())
        self.environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
        missing = [tool for tool in _TOOLS if not shutil.which(tool, path=self.environment["PATH"])]
        if missing or sys.platform != "linux":
            raise WorkbookError(_lacking(missing))
        command = ["unshare", *_UNSHARE, "sh", "-c", _FIRST]
        # A session of its own: Ctrl-C reaches this process, which then ends the room in order.
        self._holder = subprocess.Popen(
            command, stdin=-1, stdout=-1, stderr=-1, text=True, env=self.environment, start_new_session=True
        )
        assert self._holder.stdout
        if self._holder.stdout.readline() != "ready\n":
            self._holder.kill()
            raise WorkbookError(refused(self._holder.communicate()[1]))
        self.pid = psutil.Process(self._holder.pid).children()[0].pid  # of the first process, as seen from outside

    def __enter__(self) -> "Room":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything in the room; calling it again does nothing."""
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(self.pid).kill()  # the room's first process: the kernel ends the others
        self._holder.communicate()

    def inside(self, command: str) -> list[str]:
        """The words that run a command line of the lesson in the room, from outside."""
        enter = ["nsenter", f"--target={self.pid}", "--user", "--mount", "--net", "--pid", "--preserve-credentials"]
        return [*enter, f"--wd={Path.cwd()}", *shlex.split(command)]

    def path(self, inside: str) -> str:
        """Where a file of the room can be reached from outside."""
        return f"/proc/{self.pid}/root{inside}"

    def show(self, command: str) -> None:
        """Run a command, and print it the first time."""
        if command not in self._shown:
            self._shown.add(command)
            self._console.print(f"$ {command}", style="dim", markup=False, soft_wrap=True)
        self.run(command)

    def run(self, command: str) -> str:
        """Run a command to its end and return what it printed. Raises WorkbookError where it fails."""
        done = subprocess.run(self.inside(command), capture_output=True, text=True, env=self.environment, check=False)
        if done.returncode != 0:
            raise WorkbookError(_failed(command, done.stderr))
        return done.stdout


def _for_the_cpu() -> str:
    return tr(
        "Two hosts on one machine need the CPU build (both would use the same cards): clone the workbook once more and run there "
        "`scripts/run.sh --cpu step2_two_hosts`; lesson 2.9 has the commands for two machines with cards.",
        "在一台机器上造两台主机需要 CPU 版（否则两边会用同样的显卡）：请另外克隆一份本项目，在那里运行 "
        "`scripts/run.sh --cpu step2_two_hosts`；两台有显卡的机器该用的命令见第 2.9 课。",
    )


def _lacking(missing: list[str]) -> str:
    if sys.platform != "linux":
        return tr(
            "Two hosts on one machine are made of Linux namespaces: run this in WSL2 or in a Linux machine.",
            "在一台机器上造出两台主机要用 Linux 的命名空间：请在 WSL2 或 Linux 机器里运行。",
        )
    return tr(
        f"The commands {listed(missing)} are missing: sudo apt-get install iproute2 util-linux",
        f"缺少命令 {listed(missing)}：sudo apt-get install iproute2 util-linux",
    )


# A switch of the kernel that forbids user namespaces, the value with which it does, and one with which it does not.
_SWITCHES = (
    ("kernel.apparmor_restrict_unprivileged_userns", 1, 0),
    ("kernel.unprivileged_userns_clone", 0, 1),
    ("user.max_user_namespaces", 0, 10000),
)


def refused(said: str, proc: Path = Path("/proc/sys")) -> str:
    """The sentence for a machine that gives no room; ``said``: by unshare."""
    why = (said.strip().splitlines() or ["?"])[-1]
    for name, forbids, allows in _SWITCHES:
        try:
            value = int((proc / name.replace(".", "/")).read_text())
        except (OSError, ValueError):
            continue
        if value == forbids:
            return tr(
                f"This system does not let you make namespaces ({name} is {value}): sudo sysctl -w {name}={allows}, "
                "which lasts until the next start, and run the script again.",
                f"系统不允许创建命名空间（{name} 为 {value}）：sudo sysctl -w {name}={allows}（重启后失效），然后重新运行脚本。",
            )
    return tr(
        f"This system does not let you make namespaces ({why}): if this is a container, run the script outside of it, "
        "or start the container with --privileged.",
        f"系统不允许创建命名空间（{why}）：如果这是容器，请在容器外运行脚本，或用 --privileged 启动容器。",
    )


def _failed(command: str, said: str) -> str:
    """The sentence for a command that failed in the room."""
    why = (said.strip().splitlines() or ["?"])[0].rstrip(".")
    if "veth" in command and "Unknown device type" in said:
        return tr(
            "This kernel has no veth, the cable between two namespaces: sudo modprobe veth, and run the script again.",
            "内核没有 veth（两个命名空间之间的网线）：sudo modprobe veth，然后重新运行脚本。",
        )
    if "qdisc" in command and "qdisc kind is unknown" in said:
        kind = next((k for k in ("tbf", "netem") if k in command), "?")
        return tr(
            f"This kernel cannot slow a link down with {kind}: sudo modprobe sch_{kind}, or leave the slow links out with --rates none.",
            f"内核不能用 {kind} 限速：sudo modprobe sch_{kind}，或加 --rates none 跳过限速部分。",
        )
    return tr(
        f"The command `{command}` failed ({why}): run it by hand in `unshare -Urnmpf --mount-proc` to see more.",
        f"命令 `{command}` 失败（{why}）：可在 `unshare -Urnmpf --mount-proc` 里手动运行查看详情。",
    )
