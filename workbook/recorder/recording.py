"""A recording as typed objects: :func:`load` one, walk through its steps, ask for its figures.

    recording = load("notes/runs/step1_basic_llama/2026-11-24T10-00-00")
    for step, state in recording.walk():
        print(step.number, step.scheduled, step.free, state.tables)

No engine and no vLLM is needed to read one.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from workbook.recorder import load as reading
from workbook.recorder.replay import Replay
from workbook.recorder.schema import CutLine, EndLine, Header
from workbook.recorder.steps import RequestStory, State, Step
from workbook.recorder.summary import Summary, summarize

FILE = "recording.jsonl"


class Recording:
    """All of one engine's steps. ``cut``: the size limit was reached; ``end`` is None if the run was killed.

    ``damaged``: the first line that ``salvage`` left out, None for a sound file.
    """

    header: Header
    steps: list[Step]
    requests: list[RequestStory]
    cut: CutLine | None
    end: EndLine | None

    def __init__(self, lines: reading.Lines, salvage: bool = False) -> None:
        self.path = lines.path
        self.header = lines.header
        self.damaged = lines.damaged
        self._lines = lines.lines
        while True:
            replay = self._replay()
            try:
                self.steps = list(replay.steps())
                break
            except (LookupError, ValueError, AttributeError) as error:
                number = self._first_impossible_line()
                if not salvage:
                    raise reading.damaged(self.path, number, f"{type(error).__name__}: {error}") from None
                self.damaged = number
                self._lines = [(n, line) for n, line in self._lines if n < number]
        self.requests, self.cut, self.end = replay.requests, replay.cut, replay.end

    def walk(self) -> Iterator[tuple[Step, State]]:
        """Each step, results included, with the engine's state during its forward pass. The state is one object that changes."""
        replay = self._replay()
        for step, _ in zip(self.steps, replay.steps(), strict=True):
            yield step, replay.state

    def state_at(self, number: int) -> State:
        """The state during the forward pass of step ``number``. Raises LookupError for a step that is not there."""
        for step, state in self.walk():
            if step.number == number:
                return state
        raise LookupError(number)

    @cached_property
    def summary(self) -> Summary:
        """Throughput, latencies, use of the KV cache, hit and acceptance rates: of what is recorded."""
        return summarize(self.header, self.steps, self.requests)

    def _replay(self) -> Replay:
        return Replay(self.header, [line for _, line in self._lines])

    def _first_impossible_line(self) -> int:
        """The number of the line without which, and all after it, the rest makes sense: found by halving."""
        low, high = 0, len(self._lines)
        while low + 1 < high:
            middle = (low + high) // 2
            try:
                for _ in Replay(self.header, [line for _, line in self._lines[:middle]]).steps():
                    pass
                low = middle
            except (LookupError, ValueError, AttributeError):
                high = middle
        return self._lines[high - 1][0]


def engines(folder: Path) -> list[Path]:
    """The recordings of a run, one for each engine, in the order in which the engines started."""
    return sorted(folder.glob("recording*.jsonl"), key=_number)


def load_all(folder: Path) -> list[Recording]:
    """Those of all engines of a run, in the same order; none where nothing is recorded. Raises as :func:`load` does."""
    return [load(path) for path in engines(folder)]


def _number(path: Path) -> int:
    _, _, number = path.stem.partition("-")
    return int(number) if number.isdigit() else 1


def load(path: str | Path, salvage: bool = False) -> Recording:
    """Load a recording: the file itself, or the first one in a run's folder.

    Raises WorkbookError for a file that is missing, foreign, of another version, or damaged; in the last case
    ``salvage`` loads what stands before the damage.
    """
    path = Path(path)
    return Recording(reading.read(path / FILE if path.is_dir() else path, salvage), salvage)
