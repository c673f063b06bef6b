"""Lesson 1.2's trace: who is made in which order, phases that add up, and the KV cache worked out like vLLM's."""

import re
import xml.etree.ElementTree as ET

import pytest
from conftest import ROOT, SCRIPTS, python

from workbook import hops, runinfo
from workbook.course import lessons, symbols
from workbook.hops import startup_path
from workbook.hops.records import Call
from workbook.predictions import measure
from workbook.recorder import load
from workbook.stops import spec
from workbook.views import hopphases, hoptree

RECORDINGS = ROOT / "stages" / "1_basics" / "recordings"


def test_the_lists_name_functions_of_the_installed_vllm() -> None:
    for hop in [*startup_path.on("cpu"), *startup_path.on("cuda")]:
        assert symbols.resolve(hop.at).kind != "class", hop.at


@pytest.mark.engine
@pytest.mark.parametrize("ranks", [1, 2])
def test_the_start_meets_the_list_in_order_and_the_sums_are_vllms(tiny: object, ranks: int) -> None:
    if spec.runner() == "gpu" and ranks > 1:
        pytest.skip("needs two cards")
    result = python(SCRIPTS / "step1_engine_startup.py", "--fast", "--tp", str(ranks), COLUMNS="100")
    assert result.returncode == 0, result.stderr
    rows = re.findall(r"^ (\S[^│\n]*?)\s+([\d,.]+)\s+([\d,.]+)\s+([=≠]) $", result.stdout, re.MULTILINE)
    assert [row[3] for row in rows] == ["="] * 4, result.stdout
    folder = (ROOT / re.findall(r"^vLLM's log: (.*)$", result.stdout, re.MULTILINE)[0]).parent
    calls = hops.read(folder)
    nodes = hoptree.merged([call for call in calls if not call.process.endswith("-1")])
    assert [node.call.at for node in nodes] == [
        hop.at for hop in startup_path.on("cuda" if spec.runner() == "gpu" else "cpu")
    ]
    assert not [call for call in calls if "Error: " in f"{call.shown} {call.left}"]
    where = {call.at.rpartition(":")[2]: call.process for call in calls if not call.process.endswith("-1")}
    core, worker = ("main", "main") if ranks == 1 else ("EngineCore", "VllmWorker-0")
    assert (where["renderer_from_config"], where["Scheduler.__init__"], where["Worker.load_model"]) == (
        "main",
        core,
        worker,
    )
    ET.fromstring((folder / "phases.svg").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["startup", "startup_tp2"])
def test_phases_add_up_to_the_whole(name: str) -> None:
    calls = hops.read(RECORDINGS / name)
    whole = next(call.seconds for call in calls if call.at.endswith(":LLM.__init__"))
    found = hopphases.phases(calls, *startup_path.phases())
    assert sum(seconds for _, seconds in found) == pytest.approx(whole, rel=1e-3)
    assert all(seconds >= 0 for _, seconds in found)


def call(name: str, start: float, seconds: float, depth: int) -> Call:
    return Call(f"m:{name}", "main", "t", depth, 1, start, seconds)


def test_what_a_call_took_itself_counts_once() -> None:
    calls = [call("A", 0, 10, 0), call("B", 1, 4, 1), call("C", 2, 1, 2), call("D", 6, 3, 1)]
    found = hopphases.phases(calls, {"B": "b", "C": "c", "D": "b"}, "rest")
    assert found == [("b", 6.0), ("c", 1.0), ("rest", 3.0)]


def test_the_pictures_bars_end_at_the_sum() -> None:
    picture = hopphases.picture([("one", 1.0), ("two", 3.0)], "Start")
    bars = [e for e in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}rect") if e.get("fill") == "#0072B2"]
    first, second = ((float(e.get("x", 0)), float(e.get("width", 0))) for e in bars)
    assert first[0] + first[1] == pytest.approx(second[0], abs=0.2)
    assert second[1] == pytest.approx(3 * first[1], rel=0.01)


@pytest.mark.parametrize("name", ["startup", "startup_tp2"])
def test_the_trace_answers_the_lessons_questions(name: str) -> None:
    info = runinfo.read(RECORDINGS / name)
    assert info
    run = measure.Run([load(RECORDINGS / name)], info)
    assert [measure.measured(question, run) for question in lessons.find("1.2").header.predictions] == [3, 1, 129]
