"""The time machine in a real browser: what it says is what the recording says, and it is quick, legible and alone."""

import ast
import json
import random
import re
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from workbook.recorder import texts
from workbook.recorder.recording import FILE, Recording, load
from workbook.recorder.schema import Admission, Arrival, EndLine, Finish, Header, Line, StepLine
from workbook.recorder.steps import State, Step
from workbook.recorder.writer import Writer
from workbook.views import timemachine

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RECORDINGS = ROOT / "tests" / "recordings"  # of the real engine
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next((found for found in map(shutil.which, names) if found), None)
    if executable is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=executable, args=SWITCHES.split())
        yield chromium
        chromium.close()


class Machine:
    """The page, opened in a browser tab."""

    def __init__(self, page: "Page", folder: Path) -> None:
        self.page, self.folder, self.path = page, folder, folder
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith("file:") else self.complaints.append(request.url)
        )

    def open(self, *recordings: Recording, hash: str = "") -> "Page":
        self.path = self.folder / f"page{len(list(self.folder.iterdir()))}.html"
        timemachine.write(self.path, list(recordings))
        self.page.goto(f"{self.path.as_uri()}{hash}")
        return self.page


@pytest.fixture
def machine(browser: "Browser", tmp_path: Path) -> Iterator[Machine]:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    opened = Machine(page, tmp_path)
    yield opened
    page.close()
    assert opened.complaints == []


def real(name: str) -> Recording:
    return load(RECORDINGS / name)


def position(page: "Page") -> str:
    return page.inner_text("#position")


def wait_for(page: "Page", condition: str) -> None:
    """Until a JavaScript expression holds. Playwright's own way evaluates a string, which the page forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"never: {condition}")


def value(page: "Page", key: str, panel: int = 0) -> str:
    return page.locator(".panel").nth(panel).locator(f'[data-value="{key}"]').inner_text()


def rewritten(folder: Path, name: str, lines: list[str], tokens: dict[int, str] | None = None) -> Path:
    """A copy of a real recording with other lines or texts."""
    shutil.copytree(RECORDINGS / name, folder / name)
    (folder / name / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if tokens is not None:
        (folder / name / texts.FILE).write_text(json.dumps(tokens), encoding="utf-8")
    return folder / name


def lines_of(name: str) -> list[str]:
    return (RECORDINGS / name / FILE).read_text(encoding="utf-8").splitlines()


# What it says


def check_counters(page: "Page", step: Step) -> None:
    wanted = {
        "scheduled": step.scheduled,
        "budget": step.budget,
        "batch": len(step.rows),
        "running": step.running,
        "waiting": step.waiting,
        "used": step.used,
        "free": step.free,
        "cached": step.cached,
    }
    assert {key: value(page, key) for key in wanted} == {key: str(number) for key, number in wanted.items()}
    assert f"{step.left} left" in page.inner_text(".tile.budget")


def check_request(page: "Page", recording: Recording, step: Step, state: State, request: int) -> None:
    """Its block table, token by token, against the state of the walk."""
    page.select_option("#chosen", f"0 {request}")
    row = next((row for row in step.rows if row.request == request), None)
    status = state.status[request]
    shown = page.inner_text('[data-value="state"]')
    if row is None:
        assert shown.split(",")[0] == status
    else:
        assert shown == row.phase + (", recomputing" if row.recompute else "")
        assert f"{row.computed} → {row.computed + row.scheduled} token" in page.inner_text('[data-fact="computed"]')
    table, size = state.tables.get(request, []), recording.header.block_size
    known = texts.read(recording)
    tokens = recording.requests[request].tokens[: state.computed[request]]
    if row is not None and row.drafts:
        tokens = tokens[: row.computed + row.scheduled - len(row.drafts)] + row.drafts
    rows = page.locator(".blocktable tbody tr")
    assert rows.count() == len(table)
    for index, block in enumerate(table):
        cells = rows.nth(index).locator("td").all_text_contents()
        held = tokens[index * size : (index + 1) * size]
        assert cells[:3] == [str(index), str(block), f"{len(held)}/{size}"]
        assert cells[3] == "".join(known[token].replace("\n", "⏎") for token in held)
        assert ("new" in cells[4]) == (row is not None and block in row.new_blocks)
        assert ("in prefix cache" in cells[4]) == (block in state.cached)
        assert ("shared" in cells[4]) == (len(state.holders[block]) > 1)
        if len(state.holders[block]) == 2:
            other = next(holder for holder in state.holders[block] if holder != request)
            assert f"shared with request {recording.requests[other].id}" in cells[4]


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("preempt", [1, 2, 3, 6, 7, 8, 68, 69, 70, 81, 82, 83, 120, 157]),
        ("prefix", [1, 2, 24, 25, 26, 48]),
        ("spec", [1, 2, 3, 9, 10, 36]),
        ("chunk_on", [1, 11, 12, 15, 16, 40]),
    ],
)
def test_the_page_says_what_the_recording_says(machine: Machine, name: str, numbers: list[int]) -> None:
    recording = real(name)
    page = machine.open(recording)
    for step, state in recording.walk():
        if step.number not in numbers:
            continue
        page.evaluate("index => timeMachine.clock.set(index)", step.number - 1)
        assert position(page) == f"Step {step.number} of {len(recording.steps)}"
        check_counters(page, step)
        for request in state.status:
            check_request(page, recording, step, state, request)


def test_a_recording_with_rejected_drafts_and_every_step_between(machine: Machine) -> None:
    """All steps' batches and tables, as the page holds them, not only those that are drawn above."""
    recording = real("spec")
    page = machine.open(recording)
    for step, state in recording.walk():
        index = step.number - 1
        view = page.evaluate(
            """index => {
                const track = timeMachine.tracks[0], view = track.view(index);
                const tables = track.requests.map((_, r) => track.table(r, index)).map((t) => t && t.blocks.slice(0, t.length));
                return { batch: view.batch, cells: view.batch.map((r) => [view.cells[r].computed, view.cells[r].scheduled]), tables,
                         holders: view.holders, cached: view.cached.reduce((n, one) => n + one, 0),
                         given: view.batch.map((r) => track.outputs(r, index).given) };
            }""",
            index,
        )
        assert view["batch"] == [row.request for row in step.rows]
        assert view["cells"] == [[row.computed, row.scheduled] for row in step.rows]
        assert {r: t for r, t in enumerate(view["tables"]) if t} == state.tables
        assert {b: h for b, h in enumerate(view["holders"]) if h} == {b: sorted(h) for b, h in state.holders.items()}
        assert view["cached"] == len(state.cached)
        assert view["given"] == [len(row.sampled) for row in step.rows]


