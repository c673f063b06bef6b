"""Whatever the learner's code does, a grade ends: in time, in one sentence, with no process left and nothing changed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grading.course import COMMAND, Course

HEAD = "def kv_blocks(prompt_tokens, forward_pass, block_size):\n"
RIGHT = "-(-(prompt_tokens + forward_pass - 1) // block_size)"
CTYPES = "import ctypes\n"
OS = "import os, time\n"

# code -> (verdict, line, what is said)
ACCIDENTS = {
    "endless loop": (HEAD + "    while True: pass\n", "failed", 2, "No result after 1 seconds"),
    "endless loop at import": ("while True: pass\n" + HEAD + "    return 1\n", "failed", 1, "No result after 1"),
    "sleep": (OS + HEAD + "    time.sleep(60)\n", "failed", 3, "No result after 1 seconds"),
    "100 MB": (
        OS + HEAD + "    os.write(1, b'x' * 100_000_000)\n    return 1\n",
        "failed",
        None,
        "printed more than 8",
    ),
    "endless output": (HEAD + "    while True:\n        print('x' * 99)\n", "failed", None, "printed more than 8 MiB"),
    "os._exit": (OS + HEAD + "    os._exit(0)\n", "failed", None, "ended the process (exit code 0)"),
    "segfault": (CTYPES + HEAD + "    ctypes.string_at(0)\n", "failed", 3, "The process crashed (SIGSEGV)"),
    "killed": (OS + HEAD + "    os.kill(os.getpid(), 9)\n", "failed", None, "ran out of memory"),
    "sys.exit": ("import sys\n" + HEAD + "    sys.exit(0)\n", "failed", 3, "calls sys.exit(0)"),
    "sys.exit at import": ("import sys\nsys.exit(3)\n" + HEAD + "    return 1\n", "failed", 2, "calls sys.exit(3)"),
    "exception": (HEAD + "    return 1 // (forward_pass - 1)\n", "failed", 2, "raises ZeroDivisionError"),
    "no keyboard": (HEAD + "    return int(input())\n", "failed", 2, "reads from the keyboard"),
    "memory": (HEAD + "    return len([0] * 10**10)\n", "failed", 2, "ran out of memory (the limit is 4 GiB)"),
    "recursion": (HEAD + "    return kv_blocks(1, 2, 3)\n", "failed", 2, "calls itself without end"),
    "import": ("import no_such\n" + HEAD + "    return 1\n", "failed", 1, "An import fails (ModuleNotFoundError"),
    "name": ("print(no_such)\n" + HEAD + "    return 1\n", "failed", 1, "The file cannot be imported (NameError"),
    "syntax": (HEAD + "    return 1 +\n", "failed", 2, "Python cannot read line 2 (invalid syntax)"),
    "no function": ("x = 1\n", "failed", None, "The file defines no kv_blocks"),
    "parameters": ("def kv_blocks(a, b): return 1\n", "failed", 1, "It takes (a, b), and the exercise gives (prompt_t"),
    "half done": (
        HEAD + f"    if forward_pass < 9:\n        return {RIGHT}\n    raise NotImplementedError\n",
        "failed",
        4,
        "is still reached",
    ),
    "closed files": (OS + HEAD + "    os.closerange(0, 99)\n    return 1\n", "failed", None, "ended the process"),
    "exception without text": (
        "class E(Exception):\n    def __str__(self): raise self\n" + HEAD + "    raise E\n",
        "failed",
        4,
        "kv_blocks raises E",
    ),
}

VALUES = {
    "str": ("'2'", "'2'", "type str, where int is due"),
    "float": ("1.0", "1.0", "a float, where an int is due: `//`"),
    "bool": ("True", "True", "type bool, where int is due"),
    "nothing": ("None", "None", "a `return` is missing"),
    "object": ("object()", "<object object at", "type object, where int is due"),
    "generator": ("(x for x in [1])", "<generator object", "type generator, where int is due"),
    "list in itself": ("(x := []).append(x) or x", "…", "type list, where int is due"),
    "5,000 digits": ("10 ** 5000", "a number of more than 4,300 digits", ""),
    "long text": ("'x' * 10**6", "'" + "x" * 70, "type str"),
}


@pytest.fixture(autouse=True)
def _nothing_stays_behind(tmp_path: Path) -> Iterator[None]:
    yield
    assert [process for process in psutil.process_iter() if below(process, tmp_path)] == []


def below(process: psutil.Process, folder: Path) -> bool:
    """Whether it runs in the folder, as the learner's code and all that it starts does."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(folder)
    except (psutil.Error, OSError):
        return False


