"""The figures of a recording: what the engine did, as one would report it.

Latencies are those of the engine: from a request's arrival at the scheduler to the end of the step that gave the
token. What the front end adds (tokenising before, detokenising after) is not in them.
"""

import math

import msgspec

from workbook.recorder.schema import Header
from workbook.recorder.steps import RequestStory, Step


class Percentiles(msgspec.Struct, frozen=True):
    """Of a list of seconds, by the nearest rank: the smallest value that at least q % of the list do not exceed."""

    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, values: list[float]) -> "Percentiles | None":
        """None for no values."""
        if not values:
            return None
        ordered = sorted(values)
        return cls(*(ordered[max(0, math.ceil(q * len(ordered)) - 1)] for q in (0.5, 0.9, 0.99)))


class Summary(msgspec.Struct, frozen=True):
    """Counts are tokens, steps, requests or blocks; times seconds; rates between 0 and 1."""

    steps: int
    requests: int
    finished: int
    prompt_tokens: int  # of the requests that were admitted
    generated_tokens: int
    duration: float  # from the first arrival to the last result
    throughput: float  # generated tokens per second
    ttft: Percentiles | None  # time to first token
    itl: Percentiles | None  # inter-token latency: between two results of one request
    step_time: Percentiles | None
    peak_blocks: int
    peak_use: float  # of the usable blocks
    cache_queries: int  # tokens looked up in the prefix cache, resumed requests not counted (as vLLM counts)
    cache_hits: int  # tokens found
    hit_rate: float | None
    drafts: int  # tokens proposed
    accepted: int
    acceptance_rate: float | None
    preemptions: int
    recomputed_tokens: int  # whose K and V had been computed before, and were lost to a preemption
    mean_batch: float  # requests per step
    budget_use: float  # scheduled tokens over the token budget


def summarize(header: Header, steps: list[Step], requests: list[RequestStory]) -> Summary:
    """Compute the figures of ``steps``."""
    rows = [row for step in steps for row in step.rows]
    arrived = [story for story in requests if story.first_step is not None]
    generated = sum(len(story.outputs) for story in requests)
    duration = max((step.ended_at for step in steps), default=0.0) - min((s.arrived for s in requests), default=0.0)
    gaps = [b - a for s in requests for a, b in zip(s.output_times, s.output_times[1:], strict=False) if b > a]
    first = [s.output_times[0] - s.arrived for s in requests if s.output_times]
    peak = max((step.used for step in steps), default=0)
    # The first admission of a request; a later one follows a preemption and is not in vLLM's own counters.
    queries = sum(story.prompt_tokens for story in arrived) if header.engine.get("enable_prefix_caching") else 0
    hits = sum(story.hit for story in arrived)
    known = [row for row in rows if row.accepted is not None]
    drafts, accepted = sum(len(row.drafts) for row in known), sum(row.accepted or 0 for row in known)
    scheduled = sum(row.scheduled for row in rows)
    return Summary(
        steps=len(steps),
        requests=len(requests),
        finished=sum(story.reason is not None for story in requests),
        prompt_tokens=sum(story.prompt_tokens for story in arrived),
        generated_tokens=generated,
        duration=duration,
        throughput=generated / duration if duration > 0 else 0.0,
        ttft=Percentiles.of(first),
        itl=Percentiles.of(gaps),
        step_time=Percentiles.of([step.schedule_s + step.model_s + step.update_s for step in steps if step.model_s]),
        peak_blocks=peak,
        peak_use=peak / (header.blocks - 1) if header.blocks > 1 else 0.0,
        cache_queries=queries,
        cache_hits=hits,
        hit_rate=hits / queries if queries else None,
        drafts=drafts,
        accepted=accepted,
        acceptance_rate=accepted / drafts if drafts else None,
        preemptions=sum(len(step.preempted) for step in steps),
        recomputed_tokens=sum(row.recomputed for row in rows),
        mean_batch=len(rows) / len(steps) if steps else 0.0,
        budget_use=scheduled / (header.token_budget * len(steps)) if steps else 0.0,
    )
