"""What ``LLM(...)`` builds in vLLM 0.32.0, as the functions that do it, in their order: lesson 1.2's list of hops.

With several ranks each process does its part of the list, and the workers do theirs at the same time.
"""

from typing import Literal

from workbook.hops.records import Call, Hop
from workbook.i18n import tr

_RUNNER = {
    "cpu": Hop("vllm.v1.worker.gpu_model_runner:GPUModelRunner.__init__"),
    "cuda": Hop("vllm.v1.worker.gpu.model_runner:GPUModelRunner.__init__"),
}
_MEMORY = {
    "cpu": Hop("vllm.v1.worker.cpu_worker:CPUWorker.determine_available_memory", then="f'{kv_cache_size:,} bytes'"),
    "cuda": Hop(
        "vllm.v1.worker.gpu_worker:Worker.determine_available_memory",
        "f'{self.init_snapshot.total_memory:,} bytes × {self.cache_config.gpu_memory_utilization}'",
        "f'{self.requested_memory:,} - {profile_result.non_kv_cache_memory:,} = {self.available_kv_cache_memory_bytes:,} bytes'",
    ),
}
_WARM_UP = {
    "cpu": Hop("vllm.v1.worker.cpu_worker:CPUWorker.compile_or_warm_up_model"),
    "cuda": Hop("vllm.v1.worker.gpu_worker:Worker.compile_or_warm_up_model"),
}


def on(build: Literal["cuda", "cpu", "none"]) -> list[Hop]:
    """The hops on a machine with this build of vLLM, in the order in which they begin."""
    kind = "cuda" if build == "cuda" else "cpu"
    return [
        Hop("vllm.entrypoints.llm:LLM.__init__"),
        Hop("vllm.engine.arg_utils:EngineArgs.create_engine_config"),
        Hop("vllm.v1.engine.llm_engine:LLMEngine.__init__"),
        Hop("vllm.renderers.registry:renderer_from_config"),
        Hop("vllm.v1.engine.input_processor:InputProcessor.__init__"),
        Hop("vllm.v1.engine.output_processor:OutputProcessor.__init__"),
        Hop("vllm.v1.engine.core:EngineCore.__init__"),
        Hop("vllm.v1.executor.abstract:Executor.__init__", then="type(self).__name__"),
        Hop("vllm.v1.worker.worker_base:WorkerWrapperBase.init_worker", then="type(self.worker).__name__"),
        Hop("vllm.v1.worker.worker_base:WorkerWrapperBase.init_device"),
        Hop("vllm.v1.worker.gpu_worker:init_worker_distributed_environment", then="f'rank {rank} is there'"),
        _RUNNER[kind],
        Hop("vllm.v1.worker.gpu_worker:Worker.load_model"),
        Hop("vllm.model_executor.model_loader.base_loader:BaseModelLoader.load_model"),
        Hop(
            "vllm.model_executor.models.llama:LlamaForCausalLM.__init__",
            then="f'{len([*self.parameters()])} tensors, {sum(p.numel() for p in self.parameters()):,} numbers'",
        ),
        Hop("vllm.model_executor.model_loader.default_loader:DefaultModelLoader.load_weights"),
        Hop("vllm.model_executor.models.llama:LlamaForCausalLM.load_weights"),
        Hop(
            "vllm.model_executor.model_loader.weight_utils:safetensors_weights_iterator",
            then="f'{total_bytes:,} bytes in {len(sorted_files)} file'",
        ),
        Hop("vllm.model_executor.model_loader.utils:process_weights_after_loading"),
        Hop("vllm.v1.engine.core:EngineCore._initialize_kv_caches"),
        _MEMORY[kind],
        Hop(
            "vllm.v1.core.kv_cache_utils:get_kv_cache_configs",
            "f'{available_memory[0]:,} bytes'",
            "f'{kv_cache_configs[0].num_blocks} blocks'",
        ),
        Hop("vllm.v1.core.kv_cache_utils:get_max_concurrency_for_kv_cache_config", then="min(limits)"),
        Hop("vllm.v1.worker.gpu_worker:Worker.initialize_from_config"),
        Hop("vllm.v1.worker.utils:allocate_kv_cache", then="f'{raw_size:,} bytes'"),
        _WARM_UP[kind],
        Hop("vllm.v1.core.sched.scheduler:Scheduler.__init__"),
        Hop("vllm.v1.core.block_pool:BlockPool.__init__", then="f'{num_gpu_blocks} blocks'"),
    ]


def phases() -> tuple[dict[str, str], str]:
    """Which function begins which phase of the start, in their order, and the name of what belongs to none."""
    device = tr("worker, device, groups", "worker、设备、通信组")
    weights = tr("model and weights", "模型与权重")
    cache = tr("KV cache", "KV 缓存")
    return {
        "EngineArgs.create_engine_config": tr("configuration", "配置"),
        "renderer_from_config": tr("tokenizer", "分词器"),
        "Executor.__init__": device,
        "Worker.load_model": weights,
        "EngineCore._initialize_kv_caches": cache,
        "Worker.initialize_from_config": cache,
        "Scheduler.__init__": tr("scheduler", "调度器"),
    }, tr("everything else, and waiting", "其他，以及等待")


def memory(calls: list[Call]) -> tuple[int, int]:
    """Bytes of KV cache that each rank may use, as the engine core got them from its workers; and bytes that one allocated."""
    given = next(call.shown for call in calls if call.at.endswith(":get_kv_cache_configs"))
    taken = next(call.left for call in calls if call.at.endswith(":allocate_kv_cache"))
    return _bytes(given), _bytes(taken)


def _bytes(text: str | None) -> int:
    assert text
    return int(text.removesuffix(" bytes").replace(",", ""))
