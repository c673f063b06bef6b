"""What lesson 2.7 looks at: what was proposed and kept, step by step, and vLLM's own rejection sampler, called by hand.

Works where the engine core lives in this process, as the workbook asks of vLLM with one rank.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbook import engine_setup

VECTORS = "rejections.safetensors"  # of vLLM's rejection sampler, in the run's folder


def limit(llm: Any, k: int) -> None:
    """From now on at most ``k`` drafts for a request, 0: none. Takes ``num_speculative_tokens_per_batch_size`` in the config.

    vLLM makes a table of it, one entry for each size of a batch, and looks there in every step.
    """
    table = engine_setup.scheduler(llm).dynamic_sd_lookup
    table[:] = [k] * len(table)


@dataclass
class Played:
    """Requests that ran together, from the first token on: the prefill is no part of ``seconds`` and ``steps``."""

    seconds: float = 0.0
    steps: int = 0
    proposed: int = 0  # drafts
    accepted: int = 0
    outputs: list[list[int]] = field(default_factory=list)  # token ids of each request
    rows: list[dict[str, Any]] = field(default_factory=list)  # of the first request: context, drafts, got

    @property
    def per_step(self) -> float:
        """Tokens that a request gets in a step, on the average: the mean accepted length, with the one of the model's own."""
        return sum(len(one) - 1 for one in self.outputs) / len(self.outputs) / self.steps


def play(llm: Any, prompts: list[Any], sampling: Any) -> Played:
    """Run the prompts together, one step after the other, and note what came of the drafts."""
    llm.enqueue(prompts, sampling, use_tqdm=False)
    requests = list(engine_setup.scheduler(llm).requests.values())
    llm.llm_engine.step()
    played, start = Played(), time.perf_counter()
    while llm.llm_engine.has_unfinished_requests():
        before = [(list(one.spec_token_ids), one.num_tokens) for one in requests]
        llm.llm_engine.step()
        played.steps += 1
        for place, (request, (drafts, context)) in enumerate(zip(requests, before, strict=True)):
            got = list(request.all_token_ids)[context:]
            played.proposed += len(drafts)
            played.accepted += max(0, len(got) - 1) if drafts else 0
            if place == 0 and got:
                played.rows.append({"context": context, "drafts": drafts, "got": got})
    played.seconds = time.perf_counter() - start
    played.outputs = [list(request.output_token_ids) for request in requests]
    return played


def chances(output: Any, temperature: float, top: int) -> list[dict[int, float]]:
    """For each token of ``vllm.outputs:CompletionOutput`` with ``logprobs``: the ``top`` likeliest ids and their probabilities."""
    import torch

    found = []
    for position in output.logprobs:
        ids = sorted(position, key=lambda one: -position[one].logprob)[:top]
        logits = torch.tensor([position[one].logprob for one in ids], dtype=torch.float64) / temperature
        found.append(dict(zip(ids, logits.softmax(0).tolist(), strict=True)))
    return found


def dense(positions: list[dict[int, float]]) -> tuple[list[int], Any]:
    """The ids that occur in any of the positions, and the probabilities as a tensor [positions, ids] of float32."""
    import torch

    ids = sorted({one for position in positions for one in position})
    rows = [[position.get(one, 0.0) for one in ids] for position in positions]
    return ids, torch.tensor(rows, dtype=torch.float32)


def flatter(target: Any) -> Any:
    """The target's own probabilities at twice the temperature, which stand in for those of a draft model."""
    root = target.sqrt()
    return root / root.sum(-1, keepdim=True)


