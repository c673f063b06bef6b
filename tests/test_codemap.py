"""From symbols to source: ``workbook where`` and ``map``, what moved, and the report on another vLLM."""

import json
import os
import pty
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from conftest import ROOT, one_sentence, python, workbook

from workbook.codemap import against, moved, page, where
from workbook.course import lessons, symbols
from workbook.course.symbols import SymbolError
from workbook.errors import WorkbookError

SCHEDULE = "vllm.v1.core.sched.scheduler:Scheduler.schedule"


# --- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        (SCHEDULE, SCHEDULE),
        ("Scheduler.schedule", SCHEDULE),
        ("vllm.v1.core.sched.scheduler:Scheduler.schedule()", SCHEDULE),
        ("vllm/v1/core/sched/scheduler.py::Scheduler.schedule", SCHEDULE),
        ("vllm/v1/core/sched/scheduler.py", "vllm.v1.core.sched.scheduler"),
        ("AsyncScheduler.schedule", SCHEDULE),  # inherited
        ("vllm:LLM.generate", "vllm.entrypoints.llm:LLM.generate"),  # imported
        ("LLMEngine", "vllm.v1.engine.llm_engine:LLMEngine"),  # the class, not its alias
        ("allocate_slots", "vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots"),
        # as older guides write it
        ("vllm/attention/layer.py::Attention.forward", "vllm.model_executor.layers.attention.attention:Attention.forward"),
        ("vllm/v1/core/scheduler.py::Scheduler.schedule()", SCHEDULE),
    ],
)  # fmt: skip
def test_where(typed: str, symbol: str) -> None:
    assert where.find(typed) == symbols.resolve(where.find(typed).symbol)
    assert where.find(typed).symbol == symbol


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("forward", ["files of vLLM define forward", "Attention.forward"]),
        ("Attention", ["is one of 2", "vllm.model_executor.layers.attention.attention:Attention"]),
        ("LLM.genrate", ["such as vllm.entrypoints.llm:LLM.generate"]),
        ("shedule", [f"such as {SCHEDULE}"]),
        ("Scheduler.shedule", [f"such as {SCHEDULE}"]),
        (
            "BlockPool.get_new_blokcs",
            ["such as vllm.v1.core.block_pool:BlockPool.get_new_blocks"],
        ),  # no lesson needs to name it
        ("BlockPol", ["vLLM defines no BlockPol", "BlockPool"]),
        ("vllm.v1.core.sched.scheduler:Scheduler.shedule", ["defines no", "Scheduler.schedule"]),
        ("paged_attention_v1", ["is gone", "unified_attention"]),
        ("no such thing", ["vLLM defines no", "type another name"]),
        ("", ["vLLM defines no", "type another name"]),
    ],
)
def test_where_refuses_with_the_next_step(typed: str, parts: list[str]) -> None:
    with pytest.raises(SymbolError) as error:
        where.find(typed)
    for part in parts:
        assert part in str(error.value)


def test_where_alone_lists_what_the_lessons_name() -> None:
    result = workbook("where")
    assert result.returncode == 0
    assert "  vllm.entrypoints.llm:LLM.generate" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("workbook where Scheduler.schedule")
    assert "第 1.1 课" in workbook("where", WORKBOOK_LANG="zh").stdout


def test_where_prints_one_line() -> None:
    result = workbook("where", "Scheduler.schedule")
    place = symbols.resolve(SCHEDULE)
    assert result.stdout == f"{place.path}:{place.line}\n"
    one_sentence(workbook("where", "BlockPol"), "BlockPool")
    assert "请" in workbook("where", "BlockPol", WORKBOOK_LANG="zh").stderr


def fake_code(folder: Path) -> Path:
    """A command ``code`` that notes its arguments, where VSCode's is not installed."""
    folder.mkdir()
    (folder / "code").write_text(f'#!/bin/sh\necho "$@" > {folder}/arguments\n')
    (folder / "code").chmod(0o755)
    return folder


