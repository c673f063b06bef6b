"""What $WORKBOOK_STOPS may hold, and what becomes of it."""

import os
import signal
import subprocess
import sys

import pytest
from conftest import one_sentence, python

from workbook.course import lessons
from workbook.errors import WorkbookError
from workbook.stops import VARIABLE, debugger, environment, spec

SCHEDULE = "vllm.v1.core.sched.scheduler:Scheduler.schedule"


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        (SCHEDULE, spec.Stop(SCHEDULE)),
        (f" {SCHEDULE}@12 ", spec.Stop(SCHEDULE, 12)),
        (f"{SCHEDULE} if len(self.waiting) > 1", spec.Stop(SCHEDULE, 1, "len(self.waiting) > 1")),
        (f"{SCHEDULE}@2 if throttle_prefills", spec.Stop(SCHEDULE, 2, "throttle_prefills")),
    ],
)
def test_a_stop_as_one_writes_it(text: str, stop: spec.Stop) -> None:
    assert spec.parse(text) == stop


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Scheduler.schedule", "is no stop: write package.module:Class.method"),
        (f"{SCHEDULE}@0", "is no stop"),
        (f"{SCHEDULE}@two", "is no stop"),
        (f"{SCHEDULE} if a b", "is no Python expression"),
    ],
)
def test_what_is_none_is_said(text: str, why: str) -> None:
    with pytest.raises(WorkbookError, match=why):
        spec.parse(text)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("nowhere.at.all:f", "There is no module nowhere.at.all: look for the name with `workbook where f`"),
        ("foo:shedule", "There is no module foo: did you mean vllm.*`workbook where NAME`"),
        ("vllm.v1.engine.core:EngineCore.stepp", "no stepp: did you mean vllm.v1.engine.core:EngineCore.step, "),
        ("vllm.v1.core.sched.nothing:f", "There is no module vllm.v1.core.sched.nothing"),
        ("vllm.v1.core.sched.scheduler:Scheduler.gone", "defines no gone"),
        ("vllm.v1.core.sched.scheduler:Scheduler", "is a class: name one of its methods"),
    ],
)
def test_a_symbol_that_moved_is_found_out_without_an_import(at: str, why: str) -> None:
    with pytest.raises(WorkbookError, match=why):
        spec.check(spec.Stop(at))
    assert "vllm.v1.core.sched.nothing" not in sys.modules


def test_a_symbol_that_its_module_only_imports_is_the_same_function() -> None:
    spec.check(spec.Stop("vllm.v1.engine.core:get_hash_fn_by_name"))


def _lesson_with_stops() -> lessons.Lesson:
    return next(lesson for lesson in lessons.all_lessons() if lesson.header.stops and lesson.header.script)


@pytest.mark.parametrize("by", ["lesson", "number"])
def test_a_lesson_is_resolved_once_and_read_by_the_children(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    lesson = _lesson_with_stops()
    script = f"my_debug_scripts/{lesson.header.script}.py"
    monkeypatch.setattr(sys, "argv", [script])
    monkeypatch.setenv(VARIABLE, "lesson" if by == "lesson" else lesson.number)
    stops = spec.for_this_process()
    here = [stop for stop in lesson.header.stops if stop.runner in (None, spec.runner())]
    assert [(s.at, s.hit, s.when, s.look) for s in stops] == [(s.at, s.hit, s.when, s.look.en) for s in here]
    assert stops[0].title == f"Lesson {lesson.number} · stop 1 of {len(here)}"
    monkeypatch.setattr(lessons, "all_lessons", lambda *_: pytest.fail("a child opened the lessons"))
    assert spec.for_this_process() == stops


def test_a_wrong_entry_leaves_the_others(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(debugger, "_stderr", 2)
    monkeypatch.setenv(VARIABLE, f"nonsense; {SCHEDULE}@2\nvllm.v1.core.sched.scheduler:gone")
    assert spec.for_this_process() == [spec.Stop(SCHEDULE, 2)]
    first, second = capfd.readouterr().err.splitlines()
    assert "'nonsense' is no stop" in first
    assert (
        "vllm.v1.core.sched.scheduler defines no gone: look for the name with `workbook where gone`; the run" in second
    )


def test_the_timeouts_are_those_that_vllm_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    import vllm.envs

    for name, value in environment().items():
        monkeypatch.delenv(name, raising=False)
        default = getattr(vllm.envs, name)
        monkeypatch.setenv(name, value)
        assert getattr(vllm.envs, name) == 24 * 60 * 60 > default


PLAIN = """
import sys, workbook
from vllm.v1.core.kv_cache_utils import FreeKVCacheBlockQueue as Queue
assert not any(type(finder).__module__.startswith("workbook") for finder in sys.meta_path)
assert Queue.popleft.__code__.co_names.count("_workbook_stop_") == 0
loaded = sorted(name for name in sys.modules if name.startswith("workbook.stops"))
print(loaded)
"""


def test_a_plain_run_loads_nothing() -> None:
    result = python("-c", PLAIN)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


def test_stops_without_a_debugger_touch_nothing() -> None:
    result = python("-c", PLAIN, WORKBOOK_STOPS="vllm.v1.core.kv_cache_utils:FreeKVCacheBlockQueue.popleft")
    assert result.returncode == 0, result.stderr
    assert "workbook.stops.imports" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["llama_debug", "--at", "vllm.v1.core.sched.scheduler:Scheduler.gone"], "defines no gone"),
        (["llama_debug", "--at", SCHEDULE], "asks in a terminal, and its input or output is not one"),
        (["no_script"], "There is no script 'no_script'"),
        (["llama_debug", "--at", SCHEDULE, "--when", "a b"], "is no Python expression"),
    ],
)
def test_workbook_debug_says_what_is_wrong_before_anything_starts(arguments: list[str], part: str) -> None:
    code = "from workbook.cli import main; main()"
    one_sentence(python("-c", code, "debug", *arguments), part)


def test_attach_without_a_listener_and_stack_without_a_process() -> None:
    code = "from workbook.cli import main; main()"
    one_sentence(python("-c", code, "attach", "65000"), "No script listens on port 65000", "--listen")
    one_sentence(python("-c", code, "attach", "--stack", "4194999"), "There is no process 4194999")


def test_stack_of_a_process_and_of_its_children() -> None:
    """One of the children is not Python."""
    inner = "import time\ndef waits_below():\n    print(flush=True)\n    time.sleep(60)\nwaits_below()"
    outer = f"import subprocess, sys\nsubprocess.Popen(['sleep', '60'])\nsubprocess.Popen([sys.executable, '-c', {inner!r}]).wait()"
    process = subprocess.Popen([sys.executable, "-c", outer], start_new_session=True, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()  # it is there
        code = "from workbook.cli import main; main()"
        result = python("-c", code, "attach", "--stack", str(process.pid))
        assert result.returncode == 0, result.stderr
        assert "wait (subprocess.py" in result.stdout
        assert "waits_below" in result.stdout
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