def test_events_are_told_in_words(machine: Machine) -> None:
    page = machine.open(real("preempt"), hash="#step=69")
    assert position(page) == "Step 69 of 157"
    told = page.inner_text(".events")
    assert "Step 69: 1 request decodes (1 token), 2 wait." in told
    assert (
        "request 1 preempted: 127 tokens of computed K and V dropped, 4 blocks given back, 3 of them still cached"
        in told
    )
    assert page.text_content("#live") == " ".join(told.replace("✕\ufe0e", "").split())
    page = machine.open(real("prefix"), hash="#step=1")
    assert "requests 1–3 admitted, 96 tokens each found in the prefix cache (3 blocks)" in page.inner_text(".events")
    page = machine.open(real("spec"), hash="#step=9")
    assert "request 0 finished (length)" in page.inner_text(".events")
    assert "4 tokens drafted, 3 accepted" in page.inner_text(".events")


# How it is used


def test_slider_keys_and_deep_link(machine: Machine) -> None:
    page = machine.open(real("preempt"), hash="#step=17")
    assert position(page) == "Step 17 of 157"
    page.fill("#slider", "40")
    assert position(page) == "Step 41 of 157"
    # The slider has the focus: a key must not move it twice.
    for key, number in [("ArrowRight", 42), ("Shift+ArrowRight", 52), ("ArrowLeft", 51), ("Shift+ArrowLeft", 41)]:
        page.keyboard.press(key)
        assert position(page) == f"Step {number} of 157"
    page.keyboard.press("Home")
    assert position(page) == "Step 1 of 157"
    page.keyboard.press("ArrowLeft")
    assert position(page) == "Step 1 of 157"
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("p")
    page.keyboard.press("End")
    assert position(page) == "Step 157 of 157"
    wait_for(page, "location.hash === '#step=157'")
    page.evaluate("location.hash = '#step=70'")
    wait_for(page, "document.querySelector('#position').textContent.startsWith('Step 70 ')")
    assert page.get_attribute("#slider", "aria-valuetext") == "Step 70 of 157"
    page.evaluate("location.hash = '#step=99999'")
    wait_for(page, "document.querySelector('#position').textContent.startsWith('Step 157 ')")


