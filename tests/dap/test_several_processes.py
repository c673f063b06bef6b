"""EngineCore and both workers of TP=2 stop, wait as long as one likes, and go on; nothing is left however it ends."""

import os
import time
from pathlib import Path

import psutil
import pytest

from dap import session
from dap.client import Debugger
from dap.configuration import configuration
from workbook.course import symbols
from workbook.editor.launch import TWO_RANKS

pytestmark = pytest.mark.engine

# How long a learner reads at a stop in EngineCore, and at one in a worker. By hand: WORKBOOK_LONG_PAUSE=120
PAUSE_S = float(os.environ.get("WORKBOOK_LONG_PAUSE", "10"))
NAME = "vLLM: LLaMA on two ranks, with stops"
WORKER_STARTS = "vllm.v1.worker.cpu_worker:CPUWorker.init_device"


def test_engine_core_and_both_workers_stop_pause_and_go_on() -> None:
    core, *worker = TWO_RANKS
    with Debugger(configuration(NAME)) as debugger:
        stops: list[tuple[str, str]] = []
        paused: set[str] = set()
        while len(stops) < 1 + 2 * len(worker):
            stop = debugger.wait_for_stop(150)
            process = psutil.Process(stop.session.pid).name()
            symbol = next(s for s in TWO_RANKS if symbols.resolve(s).path == stop.top.path)
            stops.append((process, symbol))
            assert symbol.partition(":")[2] in debugger.console  # the note
            kind = process.rstrip("01")
            if kind not in paused:
                paused.add(kind)
                time.sleep(PAUSE_S)
            stop.go_on()
        ranks = {(f"VLLM::Worker_TP{rank}", symbol) for rank in (0, 1) for symbol in worker}
        assert set(stops) == {("VLLM::EngineCore", core), *ranks}
        assert debugger.wait_for_end(120) == 0
        assert "\nOutput: " in debugger.terminal


@pytest.mark.parametrize("how", ["disconnect", "terminate", "the adapter dies"])
def test_no_process_is_left(how: str) -> None:
    """The end comes while a worker stands at a stop, and EngineCore and the script wait for it."""
    with Debugger(configuration(NAME, WORKBOOK_STOPS=WORKER_STARTS)) as debugger:
        debugger.wait_for_stop(120)
        processes = [p for p in debugger.note_processes() if p != debugger.adapter]
        assert sum(p.name().startswith("VLLM::") for p in processes) >= 2, [p.name() for p in processes]
        if how == "disconnect":
            debugger.root.disconnect(terminate=True)
        elif how == "terminate":  # what the red square asks for first
            debugger.root.channel.request("terminate", {"restart": False})
        else:
            debugger.adapter.kill()
        _, alive = psutil.wait_procs(processes, timeout=10)
        assert alive == []


@pytest.mark.parametrize("asks", [True, False])
def test_a_child_is_announced_by_a_request_or_by_debugpys_own_event(
    asks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VSCode says that it takes ``startDebugging``; editors that do not are told by ``debugpyAttach``."""
    monkeypatch.setitem(session.ABOUT, "supportsStartDebuggingRequest", asks)
    script = tmp_path / "spawns.py"
    script.write_text(
        "import multiprocessing\n\n\ndef double(n):\n    return 2 * n\n\n\nif __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n        print(pool.map(double, [21]))\n"
    )
    chosen = configuration("vLLM: first inference") | {"program": str(script)}
    with Debugger(chosen, {script: [5]}) as debugger:
        stop = debugger.wait_for_stop()
        assert stop.session is not debugger.root
        assert stop.locals() == {"n": "21"}
        stop.go_on()
        assert debugger.wait_for_end() == 0
        assert "[42]" in debugger.terminal
