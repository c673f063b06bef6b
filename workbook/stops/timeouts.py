"""How long the processes of an engine wait for one another while one of them stands at a stop.

The defaults of vLLM 0.32.0 and of torch, each of which ends the run of a learner who reads for longer:

* 300 s for a step: ``vllm.v1.executor.multiproc_executor:MultiprocExecutor.execute_model`` (VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS);
* 600 s for an engine to start: ``vllm.v1.engine.core_client:MPClient.__init__`` (VLLM_ENGINE_READY_TIMEOUT_S);
* 600 s (NCCL) and 1800 s (gloo) for a collective: torch.distributed, by arguments of ``LLM(...)``;
* 300 s for EngineCore's first message from the script: a constant, ``vllm.v1.engine.core:HANDSHAKE_TIMEOUT_MINS``.
"""

from types import ModuleType

PAUSE_S = 24 * 60 * 60  # a day; in milliseconds it must fit 32 bits, which zmq's poll takes

HANDSHAKE_MODULE = "vllm.v1.engine.core"


def environment() -> dict[str, str]:
    """Variables for a run with a debugger; a value that the learner has set is kept by the caller."""
    return {
        "VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS": str(PAUSE_S),
        "VLLM_ENGINE_READY_TIMEOUT_S": str(PAUSE_S),
    }


def engine_arguments() -> dict[str, int]:
    """Arguments of ``LLM(...)`` for a run with a debugger."""
    return {"distributed_timeout_seconds": PAUSE_S, "cpu_distributed_timeout_seconds": PAUSE_S}


def lengthen_handshake(module: ModuleType) -> None:
    """Set the constant in vLLM's module when it has been imported: it has neither an argument nor a variable."""
    if hasattr(module, "HANDSHAKE_TIMEOUT_MINS"):
        module.HANDSHAKE_TIMEOUT_MINS = PAUSE_S // 60  # type: ignore[attr-defined]
