"""No process stays behind, and no script waits for a process that is gone.

vLLM 0.32.0 leaves three holes (all seen with ``tensor_parallel_size=2``):

* a script killed by SIGTERM or SIGKILL leaves EngineCore and its workers running for ever;
* an EngineCore that is killed leaves the script waiting for ever in ``SyncMPClient.get_output``,
  a ``queue.get()`` without a timeout;
* a Ctrl-C while the engine's processes start is swallowed (``vllm.utils.network_utils:zmq_socket_ctx``), and the
  script waits ten minutes for an engine that has ended.

The first is closed in the child: a spawned process imports the main script again, hence this
package, and asks the kernel to be killed when its parent dies. The others are closed in the
parent by a thread that watches its children, and repeats an interrupt that had no effect. This module knows processes and nothing of lessons.
"""

import contextlib
import ctypes
import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import psutil

from workbook.errors import WorkbookError
from workbook.i18n import tr

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_PARENT = "WORKBOOK_PARENT"  # for a spawned child: who should be its parent, and of which family
DEBUGGER = "WORKBOOK_DEBUGGER"  # "terminal": stops open a prompt of pdb (workbook.stops)
_GRACE_S = 3.0  # what vLLM gets to notice a dead child by itself


class ChildDiedError(WorkbookError):
    """A process of the engine was killed from outside while the script waited for it."""


def in_child() -> bool:
    """Whether this process was started by ``multiprocessing``.

    ``multiprocessing.parent_process()`` is still None while a spawned child imports the main script; its name is set.
    """
    return multiprocessing.current_process().name != "MainProcess"


def die_with_parent() -> None:
    """In a spawned child: have the kernel kill this process when its parent dies, however it dies.

    SIGKILL and not SIGTERM, because vLLM handles SIGTERM. A parent that died before this call is found by its id; what
    another program wrote there, as a script that started this one's parent with the same environment, says nothing.
    """
    if in_child() and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        expected, _, family = os.environ.get(_PARENT, "").partition(" ")
        if family == _family() and os.getppid() != int(expected):
            os._exit(1)
    os.environ[_PARENT] = f"{os.getpid()} {_family()}"


def _family() -> str:
    """The same in a script and in all that ``multiprocessing`` starts below it: made of the key that it hands down."""
    return hashlib.sha256(multiprocessing.current_process().authkey).hexdigest()[:16]


def debugged() -> bool:
    """Whether a debugger holds this process: pdb through its trace function, debugpy by its core, pydevd; or will at a stop."""
    return sys.gettrace() is not None or "pydevd" in sys.modules or DEBUGGER in os.environ


class ChildWatch(threading.Thread):
    """Raises :class:`ChildDiedError` in the main thread when it waits for a child that a signal has ended.

    A child that ends in any other way is left to vLLM, which reports it. A KeyboardInterrupt that was swallowed is
    raised again.
    """

    def __init__(self) -> None:
        super().__init__(name="workbook-child-watch", daemon=True)
        self._stopped = threading.Event()
        self._sentence = ""
        self._interrupted = False
        signal.signal(signal.SIGUSR2, self._raise)
        signal.signal(signal.SIGINT, self._interrupt)

    def run(self) -> None:
        """Wait on the children's sentinels; new children are found within half a second.

        vLLM watches them too. Where both ask at once how a child ended, one of them is told nothing, and the child is no
        longer among the active ones: so each is remembered until its exit code is known.
        """
        known: dict[int, BaseProcess] = {}
        while not self._stopped.is_set():
            if self._interrupted:
                self._repeat_interrupt()
            known |= {child.pid: child for child in multiprocessing.active_children() if child.pid is not None}
            if not known:
                self._stopped.wait(0.5)
                continue
            if wait([child.sentinel for child in known.values()], timeout=0.5):
                self._stopped.wait(0.01)  # whoever else was told has noted it by then
            for pid, child in list(known.items()):
                code = child.exitcode
                if code is None:
                    continue
                del known[pid]
                if code < 0 and -code not in (signal.SIGTERM, signal.SIGINT):
                    self._report(child.name, signal.Signals(-code).name)

    def stop(self) -> None:
        """From here on a child may end as it likes."""
        self._stopped.set()

    def _report(self, name: str, signal_name: str) -> None:
        deadline = time.monotonic() + _GRACE_S
        # Before the deadline vLLM may notice by itself; after it the main thread may still be busy elsewhere.
        while time.monotonic() < deadline or not _main_thread_waits_for_engine():
            if self._stopped.wait(0.1):
                return
        self._sentence = tr(
            f"The process {name} was ended by {signal_name}, so the engine cannot go on; if you did not do this, "
            "the machine ran out of memory (see `workbook doctor`): run the script again.",
            f"进程 {name} 被 {signal_name} 终止，引擎无法继续；如果不是你手动终止的，多半是内存不足"
            "（可用 `workbook doctor` 查看）：请重新运行脚本。",
        )
        self._signal()

    def _signal(self) -> None:
        """Raise in the main thread; again, should vLLM swallow it, until the script has begun to end."""
        while _main_thread_waits_for_engine():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR2)
            if self._stopped.wait(_GRACE_S):
                return

    def _raise(self, signum: int, frame: FrameType | None) -> None:
        raise ChildDiedError(self._sentence) if self._sentence else KeyboardInterrupt

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        self._interrupted = True
        raise KeyboardInterrupt

    def _repeat_interrupt(self) -> None:
        """The interrupt has ended the engine's processes as well: whoever still waits for them would wait in vain."""
        if not self._stopped.wait(_GRACE_S):
            self._signal()


def _main_thread_waits_for_engine() -> bool:
    """Whether some frame of the main thread is vLLM's client of EngineCore."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_globals.get("__name__") == "vllm.v1.engine.core_client":
            return True
        frame = frame.f_back
    return False


def end_children(timeout_s: float = 5.0) -> None:
    """End every process below this one: SIGTERM, then SIGKILL after ``timeout_s`` seconds.

    Python's resource tracker is spared: it ends by itself and then removes the shared memory that is left.
    """
    children = [c for c in psutil.Process().children(recursive=True) if not _is_resource_tracker(c)]
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    _, alive = psutil.wait_procs(children, timeout=timeout_s)
    for child in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def _is_resource_tracker(process: psutil.Process) -> bool:
    try:
        return any("multiprocessing.resource_tracker" in part for part in process.cmdline())
    except psutil.Error:
        return False


def remove_stale_shared_memory(folder: Path = Path("/dev/shm")) -> list[Path]:
    """Delete what killed TP runs left in shared memory (``vllm_dist_*``, 4 MiB a rank) and no process uses any more."""
    left = [path for path in folder.glob("vllm_dist_*") if _old_and_ours(path)]
    if not left:
        return []
    mapped = "".join(_maps(process) for process in psutil.process_iter())
    stale = [path for path in left if str(path) not in mapped]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def _old_and_ours(path: Path) -> bool:
    try:
        status = path.stat()
    except OSError:  # gone meanwhile
        return False
    return status.st_uid == os.getuid() and time.time() - status.st_mtime > 60  # not one that is just being made


def _maps(process: psutil.Process) -> str:
    try:
        return Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
