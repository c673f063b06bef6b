"""What a kv_cache_dtype costs and gains: room, perplexity, the tokens chosen, and what lies in the cache. For lesson 2.6's script.

What was found: :mod:`found`. The attention layers of a running engine: :mod:`layers`. Tables: :mod:`report`. None of them
imports torch or vLLM before it is asked for something: the script sets their environment first.
"""

from workbook.kvtypes.found import FLOAT8, INT8, SIMULATED, Found, chosen, results
from workbook.kvtypes.layers import Watch, room, save, simulated
from workbook.kvtypes.report import report, speed

__all__ = [
    "FLOAT8",
    "INT8",
    "SIMULATED",
    "Found",
    "Watch",
    "chosen",
    "report",
    "results",
    "room",
    "save",
    "simulated",
    "speed",
]
