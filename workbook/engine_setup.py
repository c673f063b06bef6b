"""What this machine needs so that vLLM runs well on it: environment variables and arguments of ``LLM(...)``.

Only what is not the lesson. Pure functions of a :class:`~workbook.machine.Machine` record and a model's numbers;
nothing is set or started here. Each choice carries its reason.
"""

import math
from typing import Any

from workbook import models
from workbook.architecture import Architecture
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.machine import Machine
from workbook.recorder import SCHEDULER, SCHEDULER_ASYNC, WORKER_EXTENSION

CPU_BLOCK_SIZE = 32  # vLLM's CPU attention takes multiples of 32 only; its default, 128, hides short prefixes


def default_model(machine: Machine) -> str:
    """SmolLM2 without a GPU; with one, the smallest Llama 3.2 that is on this machine already, else SmolLM2."""
    if machine.build == "cuda":
        for name in ("llama-3.2-1b", "llama-3.2-3b"):
            if models.find(name):
                return name
    return "smollm2"


def default_shared_model(machine: Machine, ranks: int) -> str | None:
    """The tiny model where ``ranks`` cannot share the default one, as SmolLM2's 9 heads; else None."""
    architecture = models.architecture(default_model(machine))
    return "tiny" if architecture and not architecture.tensor_parallel_fits(ranks) else None


def environment(machine: Machine, tensor_parallel_size: int) -> dict[str, str]:
    """Variables that must be set before vLLM is imported. A value that the user has set is kept by the caller."""
    env = {
        # stderr goes to the log file; stdout stays the script's.
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        # A lesson reports nothing to anyone.
        "VLLM_NO_USAGE_STATS": "1",
        # A fork of a process with CUDA or threads is fragile, and only a spawned child meets workbook.guard.
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    }
    if tensor_parallel_size == 1:
        # Tokenizer, scheduler, worker and model in one process: every breakpoint works, and no child imports torch again.
        env["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    if machine.build != "cuda":
        # In one process vLLM cannot bind OpenMP's threads; several then spin against each other (5 to 70 times slower).
        env["OMP_NUM_THREADS"] = "1"
        # A few helpers are compiled even in eager mode: a wait of seconds, and a crash where there is no C++ compiler.
        env["TORCH_COMPILE_DISABLE"] = "1"
        if tensor_parallel_size > 1:
            env["VLLM_CPU_OMP_THREADS_BIND"] = cores_per_rank(machine.cpu.cores, tensor_parallel_size)
    return env


def cores_per_rank(cores: list[int], ranks: int) -> str:
    """Deal the cores out in vLLM's notation, "0,1|2,3". With fewer cores than ranks some ranks share one.

    vLLM's own choice is one NUMA node for each rank, which a laptop does not have.
    """
    share = max(1, len(cores) // ranks)
    groups = [[cores[(rank * share + i) % len(cores)] for i in range(share)] for rank in range(ranks)]
    return "|".join(",".join(map(str, group)) for group in groups)


def llm_arguments(
    machine: Machine, architecture: Architecture | None, tensor_parallel_size: int, kv_tokens: int
) -> dict[str, Any]:
    """Arguments of ``LLM(...)`` beside those that the script shows.

    ``kv_tokens``: tokens of KV cache that the lesson needs; on a GPU ``gpu_memory_utilization`` decides instead.
    """
    arguments: dict[str, Any] = {
        "enforce_eager": True,  # compiled frames and CUDA graphs never stop at a breakpoint
        "disable_log_stats": False,  # LLM's default leaves RequestOutput.metrics empty
    }
    if machine.build == "cuda":
        # With it, schedule() runs one step ahead of what the learner sees.
        arguments["async_scheduling"] = False
        if tensor_parallel_size > 1 and not machine.p2p:
            # vLLM's own all-reduce needs P2P; without it NCCL takes over, here without the warning.
            arguments["disable_custom_all_reduce"] = True
        return arguments
    arguments["block_size"] = CPU_BLOCK_SIZE
    if architecture:
        # Touching the pages costs 1.5 s per GiB at start: take no more than the lesson needs.
        blocks = math.ceil(kv_tokens / CPU_BLOCK_SIZE) + 1  # vLLM keeps block 0 for itself
        per_token = architecture.kv_bytes_per_token(tensor_parallel_size=tensor_parallel_size)
        arguments["kv_cache_memory_bytes"] = blocks * CPU_BLOCK_SIZE * per_token
    return arguments


def recording_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """What makes vLLM record its steps: a scheduler and a worker extension, by vLLM's own arguments for them."""
    return {
        "scheduler_cls": SCHEDULER_ASYNC if arguments.get("async_scheduling") else SCHEDULER,
        "worker_extension_cls": WORKER_EXTENSION,
    }


def check(machine: Machine, model: str, architecture: Architecture | None, tensor_parallel_size: int) -> None:
    """Raise WorkbookError where the engine could only fail: no vLLM, no driver, too few GPUs, heads that do not divide."""
    if machine.build == "none":
        raise WorkbookError(
            tr(
                "vLLM is not installed in this environment: run scripts/run.sh once, or choose the interpreter .venv/bin/python.",
                "当前环境没有安装 vLLM：请先运行一次 scripts/run.sh，或选择解释器 .venv/bin/python。",
            )
        )
    visible = [gpu for gpu in machine.gpus if gpu.visible]
    if machine.build == "cuda" and machine.driver is None:
        raise WorkbookError(
            tr(
                "The CUDA build of vLLM is installed, but there is no NVIDIA driver: install one (580 or newer), "
                "or run `scripts/run.sh --cpu`.",
                "已安装 CUDA 版 vLLM，但没有 NVIDIA 驱动：请安装驱动（580 或更新），或运行 `scripts/run.sh --cpu`。",
            )
        )
    if machine.build == "cuda" and tensor_parallel_size > len(visible):
        raise WorkbookError(
            tr(
                f"tensor_parallel_size={tensor_parallel_size} needs as many GPUs, and {len(visible)} can be used here: "
                f"lower it, or widen CUDA_VISIBLE_DEVICES (the machine has {len(machine.gpus)}).",
                f"tensor_parallel_size={tensor_parallel_size} 需要同样多的 GPU，这里可用 {len(visible)} 张："
                f"请减小它，或让 CUDA_VISIBLE_DEVICES 包含更多显卡（本机共有 {len(machine.gpus)} 张）。",
            )
        )
    if architecture and not architecture.tensor_parallel_fits(tensor_parallel_size):
        sizes = ", ".join(str(n) for n in range(1, 9) if architecture.tensor_parallel_fits(n))
        tiny = models.KNOWN["tiny"].architecture.tensor_parallel_fits(tensor_parallel_size)
        raise WorkbookError(
            tr(
                f"{model} has {architecture.heads} attention heads and {architecture.kv_heads} KV heads, which "
                f"{tensor_parallel_size} ranks cannot share evenly: use a tensor parallel size of {sizes}{', or --model tiny' if tiny else ''}.",
                f"{model} 有 {architecture.heads} 个注意力头、{architecture.kv_heads} 个 KV 头，无法平均分给 "
                f"{tensor_parallel_size} 个 rank：请使用张量并行度 {sizes}{'，或 --model tiny' if tiny else ''}。",
            )
        )


def scheduler(llm: Any) -> Any:
    """vLLM's scheduler, where the engine core lives in this process, as :func:`environment` asks of it with one rank."""
    return llm.llm_engine.engine_core.engine_core.scheduler
