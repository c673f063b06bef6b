"""Lesson 1.3's path: every function that the page lists is met, in the page's order, on this machine's runner."""

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import ROOT, SCRIPTS, python
from rich.console import Console

from workbook import hops, runinfo
from workbook.course import lessons, symbols
from workbook.hops import token_path
from workbook.predictions import measure
from workbook.recorder import load
from workbook.stops import spec
from workbook.views import hoppath, hoptree

STAGE = ROOT / "stages" / "1_basics"
PAGES = [STAGE / "1.3_token_lifecycle.md", STAGE / "1.3_token_lifecycle.zh.md"]


def listed(page: Path, card: bool) -> list[str]:
    """The functions of the page's table, as they are met on a CPU; or on a card, of which the second table has the other rows."""
    text = page.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d+) \|[^|]*\|([^|]*)\|$", text, re.MULTILINE))
    others = dict(re.findall(r"^\| (\d+) \|([^|]*)\|$", text, re.MULTILINE))
    assert list(rows) == [str(n + 1) for n in range(len(rows))]
    assert set(others) < set(rows)
    in_order = iter(others.values())
    cells = [next(in_order) if card and number in others else cell for number, cell in rows.items()]
    return re.findall(r"`([\w.]+:[\w.]+)`", "".join(cells))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_lists_what_is_traced(page: Path) -> None:
    assert listed(page, card=False) == [hop.at for hop in token_path.on("cpu")]
    assert listed(page, card=True) == [hop.at for hop in token_path.on("cuda")]


def test_both_lists_name_functions_of_the_installed_vllm() -> None:
    for hop in [*token_path.on("cpu"), *token_path.on("cuda")]:
        assert symbols.resolve(hop.at).kind != "class", hop.at


@pytest.mark.engine
@pytest.mark.parametrize("ranks", [1, 2])
def test_the_run_meets_every_function_in_the_pages_order(tiny: Path, ranks: int) -> None:
    if spec.runner() == "gpu" and ranks > 1:
        pytest.skip("needs two cards")
    result = python(SCRIPTS / "step1_token_lifecycle.py", "--fast", "--tp", str(ranks))
    assert result.returncode == 0, result.stderr
    folder = (ROOT / re.findall(r"^vLLM's log: (.*)$", result.stdout, re.MULTILINE)[0]).parent
    calls = hops.read(folder)
    path = listed(PAGES[0], card=spec.runner() == "gpu")
    for number in (1, 2):
        nodes = hoptree.merged([call for call in calls if call.number == number])
        met = list(dict.fromkeys(node.call.at for node in nodes))
        arrival = path.index("vllm.v1.engine.core:EngineCore.step")
        assert met == (path if number == 1 else path[arrival:])
    assert not [call for call in calls if "Error: " in f"{call.shown} {call.left}"]
    processes = {call.process for call in calls}
    assert processes == ({"main"} if ranks == 1 else {"main", "EngineCore", "VllmWorker-0", "VllmWorker-1"})
    ET.fromstring((folder / "path.svg").read_text(encoding="utf-8"))
    slots = [call.left for call in calls if "compute_slot_mapping" in call.at and call.process[-1] in "n0"]
    size = 16 if spec.runner() == "gpu" else 32
    assert slots == [f"slots {[size + n for n in range(5)]}", f"slots [{size + 5}]"]


def recorded(name: str) -> list[hoptree.Node]:
    return hoptree.merged([call for call in hops.read(STAGE / "recordings" / name) if call.number == 1])


def test_what_both_workers_did_alike_is_one_line_in_both_lanes() -> None:
    nodes = recorded("life_tp2")
    assert len(nodes) == len(token_path.on("cpu"))
    by_name = {node.name: node for node in nodes}
    assert by_name["LlamaMLP.forward"].lanes == "VllmWorker-0, 1"
    assert by_name["Scheduler.schedule"].lanes == "EngineCore"
    assert by_name["LLM.generate"].lanes == "main"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_name_is_cut_in_a_narrow_terminal(width: int) -> None:
    calls = hops.read(STAGE / "recordings" / "life")
    first, second = (hoptree.merged([call for call in calls if call.number == number]) for number in (1, 2))
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(hoptree.changes(first, second))
    words = console.export_text().split()
    for owner in ("CPUAttentionBackendImpl", "BaseIncrementalDetokenizer", "Scheduler"):
        assert any(word.startswith(owner) for word in words)
    for method in (".do_kv_cache_update", ".compute_slot_mapping", ".allocate_slots"):
        assert any(word.endswith(method) for word in words)


def test_a_value_stands_below_its_call_where_the_line_is_too_short() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(hoptree.tree(recorded("life"), "The way"))
    lines = [line.strip("│├└─ ") for line in console.export_text().splitlines()]
    assert "blocks [1] → slots [32, 33, 34, 35, 36]" in lines
    assert "q [5, 576] k [5, 192] v [5, 192] → [5, 9, 64]" in lines


def test_a_long_list_shows_its_ends() -> None:
    assert hoptree.short("blocks [1, 2] → slots [32, 33, 34, 35]", 3) == "blocks [1, 2] → slots [32, … 35]"
    assert hoptree.short("[5, 9, 64]", 3) == "[5, 9, 64]"


@pytest.mark.parametrize("name", ["life", "life_tp2"])
def test_a_call_stands_below_the_one_that_led_to_it(name: str) -> None:
    [outermost] = hoptree.nested(recorded(name))
    assert outermost.name == "LLM.generate"
    step = next(node for node in outermost.inner if node.name == "EngineCore.step")
    assert [node.name for node in step.inner] == [
        "Scheduler.schedule",
        "Worker.execute_model",
        "GPUModelRunner.sample_tokens",
        "Scheduler.update_from_output",
    ]


def test_the_picture_has_a_row_for_each_call_and_a_lane_for_each_process() -> None:
    picture = hoppath.picture(recorded("life_tp2"), "The way")
    texts = [element.text for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    for name in ("script", "EngineCore", "VllmWorker-0", "VllmWorker-1", "Sampler.forward"):
        assert name in texts


@pytest.mark.parametrize(("name", "answers"), [("life", [1, 37, 0]), ("life_tp2", [1, 37, 1])])
def test_the_trace_answers_the_lessons_questions(name: str, answers: list[int]) -> None:
    folder = STAGE / "recordings" / name
    info = runinfo.read(folder)
    assert info
    run = measure.Run([load(folder)], info)
    assert [measure.measured(question, run) for question in lessons.find("1.3").header.predictions] == answers
