"""Under debugpy without an engine: imports are not traced, breakpoints work; a script that listens, on this machine only."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import ROOT, python
from dap.client import Debugger
from dap.configuration import launch_json, resolved

from workbook.stops import attach

INSTALLED = """\
import sys
traced = sys.gettrace() is not None
value = 1
import learners
def function(n):
    inside = n
    return inside
"""
LEARNERS = """\
import sys
traced = sys.gettrace() is not None
value = 2
"""
SCRIPT = """\
import workbook
import sys
import installed, learners
def own():
    here = 1
    return here
own()
installed.function(2)
print("traced", installed.traced, learners.traced, sys.gettrace() is not None)
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A script, a module of its learner's, and one that is installed and imports the other."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    named = {
        "installed": packages / "installed.py",
        "learners": tmp_path / "learners.py",
        "script": tmp_path / "script.py",
    }
    for (_, path), text in zip(named.items(), (INSTALLED, LEARNERS, SCRIPT), strict=True):
        path.write_text(text)
    return named


def launch(files: dict[str, Path], **env: str) -> dict[str, Any]:
    path = f"{files['installed'].parent}{os.pathsep}{ROOT}"
    return resolved(
        {
            "name": "test",
            "type": "debugpy",
            "request": "launch",
            "program": str(files["script"]),
            "justMyCode": False,
            "subProcess": True,
            "env": {"PYTHONPATH": path, "WORKBOOK_LANG": "en", **env},
        }
    )


needs_settrace = pytest.mark.skipif(sys.version_info >= (3, 12), reason="debugpy uses sys.monitoring here")


@needs_settrace
def test_installed_modules_are_imported_untraced(files: dict[str, Path]) -> None:
    with Debugger(launch(files)) as debugger:
        assert debugger.wait_for_end() == 0
        assert "traced False True True" in debugger.terminal


@needs_settrace
def test_imports_are_traced_on_request(files: dict[str, Path]) -> None:
    with Debugger(launch(files, WORKBOOK_TRACE_IMPORTS="1")) as debugger:
        assert debugger.wait_for_end() == 0
        assert "traced True True True" in debugger.terminal


def test_breakpoints_bind_in_the_script_in_functions_and_in_modules(files: dict[str, Path]) -> None:
    """Also on a line of an installed module's own body, and in a function of a module that was imported untraced."""
    places = {files["script"]: [5], files["learners"]: [3], files["installed"]: [3, 6]}
    seen = []
    with Debugger(launch(files), breakpoints=places) as debugger:
        for _ in range(4):
            stop = debugger.wait_for_stop()
            seen.append((stop.top.path.name, stop.top.line))
            stop.go_on()
        assert debugger.wait_for_end() == 0
    assert seen == [("installed.py", 3), ("learners.py", 3), ("script.py", 5), ("installed.py", 6)]


def test_step_over_an_import_goes_to_the_next_line(files: dict[str, Path]) -> None:
    with Debugger(launch(files), breakpoints={files["script"]: [3]}) as debugger:
        stop = debugger.wait_for_stop()
        assert (stop.top.path.name, stop.next().top.line) == ("script.py", 4)
        stop.go_on()
        assert debugger.wait_for_end() == 0


def test_a_stop_and_its_note_in_the_debug_console(files: dict[str, Path]) -> None:
    with Debugger(launch(files, WORKBOOK_STOPS="installed:function if n == 2; installed:gone")) as debugger:
        stop = debugger.wait_for_stop()
        assert (stop.top.name, stop.top.path, stop.top.line) == ("function", files["installed"], 6)
        assert stop.locals() == {"n": "2"}
        assert "Stop · function" in debugger.console
        assert stop.next().top.line == 7
        stop.go_on()
        assert debugger.wait_for_end() == 0
        sentence = "No stop at installed:gone: installed has no gone in this version; the run goes on without it."
        assert sentence in debugger.terminal
        assert sentence in debugger.console


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_script_that_listens(files: dict[str, Path], port: int) -> None:
    """On 127.0.0.1 and nowhere else; found by workbook attach; the debugger connects, and the stops stop."""
    environment = {"WORKBOOK_LISTEN": f"{port} wait", "WORKBOOK_STOPS": "installed:function", "WORKBOOK_LANG": "en"}
    process = subprocess.Popen(
        [sys.executable, files["script"]],
        env={**os.environ, **launch(files)["env"], **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert f"Waiting for a debugger on 127.0.0.1:{port}" in process.stderr.readline()
        [found] = [one for one in attach.listening() if one.port == port]
        assert (found.pid, found.script) == (process.pid, "script.py")
        result = python("-c", "from workbook.cli import main; main()", "attach", str(port))
        assert f"script.py · {process.pid} · 127.0.0.1:{port}" in result.stdout
        assert attach.CONFIGURATION in result.stdout
        sockets = [c.laddr for c in psutil.net_connections() if c.status == psutil.CONN_LISTEN and c.laddr]
        addresses = {address.ip for address in sockets if address.port == port}
        assert addresses == {"127.0.0.1"}
        connect = {"request": "attach", "connect": {"host": "127.0.0.1", "port": port}, "justMyCode": False}
        with Debugger(resolved({"name": "attach", "type": "debugpy", **connect})) as debugger:
            stop = debugger.wait_for_stop()
            assert (stop.top.name, stop.top.path) == ("function", files["installed"])
            stop.go_on()
            debugger.wait_for_end()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    deadline = time.monotonic() + 60
    while [one for one in attach.listening() if one.port == port]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_nobody_connects_and_the_script_runs_to_its_end(files: dict[str, Path], port: int) -> None:
    environment = {**launch(files)["env"], "WORKBOOK_LISTEN": str(port), "WORKBOOK_STOPS": "installed:function"}
    result = python(files["script"], **environment)
    assert result.returncode == 0
    assert result.stderr == f"A debugger can connect to 127.0.0.1:{port}: `workbook attach` says how.\n"


def test_ctrl_c_while_it_waits_is_130(files: dict[str, Path], port: int) -> None:
    environment = {**os.environ, **launch(files)["env"], "WORKBOOK_LISTEN": f"{port} wait"}
    process = subprocess.Popen([sys.executable, files["script"]], env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "Waiting" in process.stderr.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.parametrize(
    ("value", "part"), [("eighty", "is no port"), ("80", "is no port"), ("taken", "is taken by another")]
)
def test_a_port_that_cannot_be_is_one_sentence_and_the_run_goes_on(
    files: dict[str, Path], value: str, part: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = str(server.getsockname()[1]) if value == "taken" else value
        result = python(files["script"], **launch(files)["env"], WORKBOOK_LISTEN=number)
    assert result.returncode == 0
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert part in result.stderr


def test_the_configuration_that_attach_names_is_in_launch_json() -> None:
    assert attach.CONFIGURATION in [configuration["name"] for configuration in launch_json()["configurations"]]
