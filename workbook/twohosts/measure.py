"""What lesson 2.9's script measures over two hosts, as plain numbers for run.json."""

from collections.abc import Callable
from typing import Any

from workbook.architecture import Architecture
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.pairs import Pairs
from workbook.twohosts import link, model
from workbook.twohosts.rates import Rate
from workbook.twohosts.room import Room
from workbook.twohosts.servers import Servers
from workbook.wire import Collectives, collectives

_BYTES = {"float32": 4, "bfloat16": 2}


def asked(architecture: Architecture | None, dtype: str) -> Collectives:
    """The collectives of a step that computes one token of one request, TP=2. Raises WorkbookError for what is no LLaMA."""
    if architecture is None:
        raise WorkbookError(
            tr(
                "The formula of the wire is one for LLaMA, and this model has another config.json: leave out --model.",
                "链路公式只适用于 LLaMA，而这个模型的 config.json 属于其他架构：请去掉 --model。",
            )
        )
    return collectives(
        architecture.layers, architecture.hidden, architecture.vocab, tokens=1, tp=2, element_bytes=_BYTES[dtype]
    )


def count(room: Room, servers: Servers, prompt: str, tokens: int) -> dict[str, Any]:
    """What host1 sends while one request gets so many tokens, one step each: by the interface and by connection."""
    before, connections = link.counters(room, "host1"), link.connections(room, "host1")
    text, _ = servers.complete(prompt, tokens)
    passed, after = link.counters(room, "host1") - before, link.connections(room, "host1")
    gloo = link.busiest(connections, after, "VLLM::Worker")
    scheduler = link.busiest(connections, after, "VLLM::EngineCor")
    return {
        "text": text,
        "steps": tokens,
        "gloo": gloo.payload,
        "scheduler": scheduler.payload,
        "scheduler_frames": scheduler.segments,
        "frames": passed.sent_frames,
        "sent": passed.sent,
        "received": passed.received,
    }


def broadcast(counted: dict[str, Any]) -> float:
    """Bytes of a step's broadcast from the scheduler to the worker on the other host, headers included."""
    sent: int = counted["scheduler"] + model.HEADERS * counted["scheduler_frames"]
    return sent / int(counted["steps"])


def step_bytes(asked: Collectives, counted: dict[str, Any]) -> float:
    """Bytes that host1 sends in a step: gloo's by the formula, and the scheduler's broadcast as it was counted."""
    return model.traffic(asked).bytes + broadcast(counted)


def at_rate(rate: Rate, tokens: int, turns: Pairs, bytes_a_step: float) -> dict[str, Any]:
    """A request over the slower link ("slow"), beside the same one without limit ("free"), and the prediction.

    Of each the fastest: whatever else runs on the machine only makes one slower.
    """
    free_s, measured_s = min(turns.values["free"]), min(turns.values["slow"])
    return {
        "rate": rate.name,
        "shown": str(rate),
        "bits_per_s": rate.bits_per_s,
        "tokens": tokens,
        "free_s": free_s,
        "measured_s": measured_s,
        "predicted_s": tokens * model.seconds(free_s / tokens, bytes_a_step, rate.bits_per_s),
        "turns": turns.values,
    }


def together(
    room: Room,
    servers: Servers,
    prompts: list[str],
    slowest: list[Rate],
    over: Callable[[Room, Rate, Callable[[], float]], float],
) -> dict[str, float]:
    """Requests that are asked at the same time: bytes both ways a token, tokens a second without limit and over the slowest link."""
    made = 16 * len(prompts)

    def ask() -> float:
        return servers.complete_together(prompts, 16)

    before = link.counters(room, "host1")
    ask()
    passed = link.counters(room, "host1") - before
    found = {"bytes": (passed.sent + passed.received) / made, "free": made / min(ask(), ask())}
    for rate in slowest:
        found["slow"] = made / over(room, rate, ask)
    return found


def one_host(outputs: list[Any]) -> dict[str, Any]:
    """The text of vLLM's own ``RequestOutput``, and the seconds of a decode step in the fastest of several."""
    fastest = min(output.metrics.last_token_ts - output.metrics.first_token_ts for output in outputs)
    completion = outputs[0].outputs[0]
    return {"text": completion.text, "step_s": fastest / (len(completion.token_ids) - 1)}
