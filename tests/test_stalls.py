"""What the clients saw: waits count from the long prompt's arrival on, and only those of the others."""

from types import SimpleNamespace as Made
from typing import Any

import pytest
from conftest import ROOT

from workbook import runinfo
from workbook.course import lessons
from workbook.errors import WorkbookError
from workbook.predictions import measure
from workbook.recorder import load
from workbook.stalls import LONG, Scene, check


def step(*requests: str) -> list[Any]:
    """What a step hands out, in the shape of vLLM's RequestOutput: one token for each of the requests."""
    return [Made(request_id=name, outputs=[Made(token_ids=[7])]) for name in requests]


@pytest.fixture
def scene() -> Scene:
    seen = Scene()
    seen.note(step("0", "1"), 1.0)
    seen.note(step("0", "1"), 9.0)  # a long step, before the long prompt came
    seen.sent = 9.5
    seen.note(step("0", "1"), 11.5)
    seen.note(step("0", "1", LONG), 12.5)
    seen.note(step("0", LONG), 18.5)  # request 1 has ended
    return seen


def test_waits_from_the_arrival_on(scene: Scene) -> None:
    assert sorted(scene.gaps) == [1.0, 1.0, 2.5, 2.5, 6.0]
    assert scene.longest_gap == 6.0  # that of request 0, and not the 8 s before


def test_the_long_prompt(scene: Scene) -> None:
    assert scene.ttft == 3.0
    assert scene.reading_steps == 2
    assert scene.until_all == 9.0
    assert scene.steps == 5
    assert scene.tokens[LONG] == [7, 7]


def test_what_vllm_would_refuse_is_said_before() -> None:
    check(8, 1023, 1024)
    with pytest.raises(WorkbookError, match="--budget 8 or more"):
        check(7, 100, 1024)
    with pytest.raises(WorkbookError, match="1 to 1,023 tokens"):
        check(128, 1024, 1024)


def test_the_lessons_run_answers_its_questions() -> None:
    stage = ROOT / "stages" / "2_core_techniques" / "recordings"
    info = runinfo.read(stage / "chunk_128")
    assert info
    run = measure.Run([load(stage / name) for name in ("chunk_128", "chunk_off", "chunk_capped")], info)
    header = lessons.find("2.4").header
    assert measure.fits(header, run)
    assert [measure.measured(question, run) for question in header.predictions] == [4, 16, 1, 1, 1]
    for question in header.predictions:
        for yours in range(3):
            measure.meaning(question, yours, measure.measured(question, run), run)  # no expression fails
