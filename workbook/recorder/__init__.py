"""The flight recorder: what vLLM's scheduler did, step by step, on disk and as typed objects.

Recording (with vLLM): :mod:`scheduler`, :mod:`worker`. Reading (without): :func:`load`, :class:`Recording`.
"""

from workbook.recorder.recording import Recording, engines, load, load_all

__all__ = ["SCHEDULER", "SCHEDULER_ASYNC", "WORKER_EXTENSION", "Recording", "engines", "load", "load_all"]

# For LLM(..., scheduler_cls=..., worker_extension_cls=...). Names and not classes: every process of the engine imports them for itself.
SCHEDULER = "workbook.recorder.scheduler.RecordingScheduler"
SCHEDULER_ASYNC = "workbook.recorder.scheduler.RecordingAsyncScheduler"
WORKER_EXTENSION = "workbook.recorder.worker.WorkerView"
