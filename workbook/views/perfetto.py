"""A recording in the Trace Event Format, which https://ui.perfetto.dev and chrome://tracing open.

Two processes: the requests, a lane each, and the engine, with its steps and counters. Slices of a lane never overlap,
or lie one within the other. Names are vLLM's words in every language, so that queries written for one trace fit
the next. The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

import json
from itertools import pairwise
from typing import Any

from workbook.recorder import Recording
from workbook.recorder.steps import Step
from workbook.views import blockmap, gantt

Event = dict[str, Any]

REQUESTS, ENGINE = 1, 2  # process ids
_COUNTERS = 0  # thread id of what is no slice


def events(recording: Recording) -> list[Event]:
    """All events; times in µs from the recording's start."""
    found = [_name("process_name", REQUESTS, "requests"), _name("process_name", ENGINE, "engine")]
    found += _requests(recording)
    found += _steps(recording.steps)
    found += _counters(recording)
    return found


def dumps(recording: Recording) -> str:
    """The file's content."""
    header = recording.header
    about = {"model": header.model, "vllm": header.vllm, "device": header.device, "scheduler": header.scheduler}
    return json.dumps(
        {"traceEvents": events(recording), "displayTimeUnit": "ms", "otherData": about}, ensure_ascii=False
    )


def _requests(recording: Recording) -> list[Event]:
    steps, found = recording.steps, []
    lanes: list[list[Event]] = [[] for _ in recording.requests]
    for request, spans in enumerate(gantt.spans(recording)):
        for span in spans:
            if span.kind == "preempted":
                end = steps[span.last + 1].at if span.last + 1 < len(steps) else steps[span.last].ended_at
                lanes[request].append(_slice(REQUESTS, request + 1, span.kind, steps[span.first].at, end, {}))
    tables: dict[int, int] = {}  # blocks that each request holds
    for step in steps:
        for victim in step.preempted:
            tables.pop(victim.i, None)
            lost = {"tokens lost": victim.computed, "blocks": len(victim.blocks)}
            found.append(_instant(victim.i + 1, "preempted", step.at, lost))
        for row in step.rows:
            shared = row.hit // recording.header.block_size
            held = (shared if row.admitted else tables.get(row.request, 0)) + len(row.new_blocks)
            tables[row.request] = held
            args: dict[str, Any] = {
                "step": step.number,
                "tokens": row.scheduled,
                "computed": row.computed,
                "blocks": held,
            }
            if row.admitted:
                args["hit"] = row.hit
            if row.recompute:
                args["recompute"] = True
            if row.drafts:
                args |= {"drafts": len(row.drafts), "accepted": row.accepted}
            lanes[row.request].append(_slice(REQUESTS, row.request + 1, row.phase, step.at, step.ended_at, args))
        for finish in step.finished:
            found.append(_instant(finish.i + 1, f"finished: {finish.reason}", step.ended_at, {}))
        for finish in step.ended_before:
            found.append(_instant(finish.i + 1, f"finished: {finish.reason}", step.at, {}))
    for story, lane in zip(recording.requests, lanes, strict=True):
        found.append(_name("thread_name", REQUESTS, f"request {story.id}", story.index + 1))
        found.append(_name("thread_sort_index", REQUESTS, story.index, story.index + 1))
        lane.sort(key=lambda event: event["ts"])
        if steps:
            until = lane[0]["ts"] / 1e6 if lane else steps[-1].ended_at
            lane.insert(0, _slice(REQUESTS, story.index + 1, "waiting", story.arrived, until, {}))
        # With asynchronous scheduling a request's next step is scheduled before this one has ended.
        for event, following in pairwise(lane):
            event["dur"] = max(0, min(event["dur"], following["ts"] - event["ts"]))
        found += lane
    return found


def _steps(steps: list[Step]) -> list[Event]:
    """A slice for each step with its three parts inside; steps that overlap go to different lanes."""
    found: list[Event] = []
    ends: list[int] = []  # of the last step in each lane
    for step in steps:
        start, scheduled = _us(step.at), _us(step.at + step.schedule_s)
        modelled = scheduled + _us(step.model_s or 0.0)
        end = modelled + _us(step.update_s)
        lane = next((place for place, busy in enumerate(ends) if busy <= start), len(ends))
        if lane == len(ends):
            ends.append(0)
            name = "steps" if lane == 0 else f"steps, {lane} ahead"
            found.append(_name("thread_name", ENGINE, name, lane + 1))
        ends[lane] = end
        args = {
            "requests": len(step.rows),
            "tokens": step.scheduled,
            "budget": step.budget,
            "blocks used": step.used,
            "blocks free": step.free,
        }
        found.append(_interval(ENGINE, lane + 1, f"step {step.number}", start, end, args))
        found.append(_interval(ENGINE, lane + 1, "schedule", start, scheduled, {}))
        if step.model_s is not None:
            found.append(_interval(ENGINE, lane + 1, "model", scheduled, modelled, {}))
            found.append(_interval(ENGINE, lane + 1, "update", modelled, end, {}))
    return found


def _counters(recording: Recording) -> list[Event]:
    found = []
    for step, cached in zip(recording.steps, blockmap.cached_free(recording), strict=True):
        for name, values in (
            ("KV blocks used", step.used),
            ("KV blocks free, in the prefix cache", cached),
            ("running requests", step.running),
            ("waiting requests", step.waiting),
            ("scheduled tokens", step.scheduled),
        ):
            found.append(
                {
                    "name": name,
                    "ph": "C",
                    "ts": _us(step.at),
                    "pid": ENGINE,
                    "tid": _COUNTERS,
                    "args": {"value": values},
                }
            )
    return found


def _us(seconds: float) -> int:
    return round(seconds * 1e6)


def _slice(process: int, lane: int, name: str, start: float, end: float, args: dict[str, Any]) -> Event:
    return _interval(process, lane, name, _us(start), _us(end), args)


def _interval(process: int, lane: int, name: str, start: int, end: int, args: dict[str, Any]) -> Event:
    event = {"name": name, "ph": "X", "ts": start, "dur": max(0, end - start), "pid": process, "tid": lane}
    return event | ({"args": args} if args else {})


def _instant(lane: int, name: str, at: float, args: dict[str, Any]) -> Event:
    return {"name": name, "ph": "i", "s": "t", "ts": _us(at), "pid": REQUESTS, "tid": lane, "args": args}


def _name(kind: str, process: int, value: str | int, lane: int = 0) -> Event:
    key = "sort_index" if kind.endswith("sort_index") else "name"
    return {"name": kind, "ph": "M", "ts": 0, "pid": process, "tid": lane, "args": {key: value}}
