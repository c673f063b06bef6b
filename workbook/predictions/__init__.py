"""Predictions: what the learner expects of a run, kept before it, and what the engine's recording says after it.

:mod:`answers` reads what was typed, :mod:`store` keeps it, :mod:`measure` asks the recording, :mod:`compare` judges,
:mod:`asking` and :mod:`table` are what the learner sees. No answer is written down anywhere: a question's header holds
an expression over the recording, and that is evaluated. Knows lessons, recordings and the terminal, and nothing of vLLM.
"""

from workbook.predictions.asking import ask, ask_before_run
from workbook.predictions.compare import Outcome, compare, compare_run, latest_run, met, proved, unfit
from workbook.predictions.table import overview, report, report_after_run

__all__ = [
    "Outcome",
    "ask",
    "ask_before_run",
    "compare",
    "compare_run",
    "latest_run",
    "met",
    "overview",
    "proved",
    "report",
    "report_after_run",
    "unfit",
]