def reject(target: Any, drafts: Any, draft_probs: Any, bonus: Any, generators: dict[int, Any]) -> Any:
    """``vllm.v1.sample.rejection_sampler:rejection_sample``, as the engine calls it for requests that do not sample greedily.

    target, draft_probs: [requests, drafts, ids] (draft_probs None: as with n-grams); drafts: [requests, drafts]; bonus:
    [requests]. Returns [requests, drafts + 1], with -1 behind what was rejected. A request's random numbers come from its
    generator, in this order: one uniform number for each draft, one exponential number for each id.
    """
    import torch
    from vllm.v1.sample.logits_processor import LogitsProcessors
    from vllm.v1.sample.metadata import SamplingMetadata
    from vllm.v1.sample.rejection_sampler import rejection_sample

    requests, k, ids = target.shape
    none = torch.empty(0, device=target.device)
    metadata = SamplingMetadata(
        temperature=torch.ones(requests, device=target.device),
        all_greedy=False,
        all_random=True,
        top_p=None,
        top_k=None,
        generators=generators,
        max_num_logprobs=None,
        no_penalties=True,
        prompt_token_ids=None,
        frequency_penalties=none,
        presence_penalties=none,
        repetition_penalties=none,
        output_token_ids=[],
        allowed_token_ids_mask=None,
        bad_words_token_ids={},
        logitsprocs=LogitsProcessors(),
    )
    return rejection_sample(
        drafts.reshape(-1).to(torch.int32).contiguous(),
        [k] * requests,
        k,
        torch.arange(1, requests + 1, device=target.device, dtype=torch.int32) * k,
        None if draft_probs is None else draft_probs.reshape(-1, ids).contiguous(),
        target.reshape(-1, ids).log(),  # it takes logits, and makes probabilities of them by softmax
        bonus.reshape(-1, 1).to(torch.int32).contiguous(),
        metadata,
    )


def vectors(folder: Path, positions: list[dict[int, float]], device: str, k: int = 3, top: int = 8) -> int:
    """Call vLLM's rejection sampler on real probabilities, ``k`` positions at a time, and keep what it got and gave.

    Every other call has drafts without probabilities, as n-grams are: the likeliest tokens. Returns the number of calls.
    """
    import torch
    from safetensors.torch import save_file

    kept: dict[str, Any] = {}
    calls = 4 * (len(positions) // k)
    for call in range(calls):
        some = [dict(list(one.items())[:top]) for one in positions[call // 4 * k :][:k]]
        _, target = dense([{one: p / sum(row.values()) for one, p in row.items()} for row in some])
        chance = torch.Generator().manual_seed(call)
        draft_probs = flatter(target) if call % 2 else None
        drafts = torch.multinomial(flatter(target), 1, generator=chance)[:, 0] if call % 2 else target.argmax(-1)
        bonus = torch.randint(target.shape[1], (1,), generator=chance)
        on = [None if one is None else one[None].to(device) for one in (target, drafts, draft_probs, bonus)]
        own = torch.Generator(device=device).manual_seed(1000 + call)
        output = reject(on[0], on[1], on[2], on[3], {0: own})[0]
        again = torch.Generator(device=device).manual_seed(1000 + call)  # the same numbers once more
        uniform = torch.empty(k, dtype=torch.float64, device=device).uniform_(generator=again).float()
        noise = torch.empty(target.shape[1], device=device).exponential_(generator=again)
        # What the sampler works with: the softmax of the logarithms, which is the target up to the last digit.
        kept |= {
            f"{call}.target": target.log().softmax(-1),
            f"{call}.drafts": drafts,
            f"{call}.bonus": bonus,
            f"{call}.uniform": uniform.cpu(),
            f"{call}.noise": noise.cpu(),
            f"{call}.output": output.cpu(),
        }
        if draft_probs is not None:
            kept[f"{call}.draft_probs"] = draft_probs
    save_file(kept, str(folder / VECTORS))
    return calls


def draw(target: Any, draft_probs: Any, times: int, device: str) -> tuple[list[float], float]:
    """Draw ``times`` first tokens by vLLM's rejection sampler, drafts from ``draft_probs`` [ids], against ``target`` [ids].

    Returns how often each id came, as shares, and the share of drafts that were accepted.
    """
    import torch

    with torch.random.fork_rng(devices=[device] if device != "cpu" else []):
        torch.manual_seed(0)
        drafts = torch.multinomial(draft_probs, times, replacement=True)[:, None].to(device)
        every = [one.to(device).expand(times, 1, -1) for one in (target, draft_probs)]
        bonus = torch.zeros(times, dtype=torch.int64, device=device)
        output = reject(every[0], drafts, every[1], bonus, {})
        first = torch.bincount(output[:, 0].cpu(), minlength=len(target)) / times
        return first.tolist(), float((output[:, 1] >= 0).float().mean())