def test_play_and_pause(machine: Machine) -> None:
    page = machine.open(real("preempt"))
    page.select_option("#speed", "60")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    wait_for(page, "timeMachine.clock.position > 5")
    page.keyboard.press("Space")
    stopped = position(page)
    page.wait_for_timeout(150)
    assert position(page) == stopped
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.click("#play")
    wait_for(page, "!timeMachine.clock.playing")
    assert position(page) == "Step 157 of 157"


def test_lanes_and_blocks_can_be_clicked_and_explain_themselves(machine: Machine) -> None:
    page = machine.open(real("preempt"))
    lanes = page.locator(".laneArea canvas").first
    box = lanes.bounding_box()
    assert box is not None
    at = {"x": box["width"] * 68.5 / 157, "y": box["height"] * 1.5 / 3}
    lanes.click(position={"x": at["x"], "y": at["y"]})
    assert position(page) == "Step 69 of 157"
    assert page.input_value("#chosen") == "0 1"
    assert page.inner_text('[data-value="state"]') == "preempted"
    assert "holds no blocks" in page.inner_text("#request")
    lanes.hover(position={"x": at["x"], "y": at["y"]})
    assert "Request 1, step 69: preempted" in page.inner_text("#tip")
    link = page.locator("#tip a")
    assert link.inner_text().startswith("vllm.v1.core.sched.scheduler:Scheduler._preempt_request")
    assert (
        link.get_attribute("href")
        == "https://github.com/vllm-project/vllm/blob/v0.32.0/vllm/v1/core/sched/scheduler.py"
    )
    link.hover()  # it stays while the pointer is in it
    page.wait_for_timeout(400)
    assert page.is_visible("#tip")
    page.keyboard.press("Escape")
    assert not page.is_visible("#tip")

    pool = page.locator("canvas.pool")
    size = page.evaluate("document.querySelector('canvas.pool').clientWidth / 9")
    pool.hover(position={"x": size * 5.5, "y": size / 2})
    told = page.inner_text("#tip")
    assert "Block 5" in told
    assert "Held by request 0: logical block 4 of its block table." in told
    assert "1 of 32 slots filled." in told
    assert "Allocated in this step." in told
    pool.click(position={"x": size * 5.5, "y": size / 2})
    assert page.input_value("#chosen") == "0 0"
    page.keyboard.press("ArrowRight")
    assert position(page) == "Step 70 of 157"


def test_the_keyboard_reaches_every_explanation(machine: Machine) -> None:
    page = machine.open(real("preempt"), hash="#step=69")
    page.focus("#zoomIn")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "tile took"
    assert page.get_attribute(".tile.took", "aria-describedby") == "tip"
    assert "Scheduler.schedule" in page.inner_text("#tip")
    page.focus(".laneLabel >> nth=2")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert "Request 2, step 69: preempted" in page.inner_text("#tip")
    page.keyboard.press("Tab")  # the pool's heading link
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "pool"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "Block 3" in page.inner_text("#tip")
    assert "can still be found by hash" in page.inner_text("#tip")
    assert position(page) == "Step 69 of 157"
    page.keyboard.press("Tab")
    assert not page.locator("#tip").get_by_text("Block 3").is_visible()


def test_token_ids_are_in_tooltips(machine: Machine) -> None:
    page = machine.open(real("preempt"))
    page.locator(".blocktable .token").nth(1).hover()
    assert "Token 827" in page.inner_text("#tip")
    assert "Position 1. Slot 1 × 32 + 1 = 33." in page.inner_text("#tip")


