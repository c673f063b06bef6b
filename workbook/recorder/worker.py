"""What only the workers know: ``LLM(..., worker_extension_cls=...)``, asked by ``llm.collective_rpc(name)``.

vLLM mixes the class into its worker (``vllm.v1.worker.worker_base:WorkerWrapperBase.init_worker``), so the names
must not meet a worker's own; hence the prefix. Each method returns plain lists and dicts, which every transport
carries, and there is one answer for each rank.
"""

from typing import Any


class WorkerView:
    """Read-only questions to a worker, between two steps."""

    rank: int
    model_runner: Any

    def workbook_kv_cache(self) -> dict[str, Any]:
        """Shape, dtype and bytes of the KV cache on this rank, and the backend that reads it.

        ``shape`` is one layer's: [blocks, kv_heads on this rank, block_size, 2 · head_dim] for full attention.
        """
        caches = self.model_runner.kv_caches
        contexts = self.model_runner.vllm_config.compilation_config.static_forward_context
        backends = {layer.get_attn_backend().get_name() for layer in contexts.values() if hasattr(layer, "kv_cache")}
        return {
            "rank": self.rank,
            "layers": len(caches),
            "shape": list(caches[0].shape),
            "dtype": str(caches[0].dtype).removeprefix("torch."),
            "bytes": sum(cache.numel() * cache.element_size() for cache in caches),
            "backend": sorted(backends),
            "runner": type(self.model_runner).__module__,
        }

    def workbook_block_tables(self) -> dict[str, list[int]]:
        """The block table of every request that the model runner holds, by vLLM's internal request id.

        A list of block ids, as the attention kernel gets it: a row of ``BlockTable.block_table`` (V1 runner) or of
        ``BlockTables.block_tables`` (V2), cut to its length.
        """
        runner = self.model_runner
        if hasattr(runner, "req_states"):  # V2
            return {
                name: runner.block_tables.block_tables[0].gpu[row, : runner.block_tables.num_blocks.np[0, row]].tolist()
                for name, row in runner.req_states.req_id_to_index.items()
            }
        table = runner.input_batch.block_table[0]
        return {
            name: table.block_table.np[row, : table.num_blocks_per_row[row]].tolist()
            for name, row in runner.input_batch.req_id_to_index.items()
        }

    def workbook_slot_mapping(self, tokens: int) -> list[int]:
        """The slots of the last step's first ``tokens`` tokens, in batch order: block id · block size + offset."""
        runner = self.model_runner
        if hasattr(runner, "req_states"):  # V2
            slots: list[int] = runner.block_tables.slot_mappings[0, :tokens].tolist()
            return slots
        mapping: list[int] = runner.input_batch.block_table[0].slot_mapping.np[:tokens].tolist()
        return mapping