@pytest.mark.parametrize("name", ACCIDENTS)
def test_accident(course: Course, name: str) -> None:
    code, verdict, line, said = ACCIDENTS[name]
    start = time.monotonic()
    assert course.grade("kv_blocks", HEAD + f"    return {RIGHT}\n").verdict == "passed"
    usual = time.monotonic() - start  # on this machine, as busy as it is
    start = time.monotonic()
    result = course.grade("kv_blocks", code, time_limit=1.0 if "No result" in said else 20.0)
    assert time.monotonic() - start < 4 + 4 * usual
    assert (result.verdict, said in result.what) == (verdict, True), result.what
    assert "\n" not in result.what
    if line is not None:
        assert result.line == line
    assert course.exercise("kv_blocks").path.read_text() == code
    assert not list(course.stages.rglob("__pycache__"))


@pytest.mark.parametrize("name", VALUES)
def test_value(course: Course, name: str) -> None:
    value, shown, note = VALUES[name]
    result = course.grade("kv_blocks", HEAD + f"    return {value}\n")
    assert result.verdict == "differs"
    assert result.difference
    assert result.difference.got.startswith(shown)
    assert len(result.difference.got) <= 72
    assert note in result.difference.note


def test_the_chinese_learner_gets_chinese(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", "zh")
    for name, (code, _, _, _) in ACCIDENTS.items():
        if name not in ("sleep", "endless loop", "endless loop at import"):
            said = course.grade("kv_blocks", code).what
            assert any("\u4e00" <= letter <= "\u9fff" for letter in said), said


def test_an_argument_that_is_changed(course: Course) -> None:
    code = "def kv_bytes(config, block_size, blocks):\n    config.pop('dtype')\n    return 1, 2\n"
    result = course.grade("kv_bytes", code)
    assert result.verdict == "differs"  # a wrong value is the first thing to say
    right = (
        course.exercise("kv_bytes")
        .solution.read_text()
        .replace("    return token", "    config.clear()\n    return token")
    )
    result = course.grade("kv_bytes", right)
    assert result.verdict == "failed"
    assert "kv_bytes changes its argument `config`" in result.what


def test_output_is_kept_short_and_shown(course: Course) -> None:
    result = course.grade("kv_blocks", HEAD + "    print('here', forward_pass)\n    breakpoint()\n    return 0\n")
    assert result.output.startswith("here 1\n")
    assert result.output.endswith("\n")
    assert "here 50" in result.output


def test_processes_that_leave_the_group_are_ended(course: Course) -> None:
    code = (
        OS
        + HEAD
        + (
            "    if forward_pass == 1 and os.fork() == 0:\n"
            "        os.setsid()\n"
            "        if os.fork() == 0:\n"
            "            time.sleep(300)\n"
            "        os._exit(0)\n"
            f"    return {RIGHT}\n"
        )
    )
    assert course.grade("kv_blocks", code).verdict == "passed"


def test_helpers_beside_the_exercise_can_be_imported(course: Course) -> None:
    (course.exercise("kv_blocks").path.parent / "my_helpers.py").write_text("def up(a, b):\n    return -(-a // b)\n")
    code = f"from my_helpers import up\n{HEAD}    return up(prompt_tokens + forward_pass - 1, block_size)\n"
    assert course.grade("kv_blocks", code).verdict == "passed"


def test_an_exercise_that_another_uses_is_named_where_it_is_not_written(course: Course) -> None:
    course.write(
        "kv_blocks", "from kv_bytes import kv_bytes\n\ndef kv_blocks(a, b, c):\n    return kv_bytes(a, b, c)\n"
    )
    result = course.grade("kv_blocks")
    assert result.verdict == "failed"
    assert "still reached in kv_bytes.py, which kv_blocks uses" in result.what
    assert result.line == 4
    course.write("kv_bytes", "def kv_bytes(a, b, c):\n    return 1 // 0\n")
    assert course.grade("kv_blocks").what.endswith("by zero in kv_bytes.py")


def test_a_library_named_like_the_exercise_is_still_found(course: Course) -> None:
    """The learner's folder comes last in the search: an exercise called ``random`` must not hide Python's."""
    (course.exercise("kv_blocks").path.parent / "random.py").write_text("raise SystemExit\n")
    code = f"import random\nassert random.random\n{HEAD}    return {RIGHT}\n"
    assert course.grade("kv_blocks", code).verdict == "passed"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ending_the_grader_ends_the_learners_code(course: Course, how: signal.Signals) -> None:
    started = course.notes / "started"
    code = f"open({str(started)!r}, 'x').close()\nwhile True: pass\n"
    course.write("kv_blocks", code + HEAD + "    return 1\n")
    grader = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "grade", "kv_blocks"],
        env={**os.environ, **course.environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not started.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    runner = psutil.Process(grader.pid).children()[0]
    grader.send_signal(how)
    assert grader.wait(timeout=60) != 0
    gone, alive = psutil.wait_procs([runner], timeout=60)
    assert (len(gone), alive) == (1, [])
    assert not (course.notes / "grades.json").exists()
