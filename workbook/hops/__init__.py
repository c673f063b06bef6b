"""A trace made by the run itself: which functions of vLLM were entered, in which process, in which order, with what.

    hops.install([Hop("vllm.v1.core.sched.scheduler:Scheduler.schedule", show="len(self.waiting)"), ...], run.folder)
    ...                      # import vLLM, build the engine
    with hops.window(run.folder):
        llm.generate(...)    # calls in here are noted, in every process of the engine
    for hop in hops.read(run.folder): ...

The functions are found by their symbols and get one statement more (:mod:`workbook.stops.arming` says how): vLLM has no hook at
these places, and its own ``VLLM_TRACE_FUNCTION`` notes every call of every function, at a cost of minutes and hundreds of
megabytes. A function whose first calls have been noted gets its own code back. Under a debugger nothing is traced, since
the lesson stops change the same functions.
"""

import os

from workbook.hops import entering  # here, so that stops.debugger meets the terminal before vLLM's log takes its place
from workbook.hops.records import VARIABLE, Call, Hop, read, window
from workbook.stops import debugger

__all__ = ["Call", "Hop", "install", "install_if_asked", "read", "window"]


def install(hops: list[Hop], folder: os.PathLike[str]) -> bool:
    """Trace ``hops`` in this process and in those that it will start; before vLLM is imported. False under a debugger."""
    if debugger.present():
        return False
    entering.announce(hops, folder)
    entering.install()
    return True


def install_if_asked() -> None:
    """In a process of the engine: trace what the script asked for."""
    if os.environ.get(VARIABLE):
        entering.install()
