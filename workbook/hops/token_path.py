"""The way of one token through vLLM 0.32.0, as the functions that it meets: lesson 1.3's list of hops.

The model runner and the attention backend are different code on a CPU and on a GPU; all else is the same. Every expression
gives what a learner wants to see there: what comes in, and what it has become when the function is left.
"""

from functools import partial
from typing import Literal

from workbook.hops.records import Hop

_hop = partial(Hop, calls=2)  # one call for each of two tokens
# After a request's last token there is one more step without tokens, which tells the workers that it is over.
_BUSY = "self.scheduler.waiting or self.scheduler.running"
_TOKENS = "scheduler_output.total_num_scheduled_tokens > 0"
_ATTENTION = "model.layers.0.self_attn.attn"  # of the layers, all alike, the first

_ARRIVAL = [
    _hop("vllm.entrypoints.llm:LLM.generate", "repr(prompts)"),
    _hop("vllm.renderers.base:BaseRenderer._tokenize_prompt", "repr(prompt['prompt'])", "encoding['input_ids']"),
    _hop("vllm.v1.engine.llm_engine:LLMEngine.add_request"),
    _hop(
        "vllm.v1.engine.input_processor:InputProcessor.process_inputs",
        "type(params).__name__",
        "f'EngineCoreRequest, {len(prompt_token_ids)} tokens'",
    ),
    _hop(
        "vllm.v1.core.sched.scheduler:Scheduler.add_request",
        "f'{len(self.waiting)} waiting'",
        "f'{len(self.waiting)} waiting'",
    ),
]
_STEP = [
    _hop("vllm.v1.engine.core:EngineCore.step", when=_BUSY),
    _hop(
        "vllm.v1.core.sched.scheduler:Scheduler.schedule",
        "f'{len(self.waiting)} waiting, {len(self.running)} running'",
        "f'tokens {[*num_scheduled_tokens.values()]}'",
        "self.waiting or self.running",
    ),
    _hop(
        "vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots",
        "f'tokens [{num_new_tokens}]'",
        "f'blocks {self.get_block_ids(request.request_id)[0]}'",
    ),
    _hop("vllm.v1.worker.gpu_worker:Worker.execute_model", when=_TOKENS),
]
_BATCH = {  # the model runner makes tensors of what the scheduler decided: V1 on a CPU, V2 on a GPU
    "cpu": [
        _hop("vllm.v1.worker.gpu_model_runner:GPUModelRunner.execute_model", when=_TOKENS),
        _hop(
            "vllm.v1.worker.gpu_model_runner:GPUModelRunner._update_states",
            "f'{len(scheduler_output.scheduled_new_reqs)} new requests'",
            when=_TOKENS,
        ),
        _hop(
            "vllm.v1.worker.gpu_model_runner:GPUModelRunner._prepare_inputs",
            "f'tokens {num_scheduled_tokens.tolist()}'",
            "f'positions {positions_np.tolist()}'",
        ),
        _hop(
            "vllm.v1.worker.block_table:BlockTable.compute_slot_mapping",
            "f'blocks {self.block_table.np[0, :self.num_blocks_per_row[0]].tolist()}'",
            "f'slots {self.slot_mapping.np[:num_tokens].tolist()}'",
        ),
    ],
    "cuda": [
        _hop("vllm.v1.worker.gpu.model_runner:GPUModelRunner.execute_model", when=_TOKENS),
        _hop(
            "vllm.v1.worker.gpu.model_runner:GPUModelRunner.add_requests",
            "f'{len(scheduler_output.scheduled_new_reqs)} new requests'",
            when=_TOKENS,
        ),
        _hop(
            "vllm.v1.worker.gpu.model_runner:GPUModelRunner.prepare_inputs",
            "f'tokens {batch_req_state.num_scheduled_tokens.tolist()}'",
            "f'positions {input_batch.positions.tolist()}'",
        ),
        _hop("vllm.v1.worker.gpu.model_runner:GPUModelRunner.prepare_attn"),
        _hop(
            "vllm.v1.worker.gpu.block_table:BlockTables.compute_slot_mappings",
            "f'positions {positions.tolist()}'",
            "f'slots {slot_mappings[0, :num_tokens_padded].tolist()}'",
        ),
    ],
}
_MODEL = [
    _hop(
        "vllm.model_executor.models.llama:LlamaForCausalLM.forward",
        "f'token ids {input_ids.tolist()}'",
        "model_output.shape",
    ),
    _hop(
        "vllm.model_executor.layers.vocab_parallel_embedding:VocabParallelEmbedding.forward",
        "f'{[*input_.shape]}, looked up in {self.num_embeddings_per_partition} rows'",
    ),
    _hop(
        "vllm.model_executor.models.llama:LlamaDecoderLayer.forward",
        "hidden_states.shape",
        "hidden_states.shape",
        f"self.self_attn.attn.layer_name == '{_ATTENTION}'",
    ),
    _hop(
        "vllm.model_executor.models.llama:LlamaAttention.forward",
        "hidden_states.shape",
        "output.shape",
        f"self.attn.layer_name == '{_ATTENTION}'",
    ),
    _hop(
        "vllm.model_executor.layers.linear:ColumnParallelLinear.forward",
        "input_.shape",
        "output.shape",
        "self.prefix == 'model.layers.0.self_attn.qkv_proj'",
    ),
    _hop(
        "vllm.model_executor.layers.attention.attention:Attention.forward",
        "f'q {[*query.shape]} k {[*key.shape]} v {[*value.shape]}'",
        "output.shape",
        f"self.layer_name == '{_ATTENTION}'",
    ),
]
_BACKEND = {
    "cpu": [
        _hop(
            "vllm.v1.attention.backends.cpu_attn:CPUAttentionBackendImpl.do_kv_cache_update",
            "f'k {[*key.shape]}'",
            "f'slots {slot_mapping.tolist()}'",
            f"layer.layer_name == '{_ATTENTION}'",
        ),
        _hop(
            "vllm.v1.attention.backends.cpu_attn:CPUAttentionBackendImpl.forward",
            "query.shape",
            "f'over {attn_metadata.seq_lens.tolist()} tokens'",
            f"layer.layer_name == '{_ATTENTION}'",
        ),
    ],
    "cuda": [
        _hop(
            "vllm.v1.attention.backends.flash_attn:FlashAttentionImpl.do_kv_cache_update",
            "f'k {[*key.shape]}'",
            "f'slots {slot_mapping.tolist()}'",
            f"layer.layer_name == '{_ATTENTION}'",
        ),
        _hop(
            "vllm.v1.attention.backends.flash_attn:FlashAttentionImpl.forward",
            "query.shape",
            "f'over {attn_metadata.seq_lens.tolist()} tokens'",
            f"layer.layer_name == '{_ATTENTION}'",
        ),
    ],
}
_REST = [
    _hop(
        "vllm.model_executor.layers.linear:RowParallelLinear.forward",
        "input_.shape",
        "output.shape",
        "self.prefix == 'model.layers.0.self_attn.o_proj'",
    ),
    _hop(
        "vllm.model_executor.models.llama:LlamaMLP.forward",
        "x.shape",
        "x.shape",
        "self.down_proj.prefix == 'model.layers.0.mlp.down_proj'",
    ),
]
_LOGITS = _hop(
    "vllm.model_executor.models.llama:LlamaForCausalLM.compute_logits", "hidden_states.shape", "logits.shape"
)
_SAMPLE = {  # the V2 runner leaves the logits to its second half
    "cpu": [
        _LOGITS,
        _hop("vllm.v1.worker.gpu_model_runner:GPUModelRunner.sample_tokens"),
        _hop("vllm.v1.sample.sampler:Sampler.forward", "logits.shape", "f'token id {sampled.tolist()}'"),
    ],
    "cuda": [
        _hop("vllm.v1.worker.gpu.model_runner:GPUModelRunner.sample_tokens"),
        _LOGITS,
        _hop("vllm.v1.worker.gpu.sample.sampler:Sampler.__call__", "logits.shape", "f'token id {sampled.tolist()}'"),
    ],
}
_RETURN = [
    _hop("vllm.v1.core.sched.scheduler:Scheduler.update_from_output", when=_TOKENS),
    _hop("vllm.v1.core.sched.utils:check_stop", "f'token id {request.output_token_ids[-1]}'", "request.status.name"),
    _hop("vllm.v1.engine.output_processor:OutputProcessor.process_outputs", None, None, "len(engine_core_outputs) > 0"),
    _hop(
        "vllm.v1.engine.detokenizer:BaseIncrementalDetokenizer.update",
        "f'token ids {new_token_ids}'",
        "repr(self.output_text)",
    ),
]


def on(build: Literal["cuda", "cpu", "none"]) -> list[Hop]:
    """The hops on a machine with this build of vLLM, in the order in which the first token meets them."""
    kind = "cuda" if build == "cuda" else "cpu"
    return [*_ARRIVAL, *_STEP, *_BATCH[kind], *_MODEL, *_BACKEND[kind], *_REST, *_SAMPLE[kind], *_RETURN]
