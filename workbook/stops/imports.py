"""Arms a module's stops as soon as it has been imported, and spares the debugger the imports.

A debugger's trace function makes ``import vllm`` twice as slow, and a learner steps through functions, not through the bodies of a
thousand modules. So tracing is off while the body of an installed module runs, in the script, in EngineCore and in the workers; it is
on for a file that has a breakpoint of the learner's. From launch to the first ``Scheduler.schedule`` the script then computes for 11 to
12 s instead of 18 to 20 (without a debugger 9.6 s; two cores, Python 3.11). Functions that modules call while they are imported are
not traced either: ``WORKBOOK_TRACE_IMPORTS=1`` turns all of this off.
"""

import os
import sys
import sysconfig
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from workbook.importing import Execute, Finder
from workbook.stops import debugger, hits, timeouts
from workbook.stops.spec import Stop

_STANDARD = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sys.prefix)


def install(stops: Sequence[Stop]) -> None:
    """Arm ``stops``: those whose module is there now, the others when it comes."""
    by_module: dict[str, list[Stop]] = {}
    for stop in stops:
        by_module.setdefault(stop.module, []).append(stop)
    for name in list(by_module):
        if module := sys.modules.get(name):
            hits.arm(module, by_module.pop(name))
    Finder(_Imports(by_module).around).install()


class _Imports:
    """What is done around the import of a module."""

    def __init__(self, stops: dict[str, list[Stop]]) -> None:
        self._stops = stops
        self._tracing = _Tracing() if not os.environ.get("WORKBOOK_TRACE_IMPORTS") else None

    def around(self, execute: Execute, module: ModuleType, spec: ModuleSpec) -> None:
        """Import without tracing, then arm."""
        if self._tracing is None:
            execute(module)
        else:
            self._tracing.run(execute, module, spec.origin or "")
        if spec.name == timeouts.HANDSHAKE_MODULE:
            timeouts.lengthen_handshake(module)
        if stops := self._stops.pop(spec.name, None):
            hits.arm(module, stops)


class _Tracing:
    """pydevd's tracing of the main thread: off while installed modules are executed.

    The two calls are those of debugpy's own ``trace_this_thread``; with Python 3.12 and later they switch sys.monitoring.
    """

    def __init__(self) -> None:
        self._on = True

    def run(self, execute: Any, module: ModuleType, file: str) -> None:
        """``execute(module)``, traced or not as fits its file."""
        pydevd = debugger.pydevd()
        wanted = _learners(module.__name__, file) or _has_breakpoint(pydevd, file)
        if pydevd is None or wanted == self._on or not self._ours():
            execute(module)
            return
        self._switch(pydevd, wanted)
        try:
            execute(module)
        finally:
            self._switch(pydevd, not wanted)

    def _switch(self, pydevd: Any, on: bool) -> None:
        self._on = on
        if on:
            pydevd.enable_tracing()
        else:
            pydevd.disable_tracing()

    def _ours(self) -> bool:
        """Whether this is the main thread, and pydevd traces it (unless it was this class that turned it off)."""
        if threading.current_thread() is not threading.main_thread():
            return False
        monitoring = sys.modules["_pydevd_bundle.pydevd_constants"].PYDEVD_USE_SYS_MONITORING
        return not self._on or monitoring or sys.gettrace() is not None


def _learners(module: str, file: str) -> bool:
    """Whether that is a file which a learner may step through line by line: neither installed, nor Python's, nor vLLM's."""
    if module.partition(".")[0] == "vllm":  # perhaps a clone of its repository
        return False
    return not ("-packages" in file or file.startswith(_STANDARD))


def _has_breakpoint(pydevd: Any, file: str) -> bool:
    return os.path.realpath(file) in getattr(pydevd, "breakpoints", {})
