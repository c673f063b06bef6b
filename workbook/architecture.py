"""The numbers of a LLaMA architecture, and what follows from them: parameters, bytes, KV cache per token.

Knows ``config.json`` and arithmetic, and nothing of files, machines or vLLM.
"""

from typing import Any

import msgspec


class Architecture(msgspec.Struct, frozen=True):
    """Shape of a decoder-only LLaMA. Counts, not bytes.

    ``heads`` query heads share ``kv_heads`` key/value heads (grouped-query attention), each ``head_dim`` wide.
    Field names in ``config.json``: ``num_hidden_layers``, ``hidden_size``, ``num_attention_heads``,
    ``num_key_value_heads``, ``head_dim``, ``intermediate_size``, ``vocab_size``, ``max_position_embeddings``.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    max_positions: int
    tied: bool

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Architecture":
        """Read a Hugging Face ``config.json``; raises KeyError for one that is not of LLaMA's family."""
        heads = config["num_attention_heads"]
        return cls(
            layers=config["num_hidden_layers"],
            hidden=config["hidden_size"],
            heads=heads,
            kv_heads=config.get("num_key_value_heads") or heads,
            head_dim=config.get("head_dim") or config["hidden_size"] // heads,
            intermediate=config["intermediate_size"],
            vocab=config["vocab_size"],
            max_positions=config["max_position_embeddings"],
            tied=config.get("tie_word_embeddings", False),
        )

    @property
    def parameters(self) -> int:
        """Number of weights. Tied embeddings count once."""
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        mlp = 3 * self.hidden * self.intermediate
        norms = 2 * self.hidden
        embeddings = self.vocab * self.hidden * (1 if self.tied else 2)
        return self.layers * (attention + mlp + norms) + self.hidden + embeddings

    def kv_bytes_per_token(self, bytes_per_element: int = 2, tensor_parallel_size: int = 1) -> int:
        """Bytes of KV cache that one token takes on one rank: K and V, each layer, each KV head.

        Where there are fewer KV heads than ranks, every rank holds one (vLLM replicates them).
        """
        heads_per_rank = max(1, self.kv_heads // tensor_parallel_size)
        return 2 * self.layers * heads_per_rank * self.head_dim * bytes_per_element

    def tensor_parallel_fits(self, size: int) -> bool:
        """vLLM's rule: the query heads divide by ``size``, and the KV heads divide by it or it by them."""
        return self.heads % size == 0 and (self.kv_heads % size == 0 or size % self.kv_heads == 0)
