"""The prompt in processes that were spawned, without an engine: one at a time, and none waits for the terminal in vain."""

from pathlib import Path

import pytest

from stops.prompt import Learner
from workbook.stops import spec

MEETING = """\
def meet(barrier):
    before = 1
    barrier.wait()
    after = 2
    return after
"""
SCRIPT = """\
import workbook
import multiprocessing, meeting

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    children = [context.Process(target=meeting.meet, args=(barrier,), name=f"VllmWorker-{n}") for n in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print("ended", [child.exitcode for child in children])
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "meeting.py").write_text(MEETING)
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


SENTENCE = "what stands at a stop is a sentence of many words that fits no line and is broken between two of them, never inside"


def start(script: Path, **env: str) -> Learner:
    variables = {
        "WORKBOOK_STOPS": "meeting:meet",
        "WORKBOOK_DEBUGGER": "terminal",
        "PYTHONPATH": str(script.parent),
        **env,
    }
    return Learner(str(script), **variables)


def test_a_step_that_waits_for_another_process_gives_the_terminal_away(script: Path) -> None:
    with start(script) as learner:
        first, shown = learner.prompt()
        assert f"Stop · meet · {first}" in shown
        assert "-> before = 1" in shown
        assert "-> barrier.wait()" in learner.ask("n")  # a short step keeps it, though the other process waits
        learner.type("n")  # waits for the other process
        second, shown = learner.prompt()
        assert {first, second} == {"VllmWorker-0", "VllmWorker-1"}
        assert f"Stop · meet · {second}" in shown
        learner.type("c")  # frees the first, which comes back to its next line
        again, shown = learner.prompt()
        assert again == first
        assert "-> after = 2" in shown
        learner.type("c")
        assert learner.end() == 0
        assert "ended [0, 0]" in learner.seen


def test_input_is_read_and_output_shown_in_a_process_whose_stdin_is_dev_null(script: Path) -> None:
    with start(script) as learner:
        learner.prompt()
        assert learner.ask("!print('printed', barrier.parties)") == "printed 2"
        assert learner.ask("p undefined") == "*** NameError: name 'undefined' is not defined"
        learner.type("c")
        learner.prompt()
        learner.type("c")
        assert learner.end() == 0


def test_the_note_is_in_the_learners_language(script: Path) -> None:
    with start(script, WORKBOOK_LANG="zh") as learner:
        process, shown = learner.prompt()
        assert f"停点 · meet · {process}" in shown
        learner.type("c")
        learner.prompt()
        learner.type("c")
        assert learner.end() == 0


def test_the_note_is_broken_between_words(script: Path) -> None:
    stop = spec.Stop("meeting:meet", look=SENTENCE)
    with start(script, WORKBOOK_STOPS=spec.encode([stop])) as learner:
        _, shown = learner.prompt()
        lines = [line.strip() for line in shown.splitlines()]
        first = next(place for place, line in enumerate(lines) if line.startswith("Look at: "))
        note = lines[first : lines.index("-> before = 1") - 1]
        assert len(note) > 1
        assert max(map(len, note)) <= 80
        assert " ".join(note) == f"Look at: {SENTENCE}"
        learner.type("c")
        learner.prompt()
        learner.type("c")
        assert learner.end() == 0
