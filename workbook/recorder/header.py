"""The first line of a recording, read from the engine's own configuration."""

import contextlib
import time
from typing import TYPE_CHECKING, Any

import vllm
from vllm.platforms import current_platform

from workbook import machine
from workbook.recorder.schema import VERSION, Header

if TYPE_CHECKING:
    from vllm.config import VllmConfig
    from vllm.v1.core.sched.scheduler import Scheduler


def make_header(scheduler: "Scheduler") -> Header:
    """What runs, where, and with which arguments; ``started`` is now."""
    from vllm.v1.core.sched.async_scheduler import AsyncScheduler

    config: VllmConfig = scheduler.vllm_config
    return Header(
        version=VERSION,
        vllm=vllm.__version__,
        started=time.time(),
        model=config.model_config.model,
        device=_device(),
        runner="V2" if scheduler.use_v2_model_runner else "V1",
        scheduler="AsyncScheduler" if isinstance(scheduler, AsyncScheduler) else "Scheduler",
        block_size=scheduler.block_size,
        blocks=scheduler.kv_cache_config.num_blocks,
        token_budget=scheduler.max_num_scheduled_tokens,
        kv_groups=len(scheduler.kv_cache_config.kv_cache_groups),
        architecture=_architecture(config),
        engine=_engine(config),
    )


def _device() -> str:
    """The name of the GPU, or of the processor."""
    if current_platform.is_cpu():
        return machine.cpu_name()
    return str(current_platform.get_device_name())


def _architecture(config: "VllmConfig") -> dict[str, Any]:
    model = config.model_config
    numbers: dict[str, Any] = {"class": model.architecture, "dtype": str(model.dtype).removeprefix("torch.")}
    for name in (
        "num_hidden_layers",
        "hidden_size",
        "num_attention_heads",
        "num_key_value_heads",
        "intermediate_size",
        "vocab_size",
    ):
        numbers[name] = getattr(model.hf_text_config, name, None)
    with contextlib.suppress(Exception):  # a model without attention has none
        numbers["head_dim"] = model.get_head_size()
    return {name: value for name, value in numbers.items() if value is not None}


def _engine(config: "VllmConfig") -> dict[str, Any]:
    scheduler, cache, parallel = config.scheduler_config, config.cache_config, config.parallel_config
    speculative = config.speculative_config
    values = {
        "max_model_len": config.model_config.max_model_len,
        "max_num_seqs": scheduler.max_num_seqs,
        "max_num_batched_tokens": scheduler.max_num_batched_tokens,
        "enable_chunked_prefill": scheduler.enable_chunked_prefill,
        "long_prefill_token_threshold": scheduler.long_prefill_token_threshold,
        "scheduling_policy": str(scheduler.policy),
        "async_scheduling": bool(scheduler.async_scheduling),
        "enable_prefix_caching": bool(cache.enable_prefix_caching),
        "kv_cache_dtype": str(cache.cache_dtype),
        "tensor_parallel_size": parallel.tensor_parallel_size,
        "pipeline_parallel_size": parallel.pipeline_parallel_size,
        "enforce_eager": bool(config.model_config.enforce_eager),
        "quantization": config.model_config.quantization,
        "speculative_method": speculative.method if speculative else None,
        "num_speculative_tokens": speculative.num_speculative_tokens if speculative else None,
    }
    return {name: value for name, value in values.items() if value is not None}
