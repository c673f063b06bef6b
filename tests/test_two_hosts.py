"""Lesson 2.9's hosts: the room and its end, refusals, the cable's counters and the wire's model; on engines, that nothing stays behind."""

import io
import os
import shlex
import signal
import subprocess
import sys
import time
import types
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import ROOT, SCRIPTS, one_sentence, python
from rich.cells import cell_len
from rich.console import Console

from workbook import runinfo
from workbook.errors import WorkbookError
from workbook.machine import Machine
from workbook.recorder import load
from workbook.twohosts import link, measure, model, rates, report
from workbook.twohosts.room import Room, refused
from workbook.wire import collectives

SCRIPT = SCRIPTS / "step2_two_hosts.py"
RECORDING = ROOT / "stages" / "2_core_techniques" / "recordings" / "two_hosts"


def hosts() -> list[str]:
    """The lesson's own commands."""
    source = SCRIPT.read_text(encoding="utf-8").split('HOSTS = """\\\n')[1]
    return source.split('"""')[0].splitlines()


@pytest.fixture
def run(laptop: Machine) -> Any:
    """What a room wants of a run."""
    return types.SimpleNamespace(console=Console(quiet=True), machine=laptop)


@pytest.fixture
def room(run: Any) -> Any:
    """Two hosts and the cable; skips where the system allows none, and says why."""
    try:
        opened = Room(run)
    except WorkbookError as error:
        pytest.skip(str(error))
    with opened:
        for command in hosts():
            opened.run(command)
        yield opened


