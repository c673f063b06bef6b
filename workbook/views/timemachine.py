"""The time machine: one or two recordings as a single HTML page that needs no network and no engine.

Everything is derived here, by walking through the recording, and embedded as intervals ("from step 12 on, this
request decodes"): the page can look up any step without playing those before it. What the page looks like is in
``page/``; this module knows neither colours nor words.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from workbook import i18n
from workbook.recorder import texts
from workbook.recorder.recording import Recording
from workbook.recorder.steps import RequestStory, Row, State, Step

PAGE = Path(__file__).parent / "page"
# In this order: each file uses only what stands before it.
SCRIPTS = (
    *("words", "symbols", "explanations"),
    *("track", "clock", "dom", "tooltip"),
    *("colours", "lanes", "pool"),
    *("counters", "events", "blocktable"),
    *("request", "panel", "main"),
)
# One letter for what a request does in a step; a prefill that computes again what a preemption lost is in capitals.
_PHASES = {"prefill": "p", "chunk": "c", "decode": "d"}
_STATES = {"waiting": "w", "running": "i", "preempted": "x", "finished": "f"}

Json = dict[str, Any]


def page(recordings: list[Recording], names: list[str] | None = None) -> str:
    """The page for one recording, or for two to compare. ``names`` are their headings.

    Raises ValueError for another number of recordings.
    """
    if len(recordings) not in (1, 2):
        raise ValueError(f"the time machine shows one or two recordings, not {len(recordings)}")
    names = names or [_name(recording.path) for recording in recordings]
    data = {
        "language": "zh" if i18n.chinese() else "en",
        "recordings": [_Track(*pair).data() for pair in zip(recordings, names, strict=True)],
    }
    environment = Environment(loader=FileSystemLoader(PAGE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("template.html.j2").render(
        language="zh-CN" if i18n.chinese() else "en",
        title=" / ".join(names),
        style=_own("style.css"),
        script=Markup("\n").join(_own(f"{name}.js") for name in SCRIPTS),
        data=_embedded(data),
    )


def write(path: Path, recordings: list[Recording], names: list[str] | None = None) -> None:
    """Write the page to ``path``: whole, or not at all."""
    content = page(recordings, names)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _own(name: str) -> Markup:
    return Markup((PAGE / name).read_text(encoding="utf-8"))


def _embedded(data: Json) -> Markup:
    """JSON in which nothing can end the script element or open a comment: prompts hold any text there is."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    # A lone surrogate is legal in JSON and impossible in UTF-8.
    return Markup(text.encode("utf-8", "replace").decode())


def _name(path: Path) -> str:
    """The run's folder; under notes/runs that is a time, so the script's name goes before it."""
    folder = path.resolve().parent
    return f"{folder.parent.name} {folder.name}" if folder.name[:1].isdigit() else folder.name


def _extend(runs: list[list[Any]], step: int, code: str, value: int, slope: int) -> None:
    """Let the last of ``runs`` go on, or begin another: ``[first step, code, value there, increase per step]``."""
    if runs:
        start, last, base, rate = runs[-1]
        if last == code and rate == slope and base + (step - start) * rate == value:
            return
    runs.append([step, code, value, slope])


