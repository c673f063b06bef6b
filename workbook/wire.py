"""What the ranks of tensor parallelism hand to each other in an engine step: a LLaMA's numbers in, bytes out.

By counting, not by measuring; a test compares it with what the workers of real engines counted. It knows nothing of how
a collective is carried out: how many of these bytes travel, how often and over what is the transport's business.
"""

from dataclasses import dataclass

PADDED_TO = 64  # vllm.model_executor.layers.vocab_parallel_embedding:DEFAULT_VOCAB_PADDING_SIZE


def padded_vocabulary(vocabulary: int) -> int:
    """Rows of embedding and lm_head: the vocabulary, filled up to a multiple of 64."""
    return -(-vocabulary // PADDED_TO) * PADDED_TO


@dataclass(frozen=True)
class Collectives:
    """The collectives of one step, all sizes in bytes. Each rank puts the same amount in."""

    all_reduces: int  # how many: one for the embedding, two for each layer
    all_reduce: int  # bytes that a rank puts into each of them, and gets out
    all_gathers: int  # one, of the logits
    all_gather: int  # bytes that a rank puts into it; it gets out as much from each rank
    ranks: int

    @property
    def payload(self) -> int:
        """Bytes that one rank puts in during the step."""
        return self.all_reduces * self.all_reduce + self.all_gathers * self.all_gather

    @property
    def ring(self) -> float:
        """Bytes that one rank sends where each collective goes round a ring, as NCCL's do: the least for large tensors.

        An all-reduce sends 2 (n - 1) / n of its tensor (once round to add up, once to hand out the sums), an
        all-gather its own part n - 1 times.
        """
        around = self.ranks - 1
        return (
            self.all_reduces * self.all_reduce * 2 * around / self.ranks + self.all_gathers * self.all_gather * around
        )


def collectives(
    layers: int,
    hidden: int,
    vocabulary: int,
    tokens: int,
    tp: int,
    element_bytes: int = 2,
    requests: int = 1,
) -> Collectives:
    """What ``tp`` ranks exchange in one step of a dense LLaMA, without pipeline parallelism.

    ``tokens``: of the whole step, over all requests (a prompt of 40 tokens: 40; a decode step: one for each request).
    ``requests``: those that take part; each needs one row of logits, even in the middle of its prompt.
    ``element_bytes``: of an activation, 2 for bfloat16. With ``tp=1`` nothing is exchanged.

    Source: ``vllm.model_executor.layers.vocab_parallel_embedding:VocabParallelEmbedding.forward``,
    ``vllm.model_executor.layers.linear:RowParallelLinear.forward`` (``o_proj`` and ``down_proj``), and
    ``vllm.model_executor.layers.logits_processor:LogitsProcessor._gather_logits``.
    """
    if tp == 1:
        return Collectives(0, 0, 0, 0, 1)
    return Collectives(
        all_reduces=1 + 2 * layers,
        all_reduce=tokens * hidden * element_bytes,
        all_gathers=1,
        all_gather=requests * (padded_vocabulary(vocabulary) // tp) * element_bytes,
        ranks=tp,
    )
