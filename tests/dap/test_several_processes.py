"""EngineCore and both workers of TP=2 stop, wait as long as one likes, and go on; nothing is left however it ends."""

import os
import signal
import time

import psutil
import pytest

from dap.client import Debugger
from dap.configuration import configuration
from workbook.course import symbols
from workbook.editor.launch import TWO_RANKS

pytestmark = pytest.mark.engine

# How long a learner reads at a stop in EngineCore, and at one in a worker. By hand: WORKBOOK_LONG_PAUSE=120
PAUSE_S = float(os.environ.get("WORKBOOK_LONG_PAUSE", "15"))
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
            kind = process.rstrip("01")
            if kind not in paused:
                paused.add(kind)
                time.sleep(PAUSE_S)
            stop.go_on()
        ranks = {(f"VLLM::Worker_TP{rank}", symbol) for rank in (0, 1) for symbol in worker}
        assert set(stops) == {("VLLM::EngineCore", core), *ranks}
        assert debugger.wait_for_end(120) == 0
        assert "\nOutput: " in debugger.terminal


@pytest.mark.parametrize("how", ["disconnect", "terminate", "the adapter dies", "the terminal closes"])
def test_no_process_is_left(how: str) -> None:
    """The end comes while a worker stands at a stop, EngineCore and the script wait for it."""
    with Debugger(configuration(NAME, WORKBOOK_STOPS=WORKER_STARTS)) as debugger:
        debugger.wait_for_stop(120)
        processes = debugger.note_processes()
        assert sum(p.name().startswith("VLLM::") for p in processes) >= 1, [p.name() for p in processes]
        if how == "terminate":
            debugger.root.channel.request("terminate", {"restart": False})
        elif how == "the adapter dies":
            debugger.adapter.kill()
        elif how == "the terminal closes":
            os.killpg(debugger.terminals[0].process.pid, signal.SIGHUP)
        if how != "disconnect":
            assert debugger.left_over(10) == []
