// vLLM's names for what is on the page, and where to read them. Knows nothing of recordings.

const SYMBOLS = {
  schedule: "vllm.v1.core.sched.scheduler:Scheduler.schedule",
  add_request: "vllm.v1.core.sched.scheduler:Scheduler.add_request",
  update_from_output: "vllm.v1.core.sched.scheduler:Scheduler.update_from_output",
  preempt: "vllm.v1.core.sched.scheduler:Scheduler._preempt_request",
  free_request: "vllm.v1.core.sched.scheduler:Scheduler._free_request",
  finish_requests: "vllm.v1.core.sched.scheduler:Scheduler.finish_requests",
  budget: "vllm.config.scheduler:SchedulerConfig.max_num_batched_tokens",
  status: "vllm.v1.request:RequestStatus",
  allocate_slots: "vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots",
  get_computed_blocks: "vllm.v1.core.kv_cache_manager:KVCacheManager.get_computed_blocks",
  get_new_blocks: "vllm.v1.core.block_pool:BlockPool.get_new_blocks",
  cache_full_blocks: "vllm.v1.core.block_pool:BlockPool.cache_full_blocks",
  evict: "vllm.v1.core.block_pool:BlockPool._maybe_evict_cached_block",
  touch: "vllm.v1.core.block_pool:BlockPool.touch",
  free_blocks: "vllm.v1.core.block_pool:BlockPool.free_blocks",
  block_pool: "vllm.v1.core.block_pool:BlockPool",
  block: "vllm.v1.core.kv_cache_utils:KVCacheBlock",
  free_queue: "vllm.v1.core.kv_cache_utils:FreeKVCacheBlockQueue",
  block_table: "vllm.v1.worker.block_table:BlockTable",
  slot_mapping: "vllm.v1.worker.block_table:BlockTable.compute_slot_mapping",
  rejection: "vllm.v1.sample.rejection_sampler:RejectionSampler",
};

function sourceOf(name, version) {
  const release = (/^\d+\.\d+\.\d+/.exec(version) ?? ["0.32.0"])[0];
  const path = SYMBOLS[name].split(":")[0].replaceAll(".", "/");
  return `https://github.com/vllm-project/vllm/blob/v${release}/${path}.py`;
}
