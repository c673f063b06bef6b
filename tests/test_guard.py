"""What killed runs leave in shared memory is removed, unless it is in use, young, or someone else's; a child ends with its own parent alone."""

import mmap
import os
import time
from pathlib import Path

from conftest import python

from workbook import guard


def test_stale_shared_memory_is_removed(tmp_path: Path) -> None:
    old = time.time() - 3600
    for name in ("vllm_dist_stale", "vllm_dist_used", "other"):
        (tmp_path / name).write_bytes(bytes(4096))
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "vllm_dist_young").touch()
    with (tmp_path / "vllm_dist_used").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        assert guard.remove_stale_shared_memory(tmp_path) == [tmp_path / "vllm_dist_stale"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "vllm_dist_used", "vllm_dist_young"]


ORPHAN = """
import multiprocessing, os, time
if __name__ == "__mp_main__":  # in the child, before the workbook is imported: until the parent is gone
    while os.getppid() == int(os.environ["TOP"]):
        time.sleep(0.01)
import workbook
if __name__ == "__mp_main__":
    print("the child goes on", flush=True)
if __name__ == "__main__":
    os.environ["TOP"] = str(os.getpid())
    multiprocessing.get_context("spawn").Process(target=print).start()
    print("the parent ends", flush=True)
    os._exit(0)
"""


def test_a_child_whose_parent_died_before_it_looked_ends(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    assert python(script).stdout == "the parent ends\n"  # read to its end, which is the child's too


LESSON = """
import subprocess, sys
import workbook
subprocess.run([sys.executable, sys.argv[1]], check=True)
"""
PLAIN = """
import multiprocessing
import extension
if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=extension.work)
    child.start()
    child.join()
    print("exit code", child.exitcode)
"""
EXTENSION = """
import multiprocessing
if multiprocessing.current_process().name != "MainProcess":
    import workbook
def work():
    print("at work", flush=True)
"""


def test_a_script_that_imports_nothing_of_ours_may_be_started_by_one_that_does(tmp_path: Path) -> None:
    """Its worker, which imports the workbook as vLLM's workers do for their extension, has another parent than was told."""
    for name, code in (("lesson", LESSON), ("plain", PLAIN), ("extension", EXTENSION)):
        (tmp_path / f"{name}.py").write_text(code)
    result = python(tmp_path / "lesson.py", tmp_path / "plain.py")
    assert (result.stdout, result.stderr) == ("at work\nexit code 0\n", "")


WATCHED = """
import multiprocessing, os, signal, threading, time
from multiprocessing.connection import wait
from workbook import guard

class Watch(guard.ChildWatch):
    def _report(self, name, signal_name):
        ended.append((name, signal_name))

def other(child):  # as vLLM's MPClientEngineMonitor: woken by the same end, and asks at the same moment
    wait([child.sentinel])
    child.exitcode

if __name__ == "__main__":
    ended = []
    watch = Watch()
    watch.start()
    for number in range(16):
        child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,), name=str(number))
        child.start()
        thread = threading.Thread(target=other, args=(child,))
        thread.start()
        time.sleep(0.6)  # the watch looks for new children twice a second
        os.kill(child.pid, signal.SIGKILL)
        thread.join()
    time.sleep(1)
    watch.stop()
    print(ended == [(str(number), "SIGKILL") for number in range(16)], ended)
"""


def test_the_watch_hears_of_every_end_though_another_thread_asks_too(tmp_path: Path) -> None:
    script = tmp_path / "watched.py"
    script.write_text(WATCHED)
    assert python(script).stdout.startswith("True")