def test_long_tables_are_folded(machine: Machine, big: Recording) -> None:
    page = machine.open(big)
    page.evaluate("timeMachine.clock.set(timeMachine.tracks[0].requests[0].runs.at(-1)[0] - 1)")
    page.select_option("#chosen", "0 0")
    folded = page.locator(".blocktable tbody tr").count()
    page.click(".more button")
    assert page.locator(".blocktable tbody tr").count() > folded
    page.click(".more button")
    assert page.locator(".blocktable tbody tr").count() == folded


def test_compare(machine: Machine) -> None:
    on, off = real("chunk_on"), real("chunk_off")
    page = machine.open(on, off)
    assert page.locator(".panel").count() == 2
    page.evaluate("timeMachine.clock.set(11)")
    for panel, recording in enumerate((on, off)):
        assert value(page, "scheduled", panel) == str(recording.steps[11].scheduled)
    page.select_option("#axis", "time")
    for index in (0, 10, 30, 60, 79):
        page.evaluate("index => timeMachine.clock.set(index)", index)
        time = page.evaluate("timeMachine.clock.timeOf(timeMachine.clock.position)")
        for panel, recording in enumerate((on, off)):
            origin = min(story.arrived for story in recording.requests)
            begun = [step for step in recording.steps if round((step.at - origin) * 1e6) <= time]
            assert value(page, "scheduled", panel) == str((begun or recording.steps)[max(len(begun) - 1, 0)].scheduled)
    page.select_option("#chosen", "1 2")
    assert "request 2" in page.inner_text(".facts")


def test_the_shorter_of_two_waits_at_its_end(machine: Machine) -> None:
    page = machine.open(real("preempt"), real("spec"))
    page.keyboard.press("End")
    assert "ended at step 36" in page.inner_text(".panel >> nth=1")
    assert "ended" not in page.inner_text(".panel >> nth=0")


def test_zoom_keeps_the_step_in_sight(machine: Machine) -> None:
    page = machine.open(real("preempt"), hash="#step=100")
    for _ in range(3):
        page.keyboard.press("+")
    first, last = page.evaluate("timeMachine.clock.window()")
    assert last - first < 157 / 4
    assert first <= 99 < last
    for _ in range(3):
        page.keyboard.press("-")
    assert page.evaluate("timeMachine.clock.window()") == [0, 157]


# How it looks and reads


