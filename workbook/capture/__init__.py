"""What went into vLLM's layers and came out: real activations of a run, on disk for the exercises to be graded against.

Capturing (with vLLM, in its workers): :mod:`worker`. Reading (without): :func:`read`.
"""

from workbook.capture.files import FILE, Captured, read

__all__ = ["FILE", "WORKER_EXTENSION", "Captured", "read"]

# For LLM(..., worker_extension_cls=...) in place of the recorder's: it can do all that that one can, and capture.
WORKER_EXTENSION = "workbook.capture.worker.CapturingWorker"
