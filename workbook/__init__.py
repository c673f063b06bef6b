"""The small library behind the scripts: what is not the lesson itself.

Importing it costs a few milliseconds and never imports torch or vLLM. It ties the life of a
spawned process (EngineCore, worker) to its parent's, so every script imports it first. With a
debugger it also arms the stops inside vLLM, for the same reason.
"""

import os
import sys

from workbook import guard

guard.die_with_parent()

if "_pydevd_bundle" in sys.modules or os.environ.get("WORKBOOK_STOPS") or os.environ.get("WORKBOOK_LISTEN"):
    from workbook import stops

    stops.arm()

if os.environ.get("WORKBOOK_HOPS"):
    from workbook import hops

    hops.install_if_asked()