def test_chinese(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    page = machine.open(real("preempt"), hash="#step=69")
    page.click("#language")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert "请求 1 被抢占：放弃已算的 127 个 token，归还 4 块，其中 3 块仍有缓存" in page.inner_text(".events")
    page.click("#language")
    assert "preempted" in page.inner_text(".events")
    monkeypatch.setenv("WORKBOOK_LANG", "zh")
    page = machine.open(real("preempt"))
    assert position(page) == "第 1 / 157 步"
    assert "前缀缓存" in page.inner_text("main")


def test_every_text_is_there_in_both_languages() -> None:
    source = (timemachine.PAGE / "words.js").read_text(encoding="utf-8")
    pairs = re.findall(r"^  (\w+): \[(.*?)\],?$", source, re.MULTILINE | re.DOTALL)
    assert len(pairs) > 100
    chinese = [key for key, pair in pairs if re.search("[一-鿿]", pair)]
    without = {key for key, _ in pairs} - set(chinese)
    assert without <= {"subtitle", "colNotes", "and", "stop", "tokenTitle", "tokenIds"}
    used = set()
    for script in timemachine.PAGE.glob("*.js"):
        used |= set(re.findall(r'\bt\("(\w+)"', script.read_text(encoding="utf-8")))
    assert used <= {key for key, _ in pairs}


def background(page: "Page") -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_dark(machine: Machine) -> None:
    page = machine.open(real("preempt"))
    light = background(page)
    page.emulate_media(color_scheme="dark")
    assert background(page) != light
    page.click("#theme")
    assert background(page) == light
    page.click("#theme")
    assert background(page) != light


@pytest.mark.parametrize("width", [390, 900, 1100, 1440, 1920])
def test_nothing_is_wider_than_the_window(machine: Machine, width: int) -> None:
    machine.page.set_viewport_size({"width": width, "height": 800})
    page = machine.open(real("prefix"), real("preempt"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# What it must bear


def test_a_prompt_may_hold_any_text(machine: Machine, tmp_path: Path) -> None:
    known = texts.read(real("preempt"))
    nasty = "</script><script>console.error('out')</script><!-- \u2028 \ud800 & <b>"
    known[537] = nasty
    path = rewritten(tmp_path, "preempt", lines_of("preempt"), known)
    page = machine.open(load(path))
    assert page.locator(".blocktable .token").first.text_content() == nasty.replace("\ud800", "?")
    assert page.locator("script").count() == 2


def test_a_killed_run_says_so(machine: Machine, tmp_path: Path) -> None:
    lines = lines_of("preempt")[:60]
    recording = load(rewritten(tmp_path, "preempt", lines))
    page = machine.open(recording)
    assert "the run was killed" in page.inner_text(".notices")
    page.keyboard.press("End")
    assert position(page) == f"Step {len(recording.steps)} of {len(recording.steps)}"


def test_a_cut_run_says_so(machine: Machine, tmp_path: Path) -> None:
    lines = [
        *lines_of("preempt")[:60],
        '{"kind":"cut","n":50,"limit":1000}',
        '{"kind":"end","steps":157,"tokens":240,"own":1}',
    ]
    page = machine.open(load(rewritten(tmp_path, "preempt", lines)))
    assert page.inner_text(".notices").startswith("This recording was cut: it reached its size limit after step 50.")
    assert page.locator(".notice").count() == 1


def test_a_salvaged_recording_says_so(machine: Machine, tmp_path: Path) -> None:
    lines = [*lines_of("preempt")[:60], "{broken", *lines_of("preempt")[61:]]
    page = machine.open(load(rewritten(tmp_path, "preempt", lines), salvage=True))
    assert "The file is damaged at line 61" in page.inner_text(".notices")


def test_a_sound_recording_says_nothing(machine: Machine) -> None:
    assert machine.open(real("preempt")).inner_text(".notices") == ""


@pytest.mark.parametrize("count", [1, 3])
def test_a_run_without_a_step(machine: Machine, tmp_path: Path, count: int) -> None:
    page = machine.open(load(rewritten(tmp_path, "preempt", lines_of("preempt")[:count])))
    assert "No step was recorded" in page.inner_text(".notices")
    page.keyboard.press("ArrowRight")


def test_a_step_that_was_not_seen_to_end(machine: Machine, tmp_path: Path) -> None:
    lines = lines_of("preempt")[:60]
    step = json.loads(lines[-1])
    for key in ("model", "update", "sampled"):
        step.pop(key, None)
    page = machine.open(load(rewritten(tmp_path, "preempt", [*lines[:-1], json.dumps(step)])))
    page.keyboard.press("End")
    assert value(page, "took") == "not seen to end"


def test_without_texts_it_shows_ids(machine: Machine, tmp_path: Path) -> None:
    page = machine.open(load(rewritten(tmp_path, "preempt", lines_of("preempt"), {})))
    assert page.locator(".blocktable .token").first.text_content() == "⟨537⟩"


def test_one_or_two_recordings() -> None:
    with pytest.raises(ValueError, match="one or two recordings, not 0"):
        timemachine.page([])


def test_write_is_atomic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "page.html"
    timemachine.write(path, [real("preempt")], ["A <name>"])
    before = path.read_text(encoding="utf-8")
    assert "<title>A &lt;name&gt; · vLLM time machine</title>" in before
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        timemachine.write(path, [real("prefix")])
    assert path.read_text(encoding="utf-8") == before
    assert list(path.parent.iterdir()) == [path]


def test_symbols_are_in_vllm() -> None:
    spec = find_spec("vllm")
    if spec is None or spec.origin is None:
        pytest.skip("needs vLLM's source")
    source = (timemachine.PAGE / "symbols.js").read_text(encoding="utf-8")
    symbols = re.findall(r'"(vllm[\w.]*):([\w.]+)"', source)
    assert len(symbols) > 15
    for module, qualified in symbols:
        scope: list[ast.stmt] = ast.parse(
            Path(spec.origin).parent.parent.joinpath(*module.split(".")).with_suffix(".py").read_text()
        ).body
        for name in qualified.split("."):
            names = {
                getattr(node, "name", None) or getattr(getattr(node, "target", None), "id", None): node
                for node in scope
            }
            assert name in names, f"{module}:{qualified}"
            scope = getattr(names[name], "body", [])


def test_scripts_stay_small() -> None:
    assert set(timemachine.SCRIPTS) == {path.stem for path in timemachine.PAGE.glob("*.js")}
    assert max(len(path.read_text(encoding="utf-8").splitlines()) for path in timemachine.PAGE.glob("*.js")) <= 250


# How much and how fast


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """64 requests, more than 2000 steps, a pool of 1500 blocks that is full most of the time."""
    folder = tmp_path_factory.mktemp("big")
    writer = Writer(folder, 1 << 30)
    for line in [_header(), *_busy_lines()]:
        writer.write(line)
    writer.close()
    recording = load(folder)
    known = {token: f" tok{token}" for token in texts.used([recording])}
    (folder / texts.FILE).write_text(json.dumps(known), encoding="utf-8")
    return recording


def _header() -> Header:
    return Header(
        1, "0.32.0", 0.0, "synthetic", "none", "V1", "Scheduler", 32, 1500, 512, engine={"enable_prefix_caching": True}
    )


def _busy_lines() -> Iterator[Line]:
    chance = random.Random(5)
    free, tables, made, running = list(range(1, 1500)), {}, {}, []  # type: ignore[var-annotated]
    prompts = [chance.randint(100, 300) for _ in range(64)]
    limits = [chance.randint(700, 1300) for _ in range(64)]
    for i, size in enumerate(prompts):
        yield Arrival(i, str(i), i, [chance.randrange(48000) for _ in range(size)], size, limits[i])
    waiting, promised, number = list(range(64)), 0, 0
    while waiting or running:
        number += 1
        admitted = []
        if (
            waiting and promised + (need := (prompts[waiting[0]] + limits[waiting[0]]) // 32 + 1) <= 1900
        ):  # most are not that long yet
            i = waiting.pop(0)
            promised += need
            tables[i] = [free.pop(0) for _ in range((prompts[i] + 31) // 32)]
            made[i] = 0
            running.append(i)
            admitted = [Admission(i, 0, [list(tables[i])])]
        grown: list[tuple[int, list[list[int]]]] = []
        for i in running:
            if made[i] and (prompts[i] + made[i] - 1) % 32 == 0:
                tables[i].append(free.pop(0))
                grown.append((i, [[tables[i][-1]]]))
        counts = [1 if made[i] else prompts[i] for i in running]
        cached = [(i, (prompts[i] + made[i] - (1 if made[i] else 0)) // 32) for i, _ in grown]
        batch, ended = list(running), [i for i in running if made[i] + 1 == limits[i]]
        line = StepLine(
            number, 100 + number * 10000, 100, 9000, 100, batch, counts, admitted, grown, cached=cached,
            sampled=[[chance.randrange(48000)] for _ in batch], finished=[Finish(i, "length", prompts[i] // 32) for i in ended],
            free=len(free), running=len(running), waiting=len(waiting),
        )  # fmt: skip
        yield line
        for i in running:
            made[i] += 1
        for i in ended:
            free += tables.pop(i)
            promised -= (prompts[i] + limits[i]) // 32 + 1
            running.remove(i)
    yield EndLine(number, sum(limits), 1)


def test_big_is_small_and_quick(machine: Machine, big: Recording) -> None:
    assert len(big.requests) == 64
    assert len(big.steps) > 2000
    assert big.summary.peak_use > 0.8
    page = machine.open(big)
    size = machine.path.stat().st_size
    assert size < 3_000_000
    times: list[float] = sorted(
        page.evaluate(
            """async () => {
                const { clock } = timeMachine, times = [];
                let seed = 7;
                for (let k = 0; k < 150; k++) {
                    seed = seed * 16807 % 2147483647;
                    const start = performance.now();
                    clock.set(seed % clock.length);
                    document.body.offsetHeight; // lay out
                    times.push(performance.now() - start);
                    await new Promise(requestAnimationFrame);
                }
                return times;
            }"""
        )
    )
    median, p95 = times[75], times[142]
    print(f"page {size / 1e6:.2f} MB, scrub step median {median:.1f} ms, p95 {p95:.1f} ms")
    assert median < 16, f"median {median:.1f} ms, p95 {p95:.1f} ms"
