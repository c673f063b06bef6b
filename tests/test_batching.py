"""Lesson 2.3's script in each of its ways, on the real engine: what it records is what the lesson tells of it."""

from pathlib import Path

import pytest
from conftest import SCRIPTS, python

from workbook import runinfo
from workbook.recorder import Recording, load

pytestmark = pytest.mark.engine
SCRIPT = SCRIPTS / "step2_continuous_batching.py"


def run(notes: Path, *flags: str) -> tuple[Recording, runinfo.RunInfo, str]:
    ran = python(SCRIPT, "--fast", *flags, WORKBOOK_NOTES=str(notes))
    assert ran.returncode == 0, ran.stderr
    (folder,) = (notes / "runs" / SCRIPT.stem).iterdir()
    info = runinfo.read(folder)
    assert info
    return load(folder), info, ran.stdout


def test_a_request_that_arrives_joins_those_that_decode(tiny: Path, tmp_path: Path) -> None:
    recording, _, _ = run(tmp_path)
    assert [request.output_steps[0] for request in recording.requests[:6]] == [1, 3, 5, 7, 9, 11]
    assert [row.scheduled for step in recording.steps for row in step.rows if row.phase == "chunk"] == [62, 62, 22]
    assert max(step.running for step in recording.steps) == 4


def test_static_batching_admits_nobody_before_the_last_has_ended(tiny: Path, tmp_path: Path) -> None:
    recording, info, shown = run(tmp_path, "--static")
    left: set[int] = set()
    for step in recording.steps:
        if step.arrived:
            assert not left, f"step {step.number}"
        left |= set(step.arrived)
        left -= {end.i for end in step.finished}
    ratios = info.results["total"]["ratios"]["static"], info.results["latency"]["ratios"]["static"]
    assert all(ratio["rounds"] == 2 for ratio in ratios)
    assert ratios[1]["median"] > 1  # whoever waits for strangers waits longer
    assert "lacks" not in shown  # the engine that is measured is not counted as unrecorded


def test_too_few_blocks_preempt_the_last_that_came(tiny: Path, tmp_path: Path) -> None:
    recording, _, _ = run(tmp_path, "--small-cache")
    (victim,) = [victim for step in recording.steps for victim in step.preempted]
    assert (victim.i, victim.computed, len(victim.blocks)) == (6, 148, 5)
    assert sum(row.recomputed for step in recording.steps for row in step.rows) == 20


def test_the_plan_s_requests_on_an_engine_of_its_own(tiny: Path, tmp_path: Path) -> None:
    recording, _, shown = run(tmp_path, "--async")
    assert [request.id for request in recording.requests] == [str(i) for i in range(10)]
    assert shown.count(" s] ") == 10
    assert max(step.running for step in recording.steps) > 1