class _Track:
    """One recording, as intervals over the indices of its steps."""

    def __init__(self, recording: Recording, name: str) -> None:
        self.recording, self.name = recording, name
        count = len(recording.requests)
        self.runs: list[list[list[Any]]] = [[] for _ in range(count)]  # what each request does
        self.tables: list[list[Json]] = [[] for _ in range(count)]  # its block tables, one for each admission
        self.drafts: list[list[list[Any]]] = [[] for _ in range(count)]
        self.batches: list[list[Any]] = []  # [from step, requests in batch order]
        self.events: dict[int, list[list[Any]]] = {}
        self.toggles: dict[int, list[int]] = {}  # block → steps at which it enters or leaves the prefix cache
        self._cached: set[int] = set()
        for index, (step, state) in enumerate(recording.walk()):
            self._requests(index, step, state)
            self._blocks(index, step, state)
            self._happenings(index, step)

    def _requests(self, index: int, step: Step, state: State) -> None:
        rows = {row.request: row for row in step.rows}
        batch = list(rows)
        if not self.batches or self.batches[-1][1] != batch:
            self.batches.append([index, batch])
        for request, status in state.status.items():
            row = rows.get(request)
            if row is None:
                _extend(self.runs[request], index, _STATES[status], state.computed[request], 0)
                continue
            code = _PHASES[row.phase]
            code = code.upper() if row.recompute else code
            _extend(self.runs[request], index, code, row.computed, row.scheduled)
            if row.drafts:
                self.drafts[request].append([index, row.drafts, row.accepted])

    def _blocks(self, index: int, step: Step, state: State) -> None:
        rows = {row.request: row for row in step.rows}
        for request, tenures in enumerate(self.tables):
            table, row = state.tables.get(request), rows.get(request)
            current = tenures[-1] if tenures and tenures[-1]["to"] is None else None
            if current and (table is None or (row and row.admitted)):
                current["to"] = index
                current = None
            if table is None:
                continue
            if current is None:
                current = {"from": index, "to": None, "hit": row.hit if row else 0, "blocks": [], "grown": []}
                current["shared"] = len(table) - len(row.new_blocks) if row else 0
                tenures.append(current)
            if len(table) != len(current["blocks"]):
                current["blocks"] = list(table)
                current["grown"].append([index, len(table)])
        for block in state.cached ^ self._cached:
            self.toggles.setdefault(block, []).append(index)
        self._cached = set(state.cached)

    def _happenings(self, index: int, step: Step) -> None:
        events: list[list[Any]] = [["ended", finish.i, finish.reason] for finish in step.ended_before]
        if step.arrived:
            events.append(["arrived", step.arrived])
        events += [["preempted", lost.i, lost.computed, len(lost.blocks), lost.cached] for lost in step.preempted]
        for row in step.rows:
            if row.admitted:
                events.append(self._admission(row))
        events += [["finished", finish.i, finish.reason, finish.cached] for finish in step.finished]
        if events:
            self.events[index] = events

    def _admission(self, row: Row) -> list[Any]:
        again = len(self.tables[row.request]) > 1
        return ["resumed" if again else "admitted", row.request, row.hit, self.tables[row.request][-1]["shared"]]

    def data(self) -> Json:
        """All of it, as JSON can hold it. Times in microseconds from the first arrival."""
        recording, steps = self.recording, self.recording.steps
        header = recording.header
        origin = min([s.arrived for s in recording.requests] + [s.at for s in steps], default=0.0)
        return {
            "name": self.name,
            "vllm": header.vllm,
            "model": header.model.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1],
            "device": header.device,
            "scheduler": header.scheduler,
            "prefixCaching": bool(header.engine.get("enable_prefix_caching")),
            "blockSize": header.block_size,
            "blocks": header.blocks,
            "budget": header.token_budget,
            "cut": recording.cut.n if recording.cut else None,
            "killed": recording.end is None and recording.cut is None and recording.damaged is None,
            "damaged": recording.damaged,
            "texts": {str(token): text for token, text in texts.read(recording).items()},
            "requests": [self._request(story) for story in recording.requests],
            "batches": self.batches,
            "events": self.events,
            "toggles": self.toggles,
            "number": [step.number for step in steps],
            "at": [_micro(step.at - origin) for step in steps],
            "end": [_micro(step.ended_at - origin) for step in steps],
            "schedule": [_micro(step.schedule_s) for step in steps],
            "model_us": [None if step.model_s is None else _micro(step.model_s) for step in steps],
            "update": [_micro(step.update_s) for step in steps],
            "scheduled": [step.scheduled for step in steps],
            "running": [step.running for step in steps],
            "waiting": [step.waiting for step in steps],
            "free": [step.free for step in steps],
            "cached": [step.cached for step in steps],
        }

    def _request(self, story: RequestStory) -> Json:
        return {
            "id": story.id,
            "prompt": story.prompt,
            "promptTokens": story.prompt_tokens,
            "maxTokens": story.max_tokens,
            "outputs": story.outputs,
            "given": self._given(story.output_steps),
            "reason": story.reason,
            "runs": self.runs[story.index],
            "tables": self.tables[story.index],
            "drafts": self.drafts[story.index],
        }

    def _given(self, output_steps: Sequence[int]) -> list[list[Any]]:
        """How many outputs a request has before each step, as runs."""
        index_of = {step.number: index for index, step in enumerate(self.recording.steps)}
        counts: dict[int, int] = {}
        for number in output_steps:
            counts[index_of[number]] = counts.get(index_of[number], 0) + 1
        runs: list[list[Any]] = []
        total = 0
        for index, count in counts.items():
            _extend(runs, index, "", total, count)
            total += count
            if index + 1 not in counts:
                _extend(runs, index + 1, "", total, 0)
        return runs


def _micro(seconds: float) -> int:
    return round(seconds * 1e6)
