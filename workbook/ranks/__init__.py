"""What each rank of tensor parallelism holds and what it hands to the others, told by the workers of a run.

Noting (with vLLM, in its workers): :mod:`loader` and :mod:`worker`, by ``load_format=`` and ``worker_extension_cls=`` of
``LLM(...)``. Reading (without): :mod:`files`.
"""

from workbook.ranks.alone import in_one_process
from workbook.ranks.files import Parameter, Rank, Step, read, save

__all__ = ["LOAD_FORMAT", "WORKER_EXTENSION", "Parameter", "Rank", "Step", "in_one_process", "read", "save"]

# For LLM(..., worker_extension_cls=...): it can do all that the recorder's and the capture's can, and count.
WORKER_EXTENSION = "workbook.ranks.worker.RankWorker"
# For LLM(..., load_format=...): vLLM's default loader, which notes what it has loaded. The extension registers it.
LOAD_FORMAT = "workbook_shards"