def wait_until(done: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
    return done()


SEND = """import socket, sys
if sys.argv[1] == "host2":
    server = socket.create_server(("10.77.0.2", 5000))
    connection, _ = server.accept()
    while connection.recv(65536):
        pass
else:
    connection = socket.create_connection(("10.77.0.2", 5000))
    connection.sendall(bytes(400_000))
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)
"""


def send(room: Room) -> float:
    """400,000 bytes from host1 to host2; the seconds that it took."""
    command = [sys.executable, "-c", SEND]
    receiver = subprocess.Popen([*room.inside("ip netns exec host2 env"), *command, "host2"])
    assert wait_until(lambda: "5000" in room.run("ip netns exec host2 ss -ltnH"))
    start = time.perf_counter()
    subprocess.run([*room.inside("ip netns exec host1 env"), *command, "host1"], check=True)
    took = time.perf_counter() - start
    receiver.wait(timeout=10)
    return took


def test_the_interface_counts_whole_frames_of_a_real_size(room: Room) -> None:
    before = link.counters(room, "host1")
    send(room)
    passed = link.counters(room, "host1") - before
    frames = -(-400_000 // model.SEGMENT)
    assert 0 <= passed.sent - (400_000 + frames * model.HEADERS) < 1000  # the handshake, and the end
    assert frames <= passed.sent_frames < frames + 10


def test_the_token_bucket_gives_the_rate(room: Room) -> None:
    fast = send(room)
    for rate in rates.parse("5mbit"):
        for host in ("host1", "host2"):
            room.run(f"tc -n {host} qdisc replace dev eth0 root tbf rate {rate.name} burst {rate.bucket} latency 400ms")
    assert send(room) - fast == pytest.approx(8 * (418_300 - rate.bucket) / 5e6, rel=0.15)


def test_a_room_ends_with_all_that_is_in_it(room: Room) -> None:
    sleeper = subprocess.Popen(room.inside("ip netns exec host1 sleep 1000"))
    assert wait_until(lambda: len(psutil.Process(sleeper.pid).children(recursive=True)) > 0)
    children = psutil.Process(sleeper.pid).children(recursive=True)
    room.close()
    sleeper.wait(timeout=10)
    assert not psutil.wait_procs(children, timeout=10)[1]
    room.close()  # once more does nothing


KILLED = """
import subprocess, sys, time, types
from rich.cells import cell_len
from rich.console import Console
from workbook.twohosts.room import Room
room = Room(types.SimpleNamespace(console=Console(), machine=types.SimpleNamespace(build="cpu")))
subprocess.Popen(room.inside("sleep 1000"), start_new_session=True)
print("READY", flush=True)
time.sleep(1000)
"""


def marked(mark: str) -> list[psutil.Process]:
    """Every process whose environment has the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TWO_HOSTS_TEST") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_room_ends_with_a_killed_script(room: Room) -> None:
    mark = uuid.uuid4().hex
    environment = {**os.environ, "TWO_HOSTS_TEST": mark}
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, env=environment, text=True) as script:
        assert script.stdout
        assert script.stdout.readline() == "READY\n"
        assert wait_until(lambda: len(marked(mark)) >= 4)  # the script, unshare, the room's first process, sleep
        script.kill()
    assert wait_until(lambda: not marked(mark)), marked(mark)


def test_no_user_namespaces(room: Room, run: Any) -> None:
    """Really refused: in a user namespace whose own limit is none."""
    code = "import types; from rich.console import Console; from workbook.twohosts.room import Room\n"
    code += "Room(types.SimpleNamespace(console=Console(), machine=types.SimpleNamespace(build='cpu')))"
    inner = f'echo 0 > /proc/sys/user/max_user_namespaces && exec {shlex.quote(sys.executable)} -c "{code}"'
    done = subprocess.run(["unshare", "-Ur", "sh", "-c", inner], capture_output=True, text=True, check=False)
    assert "sudo sysctl -w user.max_user_namespaces=10000" in done.stderr


@pytest.mark.parametrize(
    ("switch", "value", "remedy"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
        ("user/max_user_namespaces", "96365", "start the container with --privileged"),
    ],
)
def test_each_switch_has_its_remedy(tmp_path: Path, switch: str, value: str, remedy: str) -> None:
    (tmp_path / switch).parent.mkdir()
    (tmp_path / switch).write_text(f"{value}\n")
    said = refused("unshare: unshare failed: Operation not permitted\n", tmp_path)
    assert remedy in said
    assert "\n" not in said


def test_missing_tools(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda tool, path: None if tool in ("tc", "ss") else f"/bin/{tool}")
    with pytest.raises(WorkbookError, match=r"commands tc, ss are missing: sudo apt-get install iproute2"):
        Room(run)


def test_a_card_s_build_is_refused(run: Any, four_cards: Machine) -> None:
    run.machine = four_cards
    with pytest.raises(WorkbookError, match=r"scripts/run\.sh --cpu step2_two_hosts"):
        Room(run)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("ip -n host1 link add eth9 type nonsense", "failed (Error: Unknown device type)"),
        ("tc -n host1 qdisc add dev eth0 root nonsense", "cannot slow a link down with"),
    ],
)
def test_what_the_kernel_lacks(room: Room, command: str, sentence: str) -> None:
    with pytest.raises(WorkbookError) as caught:
        room.run(command)
    assert sentence in str(caught.value)


def test_no_veth(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's own words for a kind of device that it lacks, about the command for a cable."""
    monkeypatch.setattr(room, "inside", lambda _: Room.inside(room, "ip link add eth9 type nonsense"))
    with pytest.raises(WorkbookError, match="sudo modprobe veth"):
        room.run("ip -n host1 link add eth0 type veth peer name eth0 netns host2")


def test_rates_are_read() -> None:
    found = rates.parse("5mbit, 1Gbit")
    assert [(rate.name, rate.bits_per_s, str(rate)) for rate in found] == [
        ("1gbit", 10**9, "1 Gbit/s"),
        ("5mbit", 5 * 10**6, "5 Mbit/s"),
    ]
    assert rates.parse("none") == []
    for wrong in ("5", "fast", "5kbit", "40gbit", "5mbit,"):
        with pytest.raises(WorkbookError, match="--rates 100mbit,20mbit,5mbit"):
            rates.parse(wrong)


def test_traffic_of_a_step() -> None:
    """Worked out by hand: the example of the exercise."""
    wire = model.traffic(collectives(1, 64, 1024, tokens=1, tp=2, element_bytes=4))
    assert (wire.payload, wire.preambles, wire.frames, wire.acknowledgements) == (768 + 2048, 42 * 48, 42, 0)
    assert wire.bytes == 768 + 2048 + 42 * 48 + 42 * 66
    assert model.traffic(collectives(1, 64, 1024, tokens=1, tp=1)).bytes == 0
    assert model.seconds(0.01, 1250, 1e6) == pytest.approx(0.02)


def test_the_formula_agrees_with_the_recorded_run_to_the_byte() -> None:
    info = runinfo.read(RECORDING)
    assert info
    counted = info.results["counted"]
    config = load(RECORDING).header.architecture
    asked = collectives(
        config["num_hidden_layers"], config["hidden_size"], config["vocab_size"], tokens=1, tp=2, element_bytes=4
    )
    wire = model.traffic(asked)
    assert counted["gloo"] == counted["steps"] * wire.gloo
    assert counted["sent"] / counted["steps"] == pytest.approx(measure.step_bytes(asked, counted), rel=0.01)
    assert info.results["same_text"]
    slowest = info.results["rates"][-2:]
    assert [row["rate"] for row in slowest] == ["10mbit", "5mbit"]
    for row in slowest:
        assert row["predicted_s"] == pytest.approx(row["measured_s"], rel=0.15)


def printed(width: int) -> str:
    """All tables of the recorded run."""
    info = runinfo.read(RECORDING)
    assert info
    console = Console(width=width, record=True, file=io.StringIO())
    report.text(console, info.results)
    asked = collectives(4, 256, 49152, tokens=1, tp=2, element_bytes=4)
    console.print(report.terms(asked, info.results["counted"]), report.rates(info.results["rates"]))
    console.print(report.cuts(info.results["cuts"], rates.parse("5mbit")), report.elsewhere())
    return console.export_text()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_tables_fit(language: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", language)
    text = printed(width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert width < 100 or "…" not in text


@pytest.mark.parametrize(("language", "page"), [("en", "2.9_two_hosts.md"), ("zh", "2.9_two_hosts.zh.md")])
def test_the_lesson_shows_the_recorded_run(language: str, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", language)
    lines = (RECORDING.parent.parent / page).read_text(encoding="utf-8").splitlines()
    missing = [line for line in map(str.rstrip, printed(100).splitlines()) if line not in lines]
    assert not missing
    assert {f"$ {command}" for command in hosts()} <= set(lines)


# --- on engines ------------------------------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_behind(room: Room, tiny: Path, how: signal.Signals) -> None:
    """While the servers start: the script's one-host engine is up as well."""
    mark = uuid.uuid4().hex
    environment = {**os.environ, "TWO_HOSTS_TEST": mark, "WORKBOOK_LANG": "en"}
    command = [sys.executable, str(SCRIPT), "--fast"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, env=environment, text=True) as script:
        assert script.stdout
        assert script.stderr
        assert any("--headless" in line for line in script.stdout)  # the second host's command
        assert wait_until(lambda: len(marked(mark)) >= 6, 60)  # two hosts' servers and this script, at the least
        script.send_signal(how)
        script.wait(timeout=30)
        if how == signal.SIGINT:
            assert (script.returncode, script.stderr.read()) == (130, "Interrupted.\n")
    assert wait_until(lambda: not marked(mark)), [process.cmdline() for process in marked(mark)]


@pytest.mark.engine
def test_a_host_that_dies_is_one_sentence(room: Room, tiny: Path) -> None:
    mark = uuid.uuid4().hex
    result = python(ROOT / "tests" / "scripts" / "dead_host.py", "--fast", TWO_HOSTS_TEST=mark)
    one_sentence(result, "does not answer any more", "tp-host", ".log", "run the script again")
    assert wait_until(lambda: not marked(mark))
