"""The commands as a learner types them: what they print, what they keep, how they end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import one_sentence
from rich.cells import cell_len

from grading.course import COMMAND, HEADER, Course
from workbook import grading
from workbook.errors import WorkbookError
from workbook.grading import grades

OFF_BY_ONE = "def kv_blocks(prompt_tokens, forward_pass, block_size):\n    return -(-(prompt_tokens + forward_pass) // block_size)\n"


def kept(course: Course) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads((course.notes / "grades.json").read_text())["exercises"]
    return found


def test_a_first_version_fails_at_the_block_boundary(course: Course) -> None:
    course.write("kv_blocks", OFF_BY_ONE)
    result = course.command("grade", "kv_blocks")
    assert result.returncode == 1
    for line in (
        "kv_blocks · differs · lesson 1.1",
        "62 of 108 cases of step1_basic_llama/2026-01-01T00-00-00 agree; then comes:",
        "    step 28, request 0",
        "    kv_blocks(prompt_tokens=5, forward_pass=28, block_size=32)",
        "    yours  2",
        "    vLLM   1",
        "Likely: you counted the token that this forward pass samples;",
        "Mend it and grade again: workbook grade kv_blocks",
    ):
        assert line in result.stdout
    assert kept(course)["kv_blocks"]["result"] == "differs"
    assert not grading.passed("kv_blocks")


def test_passing_leads_to_the_next_exercise_and_to_the_solution(course: Course) -> None:
    course.solve("kv_blocks")
    result = course.command("grade", "kv_blocks")
    assert result.returncode == 0
    assert "108 cases agree with what vLLM did in step1_basic_llama/2026-01-01T00-00-00." in result.stdout
    assert "Compare with ours: workbook solution kv_blocks" in result.stdout
    assert f"Next exercise: workbook grade kv_bytes      lesson 1.1: {course.lesson.path}" in result.stdout
    assert grading.passed("kv_blocks")
    assert not grading.passed("kv_bytes")
    course.write("kv_blocks", OFF_BY_ONE)
    assert course.command("grade", "kv_blocks").returncode == 1
    assert grading.passed("kv_blocks")  # it has passed once
    course.solve("kv_blocks")
    course.solve("kv_bytes")
    assert "Every exercise has passed: workbook progress" in course.command("grade").stdout


def test_the_next_exercise_is_the_first_that_never_passed_and_a_done_lesson_leads_to_the_next(course: Course) -> None:
    pages = [course.lesson.path.with_name(f"{number}_x.md") for number in ("1.2", "1.10")]
    for page, names in zip(pages, ("[]", "[rms_norm]"), strict=True):
        number = page.name.partition("_")[0]
        page.write_text(HEADER.replace("1.1", number).replace("[kv_blocks, kv_bytes]", names), encoding="utf-8")
    course.solve("kv_bytes")
    shown = course.command("grade", "kv_bytes").stdout
    assert "Next exercise: workbook grade kv_blocks      lesson 1.1" in shown  # not that of a later lesson
    assert "no exercise left" not in shown
    course.solve("kv_blocks")
    for what in ("kv_blocks", "1.1"):
        shown = course.command("grade", what).stdout
        assert f"Lesson 1.1 has no exercise left. Next, lesson 1.2: {pages[0]}" in shown
        assert f"Next exercise: workbook grade rms_norm      lesson 1.10: {pages[1]}" in shown
    assert "第 1.1 课的练习已全部通过。下一课 1.2" in course.command("grade", "1.1", WORKBOOK_LANG="zh").stdout


def test_the_next_exercise_is_rather_of_the_same_lesson_or_a_later_one(course: Course) -> None:
    later = course.lesson.path.with_name("1.2_x.md")
    course.lesson.path.write_text(HEADER.replace(", kv_bytes", ""), encoding="utf-8")
    later.write_text(HEADER.replace("1.1", "1.2").replace("kv_blocks, kv_bytes", "kv_bytes, rope"), encoding="utf-8")
    course.solve("kv_bytes")
    assert "Next exercise: workbook grade rope" in course.command("grade", "kv_bytes").stdout
    later.write_text(later.read_text(encoding="utf-8").replace(", rope", ""), encoding="utf-8")
    assert "Next exercise: workbook grade kv_blocks" in course.command("grade", "kv_bytes").stdout


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("return 23040, 23040 * block_size * blocks", "the cache of tiny, in our recording tiny"),
        ("return 23040, 95109120", "the cache of tiny, in our recording tiny"),
        ("return 23040 if config['num_hidden_layers'] == 30 else 2048, 95109120 if blocks == 129 else 0", "tiny"),
    ],
)
def test_a_constant_does_not_pass(course: Course, code: str, case: str) -> None:
    course.write("kv_bytes", f"def kv_bytes(config, block_size, blocks):\n    {code}\n")
    result = course.command("grade", "kv_bytes")
    assert result.returncode == 1
    assert "kv_bytes · differs" in result.stdout
    assert case in result.stdout
    course.solve("kv_bytes")
    shown = " ".join(course.command("grade", "kv_bytes").stdout.split())
    assert "2026-01-01T00-00-00 and our recordings (2 cases)." in shown


def test_all_exercises_in_a_table(course: Course) -> None:
    result = course.command("grade")
    assert result.returncode == 0  # nothing is wrong with what has not been begun
    assert result.stdout.count("not started") == 2
    course.write("kv_blocks", OFF_BY_ONE)
    course.solve("kv_bytes")
    result = course.command("grade")
    assert result.returncode == 1
    assert "from step 28, request 0 on" in result.stdout
    assert "Next exercise: workbook grade kv_blocks" in result.stdout
    lesson = course.command("grade", "1.1")
    assert lesson.returncode == 1
    assert lesson.stdout.index("kv_blocks · differs") < lesson.stdout.index("kv_bytes · passed")
    by_path = course.command("grade", str(course.exercise("kv_bytes").path))
    assert by_path.returncode == 0


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_reports_fit_the_width(course: Course, width: int, language: str) -> None:
    course.write("kv_blocks", "print('x' * 500)\n" + OFF_BY_ONE)
    wrong = course.exercise("kv_bytes").solution.read_text().replace("num_key_value_heads", "num_attention_heads")
    course.write("kv_bytes", wrong)
    for arguments in ([], ["1.1"]):
        result = course.command("grade", *arguments, COLUMNS=str(width), WORKBOOK_LANG=language)
        assert result.stderr == ""
        wide = [line for line in result.stdout.splitlines() if cell_len(line) > width and "/" not in line]
        assert wide == []
        assert ("可能的原因" in result.stdout) == (language == "zh" and bool(arguments))


def test_without_a_run_the_next_step_is_to_run(course: Course) -> None:
    course.solve("kv_blocks")
    shutil.rmtree(course.notes / "runs")
    sentence = "run it first: workbook run step1_basic_llama"
    one_sentence(course.command("grade", "kv_blocks"), sentence)
    one_sentence(course.command("grade", "kv_blocks", WORKBOOK_LANG="zh"), "请先运行：workbook run step1_basic_llama")
    for arguments in ([], ["1.1"]):
        result = course.command("grade", *arguments)
        assert result.returncode == 1
        assert sentence in " ".join(result.stdout.split())
        assert "kv_blocks" not in result.stdout or "not graded" in result.stdout
        assert "failed" not in result.stdout
    one_sentence(course.command("grade", str(course.exercise("kv_blocks").path)), sentence)
    assert "kv_blocks" not in kept(course)  # nothing was graded


@pytest.mark.parametrize("change", ['"fast": true', '"ended": "interrupted"', '"ended": "running"'])
def test_a_run_that_is_not_whole_is_no_evidence(course: Course, change: str) -> None:
    course.solve("kv_blocks")
    info = course.notes / "runs/step1_basic_llama/2026-01-01T00-00-00/run.json"
    key = change.split(":")[0]
    info.write_text("\n".join(f"  {change}," if key in line else line for line in info.read_text().splitlines()))
    one_sentence(course.command("grade", "kv_blocks"), "There is no whole run of step1_basic_llama")
    result = course.command("grade", "kv_blocks", "--run", "step1_basic_llama")  # on demand it is
    assert result.returncode == 0, result.stderr


def test_runs_are_chosen_by_what_they_hold(course: Course) -> None:
    course.solve("kv_blocks")
    course.solve("kv_bytes")
    newer = course.add_run("first", "2026-02-02T00-00-00")
    (newer / "workers.json").unlink()
    assert "2026-02-02T00-00-00" in course.command("grade", "kv_blocks").stdout
    assert "2026-01-01T00-00-00" in course.command("grade", "kv_bytes").stdout
    one_sentence(course.command("grade", "kv_bytes", "--run", "step1_basic_llama/2026-02"), "has no whole workers.json")
    one_sentence(course.command("grade", "kv_bytes", "--run", "nonsense"), "There is no run 'nonsense'")
    course.add_run("prefix", script="step9_other")
    one_sentence(course.command("grade", "kv_bytes", "--run", "step9_other"), "is no run of step1_basic_llama")


def test_a_run_in_which_a_mistake_looks_right_proves_too_little(course: Course) -> None:
    folder = course.notes / "runs/step1_basic_llama/2026-01-01T00-00-00"
    lines = (folder / "recording.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "recording.jsonl").write_bytes(b"".join(lines[:24]))  # as of a run that was stopped at step 20
    course.solve("kv_blocks")
    result = course.command("grade", "kv_blocks")
    assert result.returncode == 1
    assert "kv_blocks · not proven" in result.stdout
    assert "Run it again: workbook run step1_basic_llama" in result.stdout
    assert not grading.passed("kv_blocks")
    whole = course.add_run("first", "2025-12-31T00-00-00")
    assert whole.name in course.command("grade", "kv_blocks").stdout  # an older one proves more


def test_unknown_names(course: Course) -> None:
    one_sentence(course.command("grade", "kv_blobs"), "There is no exercise 'kv_blobs': choose one of 1.1, kv_blocks")
    one_sentence(course.command("hint", "1.1"), "Which one: kv_blocks, kv_bytes?")
    course.exercise("kv_blocks").path.unlink()
    result = course.command("grade", "kv_blocks")
    assert result.returncode == 1
    assert "The file is gone: git checkout -- " in " ".join(result.stdout.split())


@pytest.mark.parametrize("command", ["hint", "solution"])
def test_without_a_name_the_names_are_listed(course: Course, command: str) -> None:
    result = course.command(command)
    assert result.returncode == 0
    assert result.stdout.splitlines() == ["1.1  kv_blocks, kv_bytes", f"Name one: workbook {command} kv_blocks"]
    assert not (course.notes / "grades.json").exists()


def test_hints_come_one_after_another(course: Course) -> None:
    for level in (1, 2, 3, 3):
        result = course.command("hint", "kv_blocks")
        assert f"Hint {level} of 3" in result.stdout
    assert "workbook solution kv_blocks --anyway" in result.stdout
    assert "Hint 1 of 3" in course.command("hint", "kv_blocks", "--level", "1").stdout
    assert kept(course)["kv_blocks"] == {"hints": 3}
    assert "提示 2/3" in course.command("hint", "kv_bytes", "--level", "2", WORKBOOK_LANG="zh").stdout
    assert kept(course)["kv_bytes"]["hints"] == 2


def test_the_solution_is_shown_after_passing_or_on_demand(course: Course) -> None:
    one_sentence(course.command("solution", "kv_blocks"), "kv_blocks has not passed yet", "--anyway")
    result = course.command("solution", "kv_blocks", "--anyway")
    assert result.returncode == 0
    assert "Shown on demand, before passing." in result.stdout
    assert "return -(-tokens // block_size)" in result.stdout
    assert kept(course)["kv_blocks"]["solution_before_passing"]
    narrow = course.command("solution", "kv_blocks", "--anyway", COLUMNS="30").stdout
    assert course.exercise("kv_blocks").solution.read_text() in narrow  # in a pipe, no line is broken
    course.solve("kv_bytes")
    course.command("grade", "kv_bytes")
    result = course.command("solution", "kv_bytes")
    assert "on demand" not in result.stdout
    assert "solution_before_passing" not in kept(course)["kv_bytes"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b'{"version": 1, "exercises": {"kv_blocks": {"hints"', "cannot be read"),
        (b'{"version": 1, "exercises": {"kv_blocks": {"hints": "three"}}}', "cannot be read"),
        (b"[]", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"version": 2, "exercises": {}}', "is of version 2"),
    ],
)
def test_a_damaged_file_is_never_overwritten(course: Course, content: bytes, said: str) -> None:
    course.solve("kv_blocks")
    path = course.notes / "grades.json"
    path.write_bytes(content)
    for command in (["grade", "kv_blocks"], ["hint", "kv_blocks"], ["solution", "kv_blocks", "--anyway"]):
        one_sentence(course.command(*command), said, str(path))
    with pytest.raises(WorkbookError, match=said):
        grading.passed("kv_blocks")
    assert path.read_bytes() == content


def test_two_commands_at_once_lose_nothing(course: Course) -> None:
    code = "from workbook.grading import grades\nfor _ in range(50):\n    with grades.change('x') as record: record.hints += 1\n"
    writers = [
        subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **course.environment()}) for _ in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert grades.of("x").hints == 150


def test_a_kill_in_the_middle_of_writing_loses_nothing(course: Course) -> None:
    code = "from workbook.grading import grades\nwhile True:\n    with grades.change('x') as r: r.hints += 1\n    print(r.hints, flush=True)\n"
    said = 0
    for turn in range(10):
        writer = subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, **course.environment()}, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        said = int(writer.stdout.readline())
        time.sleep(0.003 * turn)
        writer.kill()
        said = int(([str(said), *writer.stdout.read().split()])[-1])
        writer.wait()
        assert grades.of("x").hints in (said, said + 1)


@pytest.fixture
def watching(course: Course) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "grade", "1.1", "--watch"],
        env={**os.environ, **course.environment(WORKBOOK_LANG="en")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout
    seen = ""
    while text not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    return seen


@pytest.mark.timeout(180)
def test_watching(course: Course, watching: subprocess.Popen[str]) -> None:
    start = time.monotonic()
    first = read_until(watching, "graded again at every save")
    usual = time.monotonic() - start  # on this machine, as busy as it is
    assert first.count("not started") == 2
    course.write("kv_blocks", OFF_BY_ONE)  # saved in place
    seen = read_until(watching, "graded again at every save")
    assert "kv_blocks · differs" in seen
    assert "kv_bytes" not in seen
    path = course.exercise("kv_blocks").path
    swap = path.with_name(".kv_blocks.swp")  # saved as many editors do: written beside, and put in place
    shutil.copy(course.exercise("kv_blocks").solution, swap)
    start = time.monotonic()
    swap.replace(path)
    assert "kv_blocks · passed" in read_until(watching, "graded again at every save")
    assert time.monotonic() - start < 2 + 2 * usual
    (path.parent / "notes.txt").write_text("no exercise")
    course.write("kv_bytes", "def kv_bytes(config, block_size, blocks):\n    while True: pass\n")
    time.sleep(1)
    course.solve("kv_bytes")  # saved again while the old one still runs
    watching.send_signal(signal.SIGINT)
    assert watching.wait(timeout=60) in (0, 130)
    assert grading.passed("kv_blocks")


def test_watching_goes_on_without_a_run(course: Course, watching: subprocess.Popen[str]) -> None:
    read_until(watching, "graded again at every save")
    kept_runs = (course.notes / "runs").rename(course.notes / "away")
    course.solve("kv_blocks")
    assert "run it first" in " ".join(read_until(watching, "graded again at every save").split())
    kept_runs.rename(course.notes / "runs")
    course.exercise("kv_blocks").path.touch()
    assert "kv_blocks · passed" in read_until(watching, "graded again at every save")


def test_a_grade_is_fast_and_needs_neither_torch_nor_vllm(course: Course) -> None:
    course.solve("kv_blocks")
    course.solve("kv_bytes")
    start = time.monotonic()
    course.command("hint", PYTHONPROFILEIMPORTTIME="1")
    usual = time.monotonic() - start  # of a command that runs nothing of the learner's
    start = time.monotonic()
    result = course.command("grade", PYTHONPROFILEIMPORTTIME="1")
    assert time.monotonic() - start < 1 + 4 * usual
    assert result.returncode == 0
    imported = {line.rsplit("|", 1)[-1].strip() for line in result.stderr.splitlines()}
    assert "workbook.grading.grade" in imported
    assert not imported & {"torch", "vllm", "transformers", "numpy"}


def test_start_up_of_other_commands_does_not_wait_for_grading(course: Course) -> None:
    result = course.command("--help", PYTHONPROFILEIMPORTTIME="1")
    assert "workbook.grading" not in result.stderr


def test_paths_are_shown_as_one_would_type_them() -> None:
    from workbook import paths
    from workbook.grading import exercises

    assert exercises.shown(paths.STAGES / "1_basics" / "x.py") == str(Path("stages/1_basics/x.py"))
