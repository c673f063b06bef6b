"""Every configuration that launches something starts it, and the first line of the learner's code stops."""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from dap.client import Debugger
from dap.configuration import configuration, launch_json
from workbook.course import lessons

pytestmark = pytest.mark.engine
SCHEDULE = "vllm.v1.core.sched.scheduler:Scheduler.schedule"
PROGRAMS = [c["name"] for c in launch_json()["configurations"] if "program" in c]
FIRST_STOP_S = 18  # from F5 to the first stop in schedule(), where the plain script takes 11 s


def first_line_of_main(script: Path) -> int:
    lines = script.read_text(encoding="utf-8").splitlines()
    start = lines.index("def main() -> None:") + 1
    return next(n for n, line in enumerate(lines[start:], start + 1) if re.match(r"    [^#\s\"]", line))


@pytest.mark.parametrize("name", PROGRAMS)
def test_script_starts_and_stops_in_its_main(name: str) -> None:
    chosen = configuration(name, inputs={"script": "step1_basic_llama", "model": "tiny"})
    script = Path(chosen["program"])
    line = first_line_of_main(script)
    with Debugger(chosen, {script: [line]}) as debugger:
        stop = debugger.wait_for_stop(60)
        assert (stop.reason, stop.top.path, stop.top.line, stop.top.name) == ("breakpoint", script, line, "main")
        assert stop.session is debugger.root


def test_the_open_test_file_runs(tmp_path: Path) -> None:
    path = tmp_path / "with a space" / "test_mine.py"
    path.parent.mkdir()
    path.write_text("def test_mine():\n    number = 41\n    assert number + 1 == 42\n")
    with Debugger(configuration("Tests: the open file", file=path), {path: [3]}) as debugger:
        stop = debugger.wait_for_stop()
        assert stop.locals() == {"number": "41"}
        stop.go_on()
        assert debugger.wait_for_end() == 0
        assert "1 passed" in debugger.terminal


def test_the_open_exercise_is_graded_and_the_learners_function_stops(tmp_path: Path) -> None:
    """The function is called in a process of its own, which has a time limit where no debugger is."""
    lesson = next((found for found in lessons.all_lessons() if found.header.script == "step1_basic_llama"), None)
    if lesson is None or not lesson.header.exercises:
        pytest.skip("no lesson on step1_basic_llama has an exercise")
    name = lesson.header.exercises[0]
    course = tmp_path / "my course"  # a copy, because the learner's own file stays as it is
    for folder in ("stages", "workbook"):
        shutil.copytree(ROOT / folder, course / folder)
    shutil.copytree(ROOT / "tests" / "recordings" / "first", course / "notes" / "runs" / "step1_basic_llama" / "one")
    path = course / lesson.exercise(name).relative_to(ROOT)
    shutil.copy(lesson.solution(name), path)
    function = next(n for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.FunctionDef))
    line = function.body[-1].lineno
    chosen = configuration(
        "Exercise: grade the open file",
        file=path,
        workspace=course,
        WORKBOOK_NOTES=str(course / "notes"),
        PYTHONPATH=str(course),
        WORKBOOK_LANG="en",
    )
    with Debugger(chosen, {path: [line]}) as debugger:
        stop = debugger.wait_for_stop()
        assert (stop.top.path, stop.top.line, stop.top.name) == (path, line, function.name)
        assert stop.session is not debugger.root
        assert {argument.arg for argument in function.args.args} <= stop.locals().keys()
        stop.session.channel.request("setBreakpoints", {"source": {"path": str(path)}, "breakpoints": []})
        stop.go_on()
        assert debugger.wait_for_end() == 0
        assert "agree" in debugger.terminal


def test_first_stop_comes_soon_and_what_cannot_be_armed_is_one_sentence() -> None:
    listed = f"vllm.v1.core.sched.scheduler:Scheduler.no_such_method\nvllm.no_such_module:f\n{SCHEDULE}@2"
    with Debugger(configuration("vLLM: LLaMA, step by step", WORKBOOK_STOPS=listed)) as debugger:
        stop = debugger.wait_for_stop(90)
        seconds = time.monotonic() - debugger.started
        assert (stop.top.name, stop.top.path.name) == ("schedule", "scheduler.py")
        assert stop.evaluate("self.running[0].num_output_tokens") == "1"  # the second call
        for text in (debugger.console, debugger.terminal):
            for symbol in ("vllm.v1.core.sched.scheduler:Scheduler.no_such_method", "vllm.no_such_module:f"):
                assert sum(line.startswith(f"No stop at {symbol}: ") for line in text.splitlines()) == 1, text
        stop.go_on()
        assert debugger.wait_for_end(60) == 0
        print(f"launch to first stop: {seconds:.1f} s")
        assert seconds < 2 * FIRST_STOP_S


@pytest.mark.parametrize("by", ["a port", "its id"])
def test_attach(by: str, tmp_path: Path) -> None:
    if by == "its id" and not shutil.which("gdb"):
        pytest.skip("debugpy enters a running process through gdb, which is not installed")
    script = tmp_path / "waits.py"
    script.write_text("import time, workbook\nn = 0\nwhile n < 2000:\n    n += 1\n    time.sleep(0.05)\n")
    listen = {"WORKBOOK_LISTEN": "5678"} if by == "a port" else {}
    attached = (c for c in launch_json()["configurations"] if c["request"] == "attach")
    name = next(c["name"] for c in attached if ("connect" in c) == (by == "a port"))
    with subprocess.Popen([sys.executable, script], env={**os.environ, **listen}) as process:
        try:
            time.sleep(3)
            with Debugger(configuration(name, process=process.pid), {script: [4]}) as debugger:
                stop = debugger.wait_for_stop(60)
                assert (stop.top.path, stop.top.line) == (script, 4)
                assert int(stop.evaluate("n")) > 10
            assert process.poll() is None  # the red square only lets go of it: it was not started here
        finally:
            process.kill()