def test_where_opens_vscode_on_demand(tmp_path: Path) -> None:
    folder = fake_code(tmp_path / "bin")
    place = symbols.resolve(SCHEDULE)
    workbook("where", SCHEDULE, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert not (folder / "arguments").exists()
    workbook("where", SCHEDULE, "--open", PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert (folder / "arguments").read_text() == f"--goto {place.path}:{place.line}\n"
    empty = tmp_path / "empty"
    empty.mkdir()
    one_sentence(workbook("where", SCHEDULE, "--open", PATH=str(empty)), "code is not on the PATH", "Ctrl+P")


@pytest.mark.parametrize(("program", "opens"), [("vscode", True), ("other", False)])
def test_where_opens_vscode_from_its_own_terminal(tmp_path: Path, program: str, opens: bool) -> None:
    folder = fake_code(tmp_path / "bin")
    env = {**os.environ, "TERM_PROGRAM": program, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from workbook.cli import main; main()", "where", SCHEDULE]
    subprocess.run(command, env=env, stdin=theirs, stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    os.close(ours)
    assert (folder / "arguments").exists() == opens


# --- map --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_map_links_lead_to_the_line(tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", language)
    folder = tmp_path / "my notes, with a space"
    made = page.write(folder / "code_map.md")
    text = made.read_text(encoding="utf-8")
    links = re.findall(r"\[([^\]]+):(\d+)\]\(([^)\s]+)#L(\d+)\) `([^`]+)`", text)
    assert len(links) > 50
    for shown, line, target, fragment, name in links:
        file = (made.parent / unquote(target)).resolve()
        assert str(file).endswith(shown)
        assert line == fragment
        head = file.read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert name.split(".")[-1] in head, (name, head)
    for target in re.findall(r"\]\(([^)\s#]+)", text):
        assert "://" in target or (made.parent / unquote(target)).resolve().is_file(), target


def test_map_holds_the_plans_order_and_every_lesson() -> None:
    weeks = page.order()
    text = page.text(ROOT / "notes")
    assert [week.week for week in weeks] == [1, 2, 3, 4]
    plan = [reading.plan for week in weeks for reading in week.read]
    assert plan == [
        "vllm/__init__.py",
        "examples/offline_inference/basic/basic.py",
        "vllm/model_executor/models/llama.py",
        "vllm/attention/layer.py",
        "vllm/v1/engine/llm_engine.py",
        "vllm/v1/core/scheduler.py",
        "vllm/distributed/",
        "vllm/model_executor/layers/",
        "csrc/",
        "vllm/model_executor/model_loader/",
        "vllm/config/",
        "tests/models/",
    ]
    places = [text.index(f"`{name}`") for name in plan]
    assert places == sorted(places)
    for lesson in lessons.all_lessons():
        named = [*(stop.at for stop in lesson.header.stops), *lesson.header.code]
        assert all(f"`{symbol.partition(':')[2] or symbol}`" in text for symbol in named)


def test_map_command_writes_into_the_notes(tmp_path: Path) -> None:
    result = workbook("map", WORKBOOK_NOTES=str(tmp_path))
    assert result.stdout.strip() == str(tmp_path / "code_map.md")
    assert (tmp_path / "code_map.md").read_text(encoding="utf-8").startswith("# Code map\n")


# --- what moved -------------------------------------------------------------------------------------------------------

ROWS = moved.read()
# Runs each statement in a namespace of its own and prints what it raised, or null.
TRY = """
import json, sys
results = []
for code in json.load(sys.stdin):
    try:
        exec(code, {})
        results.append(None)
    except BaseException as error:
        results.append(f"{type(error).__name__}: {error}")
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def raised() -> dict[str, str | None]:
    """What each piece of Python of the table raises, in one process that imports vLLM once."""
    pieces = [proof.python for row in ROWS for proof in [*row.fails, *row.holds] if proof.python]
    result = subprocess.run(
        [sys.executable, "-c", TRY], input=json.dumps(pieces), capture_output=True, text=True, check=True
    )
    return dict(zip(pieces, json.loads(result.stdout.splitlines()[-1]), strict=True))


def problem(proof: moved.Proof, raised: dict[str, str | None]) -> str | None:
    """Why it does not hold; None if it does."""
    assert sum(part is not None for part in (proof.path, proof.symbol, proof.python)) == 1
    if proof.python:
        return raised[proof.python]
    if proof.path:
        return None if (symbols.installed() / proof.path).exists() else "not there"
    try:
        symbols.resolve(proof.symbol or "")
    except SymbolError as error:
        return str(error)
    return None


def named(row: moved.Row) -> str:
    return row.older if isinstance(row.older, str) else row.older.en


@pytest.mark.parametrize("row", ROWS, ids=[named(row) for row in ROWS])
def test_what_moved(row: moved.Row, raised: dict[str, str | None]) -> None:
    for proof in row.fails:
        wrong = problem(proof, raised)
        assert wrong, f"{proof} still works"
        # A misspelt proof fails as well: these are no reasons.
        assert not wrong.startswith(("SyntaxError", "NameError", "IndentationError")), wrong
    for proof in row.holds:
        assert problem(proof, raised) is None, proof
    assert (row.fails and row.holds) or row.undecided


def test_few_rows_are_undecided() -> None:
    undecided = [named(row) for row in ROWS if row.undecided]
    assert len(undecided) < len(ROWS) / 2, undecided
    for row in ROWS:
        for text in (row.older, row.now):  # one text for both languages holds code and links only
            words = re.sub(r"`[^`]*`|\]\([^)]*\)", "", text) if isinstance(text, str) else ""
            assert not re.search(r"[A-Za-z]{2}", words), text


# What the plan gets wrong for 0.32.0, by what identifies it in a row: each is in exactly one.
PLAN = [
    "`vllm/__init__.py::LLM`",
    "`vllm/attention/layer.py::Attention`",
    "`vllm/attention/layer.py::Attention.forward`",
    "quantization in `vllm/attention/layer.py`",
    "`csrc/attention/attention_kernels.cu`",
    "`paged_attention_v1`",
    "`vllm/v1/core/scheduler.py::Scheduler.schedule`",
    "recycled in `vllm/v1/core/scheduler.py`",
    "`from vllm import AsyncLLM`",
    "`AsyncLLM(model=",
    "llm.generate(prompt, sampling_params)`",
    'kv_cache_dtype="int8"',
    "block_size=16",
    "larger `block_size`",
    "subclass `LlamaAttention`",
    "`vllm/model_executor/models/__init__.py`",
    "`tests/models/test_my_llama.py`",
    "`vllm/model_executor/model_loader/loader.py::load_model`",
    "LayerwiseProfiler",
    "`torch.profiler.profile()`",
    "nsys profile",
    "`examples/offline_inference/basic/basic.py`",
    "gpu_memory_utilization",
    "enable_prefix_caching=True",
    "cu129",
    "with no clone before",
    "--no-build-isolation",
    "python3.12-dev",
    "several `LLM(...)`",
    "at its top level",
]


@pytest.mark.parametrize("words", PLAN)
def test_each_stale_line_of_the_plan_is_in_one_row(words: str) -> None:
    assert sum(words in named(row) for row in ROWS) == 1


def test_pages_are_what_the_data_makes(tmp_path: Path) -> None:
    (tmp_path / "what_moved.yaml").write_text(moved.FILE.read_text(encoding="utf-8"), encoding="utf-8")
    for path in moved.write(tmp_path):
        text = path.read_text(encoding="utf-8")
        assert text == (ROOT / "stages" / path.name).read_text(encoding="utf-8")
        for row in ROWS:
            older = (
                row.older if isinstance(row.older, str) else getattr(row.older, "zh" if ".zh" in path.name else "en")
            )
            assert text.count(f"\n| {older} |") == 1


# --- against another vLLM ---------------------------------------------------------------------------------------------

OLD = {
    "vllm/__init__.py": "",
    "vllm/a.py": '''\
class Pool:
    def take(self, count):
        """Take."""
        blocks = []
        for _ in range(count):
            blocks.append(self.free.pop())
        return blocks

    def gone(self):
        return "nothing like it is left"

    def same(self): return 1

    def more(self, x: int, *, y=1) -> int:
        return x

    def rewritten(self):
        a = 1
        b = 2
        return a + b


def renamed(items):
    total = 0
    for item in items:
        total += item.size
    return total


class Moved:
    limit = 1
''',
}
NEW = {
    "vllm/__init__.py": "",
    "vllm/a.py": """\
from vllm.sub.c import Moved


class Pool:
    def same(self): return 1

    def more(self, x: int, z: str = "", *, y=1) -> float:
        return x

    def rewritten(self):
        return sum(range(3))


def total_size(items):
    total = 0
    for item in items:
        total += item.size
    return total
""",
    "vllm/b.py": """\
class Pool:
    def take(self, count):
        blocks = []
        for _ in range(count):
            blocks.append(self.free.pop())
        return blocks
""",
    "vllm/sub/c.py": "class Moved:\n    limit = 1\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "old", OLD), write(tmp_path / "new", NEW)


@pytest.mark.parametrize(
    ("symbol", "what", "home", "detail"),
    [
        ("vllm.a:Pool.same", "same", None, ""),
        ("vllm.a:Pool.take", "moved", "vllm.b:Pool.take", ""),
        ("vllm.a:Pool.gone", "vanished", None, ""),
        ("vllm.a:Pool.more", "signature", None, "− -> int; + z: str = ''; + -> float"),
        ("vllm.a:Pool.rewritten", "body", None, "same lines 0%"),
        ("vllm.a:renamed", "moved", "vllm.a:total_size", ""),
        ("vllm.a:Moved", "moved", "vllm.sub.c:Moved", ""),
        ("vllm.a:Moved.limit", "moved", "vllm.sub.c:Moved.limit", ""),
    ],
)
def test_against(trees: tuple[Path, Path], symbol: str, what: str, home: str | None, detail: str) -> None:
    old, new = trees
    [change] = against.compare([symbol], new, old)
    assert (change.what, change.detail) == (what, detail)
    assert (change.homes[0][0] if change.homes else None) == home
    report = against.report([change], {symbol: ["a.md", "b.md", "c.md", "d.md"]})
    assert (symbol in report) == (what != "same")
    assert what == "same" or ("a.md, b.md, c.md +1" in report and (home or "") in report)


def test_against_itself_nothing_changes() -> None:
    result = workbook("check", "--against", str(symbols.installed()))
    assert re.fullmatch(r"the same: (\d+) of \1 symbols\n", result.stdout)
    assert int(result.stdout.split()[2]) > 90


def test_against_takes_a_folder_a_package_and_a_wheel(trees: tuple[Path, Path], tmp_path: Path) -> None:
    _, new = trees
    wheel = tmp_path / "vllm-9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in NEW.items():
            archive.writestr(name, text)
        archive.writestr("vllm/_C.so", b"\0" * 100)
    for path in (new, new / "vllm", wheel):
        with against.tree(path) as folder:
            assert symbols.resolve("vllm.sub.c:Moved", folder).line == 1
    for wrong in (tmp_path, tmp_path / "nowhere", new / "vllm" / "a.py"):
        with pytest.raises(WorkbookError, match="holds no vLLM: give"), against.tree(wrong):
            pass
    (tmp_path / "broken.whl").write_text("no zip")
    with pytest.raises(WorkbookError, match="holds no vLLM: give"), against.tree(tmp_path / "broken.whl"):
        pass


def test_nothing_here_imports_vllm() -> None:
    code = (
        "import sys\nfrom workbook import lint\nfrom workbook.codemap import page, where\n"
        "lint.check(); page.text(page.FILE.parent); where.find('Scheduler.schedule'); sys.exit('vllm' in sys.modules)"
    )
    assert python("-c", code).returncode == 0
