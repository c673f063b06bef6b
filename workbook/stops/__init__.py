"""Lesson stops: a debugger stops inside a function of vLLM that is named by its symbol.

    WORKBOOK_STOPS=lesson                                the stops of the lesson to which the running script belongs
    WORKBOOK_STOPS=1.1                                   of that lesson
    WORKBOOK_STOPS="package.module:Qual.name@2 if EXPR"  these; one in each line, or with ";" between them
    WORKBOOK_LISTEN=5678                                 let a debugger connect while the script runs (127.0.0.1 only)

``import workbook`` calls :func:`arm` in the script and, because a spawned process imports the script again, in EngineCore and
in every worker. With no debugger in the process nothing is wrapped. Knows headers and debuggers, and nothing of vLLM but its timeouts.
"""

import os

from workbook.stops import debugger, listen
from workbook.stops.timeouts import engine_arguments, environment

__all__ = ["VARIABLE", "arm", "engine_arguments", "environment"]

VARIABLE = "WORKBOOK_STOPS"


def arm() -> None:
    """Make this process's stops ready, its imports fast and its timeouts long; does nothing where no debugger is."""
    listen.listen_if_asked()
    if not debugger.present():
        return
    from workbook.stops import imports, spec

    for name, value in environment().items():
        os.environ.setdefault(name, value)
    imports.install(spec.for_this_process())
