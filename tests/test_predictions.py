"""Predictions: what may be typed, what is kept, what a recording of the real engine makes of it, and who is asked when."""

import fcntl
import io
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT, Result, one_sentence, python
from rich.cells import cell_len
from rich.console import Console

from workbook import paths, predictions, runinfo
from workbook.course import lessons
from workbook.course.header import Header, Prediction, Text, Wrong
from workbook.course.lessons import Lesson
from workbook.errors import WorkbookError
from workbook.predictions import answers, measure, store
from workbook.predictions.compare import ran
from workbook.recorder import Recording, load

PREFIX = ROOT / "tests" / "recordings" / "prefix"
SCRIPT = "step1_basic_llama"
PAGE = """---
lesson: "1.1"
title: {en: The first inference, zh: 第一次推理}
minutes: 40
week: 1
script: step1_basic_llama
about: not run.options
predictions:
  - id: steps
    ask: {en: "How many engine steps?", zh: "多少个调度步？"}
    answer: len(recording.steps)
    unit: {en: steps, zh: 步}
    why:
      en: "It took {measured}, you said {yours}."
      zh: "实测 {measured}，你答 {yours}。每一步同时服务所有仍在运行的请求并给它们各加一个词元直到最长的那个请求也结束为止共计四十八步。"
    wrong:
      - {when: yours > 10 * measured, say: {en: One step serves every request., zh: 一步同时服务所有请求。}}
      - {when: "True", say: {en: Count again., zh: 再数一遍。}}
  - id: blocks
    ask: {en: "How many blocks at the peak?", zh: "峰值时多少块？"}
    answer: recording.summary.peak_blocks
    why: {en: "{measured:.1f} blocks. {this stays}", zh: "{measured:.1f} 块。{this stays}"}
    tolerance: 0.2
  - id: first
    ask: {en: "What does the first step do?", zh: "第一步做什么？"}
    answer: "0 if all(row.phase == 'prefill' for row in recordings[0].steps[0].rows) else 1"
    choices: [{en: It reads prompts, zh: 读入提示词}, {en: It decodes, zh: 解码}]
    why: {en: "{measured}, and not: {yours}", zh: "{measured}，而非：{yours}"}
---
# The first inference
"""


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "NOTES", tmp_path)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    return tmp_path


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    page = tmp_path / "stages" / "1_basics" / "1.1_first_inference.md"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE, encoding="utf-8")
    return Lesson(page)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return load(PREFIX)


def question(answer: str = "0", choices: int = 0, **more: object) -> Prediction:
    listed = [Text(f"choice {n}", f"选项 {n}") for n in range(choices)] or None
    return Prediction("q", Text("?", "？"), answer, Text("", ""), choices=listed, **more)  # type: ignore[arg-type]


def info(script: str = SCRIPT, started: float | None = None, fast: bool = False) -> runinfo.RunInfo:
    return runinfo.RunInfo(script, [], "smollm2", fast, False, time.time() if started is None else started, "ok")


def past_run(started: float | None = None, stamp: str = "2026-01-01T00-00-00") -> Path:
    """A whole run in notes/runs, with the recording of a real one."""
    folder = paths.RUNS / SCRIPT / stamp
    folder.mkdir(parents=True)
    (folder / "recording.jsonl").write_bytes((PREFIX / "recording.jsonl").read_bytes())
    runinfo.write(folder, info(started=started))
    return folder


# What may be typed.


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3", 3),
        (" 1,234 ", 1234),
        ("1_234", 1234),
        ("１２３", 123),
        ("1，234", 1234),
        ("+0.25", 0.25),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("12 Blocks", 12),
        ("12块", 12),
        ("12 个块", 12),
        ("1 block", 1),
        ("12 (blocks)", 12),
        ("50%", 50),
        ("1,234.5", 1234.5),
    ],
)
def test_numbers(typed: str, value: float) -> None:
    found = answers.parse(question(unit=Text("blocks", "块")), typed)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "typed", ["many", "1,23", "3 4", "3 apples", "inf", "nan", "1__2", "9" * 400, "three", "5b", "-"]
)
def test_what_is_no_number(typed: str) -> None:
    with pytest.raises(answers.NotAnAnswerError, match=r"no number: type one such as"):
        answers.parse(question(unit=Text("blocks", "块")), typed)


def test_below_zero_only_where_the_question_allows_it() -> None:
    for typed in ("-5", "−5", "-0.5"):
        with pytest.raises(answers.NotAnAnswerError, match=r"cannot be below zero: type a number such as"):
            answers.parse(question(), typed)
    assert answers.parse(question(negative=True), "−5") == -5


@pytest.mark.parametrize(("typed", "place"), [("a", 0), ("B", 1), ("c)", 2), ("(b)", 1), ("ｂ", 1), ("a。", 0)])
def test_choices(typed: str, place: int) -> None:
    assert answers.parse(question(choices=3), typed) == place


@pytest.mark.parametrize("typed", ["d", "1", "ab", "()"])
def test_what_is_no_choice(typed: str) -> None:
    with pytest.raises(answers.NotAnAnswerError, match=r"type a or b or c\.$"):
        answers.parse(question(choices=3), typed)


def test_numbers_are_shown_as_one_writes_them() -> None:
    assert [answers.number(value) for value in (1234, 0.123456, 2.0, 1234567.8)] == [
        "1,234",
        "0.1235",
        "2",
        "1,234,568",
    ]
    assert answers.shown(question(unit=Text("blocks", "块")), 4128) == "4,128 blocks"
    assert answers.shown(question(unit=Text("blocks", "块")), 1) == "1 block"
    assert answers.shown(question(unit=Text("", "")), 3) == "3"
    assert answers.shown(question(choices=2), 1) == "choice 1"


# What a recording makes of it.


def test_answers_come_from_the_recording(recording: Recording) -> None:
    run = measure.Run([recording, recording], info())
    for expression, value in {
        "len(recording.steps)": len(recording.steps),
        "recording.summary.peak_blocks": recording.summary.peak_blocks,
        "sum(len(r.steps) for r in recordings)": 2 * len(recording.steps),
        # A name of ours inside a comprehension's own scope.
        "len([s for s in recording.steps if any(row.hit for row in s.rows if recording)])": 1,
        "math.ceil(recording.requests[0].prompt_tokens / recording.header.block_size)": 4,
        "next(i for i, (a, b) in enumerate(zip(recording.steps, recording.steps)) if a is b)": 0,
        "0 if run.fast else 1": 1,
    }.items():
        if "hit" in expression:
            value = sum(any(row.hit for row in step.rows) for step in recording.steps)
            assert value
        assert measure.measured(question(expression), run) == value


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("recording.steps[9999].used", "IndexError"),
        ("recording.nothing", "AttributeError"),
        ("1 +", "SyntaxError"),
        ("open('x')", "NameError"),
        ("len", "no number"),
        ("None", "no number"),
        ("True", "no number"),
        ("math.inf", "no number"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_an_expression_that_fails_is_one_sentence(recording: Recording, expression: str, why: str) -> None:
    with pytest.raises(WorkbookError, match=why) as caught:
        measure.measured(question(expression), measure.Run([recording], info()))
    assert "\n" not in str(caught.value)
    assert "Question q" in str(caught.value)


def test_a_choice_that_is_not_there(recording: Recording) -> None:
    with pytest.raises(WorkbookError, match="no place of a choice"):
        measure.measured(question("7", choices=2), measure.Run([recording], info()))


def test_an_expression_gets_the_names_that_the_linter_knows(recording: Recording) -> None:
    assert measure.Run([recording], info()).names.keys() == measure.NAMES


# Which runs the questions are about.


def head(about: str | None) -> Header:
    return Header("1.1", Text("a", "b"), 40, 1, about=about)


@pytest.mark.parametrize(
    ("arguments", "options", "plain"),
    [
        ([], [], True),
        (["--no-questions", "--verbose"], [], True),
        (["--model", "tiny"], [], False),
        (["--model=tiny", "--tp", "2"], ["--tp", "2"], False),
        (["--prompt", "Once upon a"], ["--prompt", "Once upon a"], False),
    ],
)
def test_without_a_word_the_questions_are_about_runs_without_arguments(
    recording: Recording, arguments: list[str], options: list[str], plain: bool
) -> None:
    run = measure.Run([recording], msgspec.structs.replace(info(), arguments=arguments))
    assert run.info.options == options
    assert measure.fits(head(None), run) is plain


def test_about_is_an_expression_over_the_run(recording: Recording) -> None:
    run = measure.Run([recording], info())
    assert measure.fits(head("len(recording.steps) == 48 and run.model == 'smollm2'"), run)
    assert not measure.fits(head("run.model == 'tiny'"), run)
    assert not measure.fits(head("run.results['settings'][8]"), run)  # what an edited script no longer measures


LESSONS = ROOT / "stages" / "1_basics" / "recordings"


@pytest.mark.parametrize(
    ("name", "number", "its_own"),
    [
        ("first", "1.1", True),
        ("tiny", "1.1", False),
        ("ten_times", "1.1", False),
        ("life", "1.3", True),
        ("life_tp2", "1.3", False),
        ("llama", "1.4", True),
        ("sampling", "1.5", True),
    ],
)
def test_the_lessons_tell_their_own_runs_from_their_experiments(name: str, number: str, its_own: bool) -> None:
    run, there = runinfo.read(LESSONS / name), lessons.find(number)
    assert run
    why = predictions.unfit(there, [load(LESSONS / name)], run)
    assert (why is None) is its_own
    assert why is None or "about the lesson's own run; this one differs" in why


@pytest.mark.parametrize(("number", "name"), [("1.4", "llama"), ("1.5", "sampling")])
def test_a_flag_of_an_experiment_makes_another_run(number: str, name: str) -> None:
    run = runinfo.read(LESSONS / name)
    assert run
    run.arguments = ["--dtype", "float32"] if name == "llama" else ["--prompt", "Once upon a"]
    assert predictions.unfit(lessons.find(number), [load(LESSONS / name)], run)


@pytest.mark.parametrize(
    ("yours", "truth", "tolerance", "right"),
    [
        (3, 3, 0, True),
        (3, 3.0, 0, True),
        (8, 10, 0.2, True),
        (7.9, 10, 0.2, False),
        (0.3, 0.1 + 0.2, 0, True),
        (0, 0, 0, True),
        (1, 0, 9, False),
    ],
)
def test_tolerance_is_relative_to_what_was_measured(yours: float, truth: float, tolerance: float, right: bool) -> None:
    assert measure.is_right(question(tolerance=tolerance), yours, truth) is right


def test_tolerance_says_nothing_about_choices() -> None:
    assert not measure.is_right(question(choices=9, tolerance=0.5), 7, 8)


def test_the_first_wrong_answer_that_fits_is_told(recording: Recording) -> None:
    asked = question(
        wrong=[
            Wrong("yours == len(recording.requests)", Text("Requests, not steps: {yours}", "")),
            Wrong("yours < measured", Text("More than {yours}.", "")),
        ]
    )
    run = measure.Run([recording], info())
    assert measure.meaning(asked, 5, 48, run) == "Requests, not steps: 5"
    assert measure.meaning(asked, 6, 48, run) == "More than 6."
    assert measure.meaning(asked, 90, 48, run) is None


# What is kept, and compared.


def test_before_and_after_a_run(notes: Path, lesson: Lesson, recording: Recording) -> None:
    store.keep("1.1", "steps", 999, False)
    assert predictions.met(lesson) == []
    run = info()
    (outcome,) = predictions.compare(lesson, [recording], run)
    assert (outcome.measured, outcome.right, outcome.before) == (48, False, True)
    assert outcome.why == "It took 48, you said 999."
    assert outcome.hint == "One step serves every request."
    assert not predictions.proved(lesson)  # two questions are open

    store.keep("1.1", "blocks", 8, False)
    store.keep("1.1", "first", 1, False)
    later = info(started=time.time() + 1)
    outcomes = predictions.compare(lesson, [recording], later)
    assert [one.question.id for one in outcomes] == ["steps", "blocks", "first"]
    assert [one.right for one in outcomes] == [False, True, False]
    assert outcomes[1].why == "9.0 blocks. {this stays}"
    assert outcomes[2].why == "It reads prompts, and not: It decodes"
    assert predictions.proved(lesson)  # being wrong is fine
    assert [(name, outcome.right) for name, outcome in predictions.met(lesson)] == [
        ("steps", False),
        ("blocks", True),
        ("first", False),
    ]


def test_an_answer_after_a_run_is_compared_and_proves_nothing(
    notes: Path, lesson: Lesson, recording: Recording
) -> None:
    run = info(started=time.time() - 100)
    for name in ("steps", "blocks", "first"):
        store.keep("1.1", name, 0, False)  # later than the run started
    assert [outcome.before for outcome in predictions.compare(lesson, [recording], run)] == [False] * 3
    later = info(started=time.time() + 100)
    store.keep("1.1", "steps", 48, True)  # a whole run was there when it was given
    found = {outcome.question.id: outcome for outcome in predictions.compare(lesson, [recording], later)}
    assert not found["steps"].before
    assert found["steps"].right
    assert not predictions.proved(lesson)
    assert dict(predictions.met(lesson))["steps"].right


def test_a_run_is_compared_with_what_was_predicted_for_it(notes: Path, lesson: Lesson, recording: Recording) -> None:
    store.keep("1.1", "steps", 7, False)
    between = info()
    time.sleep(0.01)
    store.keep("1.1", "steps", 48, True)
    (outcome,) = predictions.compare(lesson, [recording], between)
    assert (outcome.yours, outcome.before) == (7, True)
    kept = store.read().lessons["1.1"]["steps"]
    assert [answer.value for answer in kept.answers] == [7, 48]  # nothing is lost
    predictions.compare(lesson, [recording], between)
    assert len(store.read().lessons["1.1"]["steps"].compared) == 1  # looking twice is one comparison


def after_run(run: runinfo.RunInfo, recording: Recording) -> str:
    """What a script says of the predictions at its end."""
    console = Console(width=80, record=True, file=io.StringIO())
    predictions.report_after_run(run, [recording], console)
    return console.export_text().strip()


@pytest.fixture
def course(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    monkeypatch.setattr(lessons, "of_script", lambda script: lesson)
    return lesson


def test_a_debugged_run_judges_nothing(notes: Path, course: Lesson, recording: Recording) -> None:
    store.keep("1.1", "steps", 48, False)
    plain = past_run(started=time.time() + 10)
    debugged = past_run(stamp="2026-01-02T00-00-00")
    run = msgspec.structs.replace(info(started=time.time() + 20), debugged=True)
    runinfo.write(debugged, run)
    said = after_run(run, recording)
    assert said.count("\n") == 0
    assert "its times include your pauses: after a plain run, `workbook predict 1.1 --compare`" in said
    predictions.compare(course, [recording], run)
    assert store.read().lessons["1.1"]["steps"].compared == []
    assert predictions.latest_run(course) == plain
    with pytest.raises(WorkbookError, match="include your pauses"):
        predictions.compare_run(course, debugged)


def test_an_experiment_judges_nothing(notes: Path, course: Lesson, recording: Recording) -> None:
    run = msgspec.structs.replace(info(), arguments=["--tp", "2"])
    assert after_run(run, recording) == ""  # nothing was answered, so nothing is to be said
    store.keep("1.1", "steps", 48, False)
    said = after_run(run, recording)
    assert said.count("\n") == 0
    assert "about the lesson's own run; this one differs" in said
    assert store.read().lessons["1.1"]["steps"].compared == []
    folder = past_run(stamp="2026-01-02T00-00-00")
    runinfo.write(folder, run)
    with pytest.raises(WorkbookError, match="no run of step1_basic_llama to compare with"):
        predictions.latest_run(course)


def test_the_same_answers_are_told_in_full_once(notes: Path, course: Lesson, recording: Recording) -> None:
    store.keep("1.1", "steps", 48, False)
    first, second, third = (info(started=time.time() + later) for later in (10, 20, 30))
    assert "It took 48, you said 48." in after_run(first, recording)
    assert after_run(second, recording) == (
        "Your predictions, lesson 1.1: 1 of 1 right in this run; all of it: workbook predict 1.1 --compare"
    )
    store.keep("1.1", "blocks", 8, False)  # something new to be told
    assert "It took 48" in after_run(third, recording)


def test_a_run_that_asked_nothing_comes_before_the_answers(notes: Path, lesson: Lesson) -> None:
    folder = past_run()
    assert ran(lesson)
    runinfo.write(folder, msgspec.structs.replace(info(), arguments=["--no-questions"]))
    assert not ran(lesson)


def test_answers_given_since_are_not_judged_and_it_says_so(notes: Path, lesson: Lesson, recording: Recording) -> None:
    store.keep("1.1", "steps", 7, False)
    run = info()
    time.sleep(0.01)
    for again, said in ((7, False), (48, True)):
        store.keep("1.1", "steps", again, True)
        console = Console(width=80, record=True, file=io.StringIO())
        predictions.report(lesson, predictions.compare(lesson, [recording], run), console)
        text = " ".join(console.export_text().split())
        assert ("Judged is what you answered before this run" in text) is said
        assert "you said 7." in text


@pytest.mark.parametrize("run", [info(fast=True), info(script="another"), None])
def test_what_is_no_whole_run_of_the_lesson_is_shown_and_proves_nothing(
    notes: Path, lesson: Lesson, recording: Recording, run: runinfo.RunInfo | None
) -> None:
    store.keep("1.1", "steps", 48, False)
    (outcome,) = predictions.compare(lesson, [recording], run)
    assert outcome.right
    assert predictions.met(lesson) == []


def test_an_expression_that_fails_leaves_the_others(notes: Path, lesson: Lesson, recording: Recording) -> None:
    lesson.path.write_text(PAGE.replace("len(recording.steps)", "recording.steps[999].used"), encoding="utf-8")
    store.keep("1.1", "steps", 48, False)
    store.keep("1.1", "first", 0, False)
    outcomes = predictions.compare(lesson, [recording], info())
    assert [outcome.measured for outcome in outcomes] == [None, 0]
    assert "IndexError" in outcomes[0].failure
    console = Console(width=60, record=True, file=io.StringIO())
    predictions.report(lesson, outcomes, console)
    text = console.export_text()
    assert "not known" in text, text
    assert "IndexError" in text
    assert [name for name, _ in predictions.met(lesson)] == ["first"]


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"version": 2, "lessons": {}}', '{"version": 1, "lessons": 7}', "\ufeff\x00", '{"lessons": {}}'],
)
def test_a_damaged_file_is_left_as_it_is(notes: Path, lesson: Lesson, recording: Recording, damage: str) -> None:
    store.path().write_text(damage, encoding="utf-8")
    for act in (
        lambda: store.keep("1.1", "steps", 3, False),
        lambda: predictions.compare(lesson, [recording], info()),
        lambda: predictions.met(lesson),
    ):
        with pytest.raises(WorkbookError, match=r"predictions\.json cannot be read .*no answer is kept\.$"):
            act()
    assert store.path().read_text(encoding="utf-8") == damage


def test_a_full_disk_is_a_sentence(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    store.keep("1.1", "steps", 3, False)
    monkeypatch.setattr(paths, "write_atomically", full)
    with pytest.raises(WorkbookError, match=r"cannot be written \(No space left"):
        store.keep("1.1", "steps", 4, False)
    assert store.read().lessons["1.1"]["steps"].answers[-1].value == 3


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_fits_its_terminal(
    notes: Path, lesson: Lesson, recording: Recording, monkeypatch: pytest.MonkeyPatch, width: int, language: str
) -> None:
    monkeypatch.setenv("WORKBOOK_LANG", language)
    for name, value in {"steps": 1234, "blocks": 9, "first": 1}.items():
        store.keep("1.1", name, value, name == "blocks")
    console = Console(width=width, record=True, file=io.StringIO())
    predictions.report(lesson, predictions.compare(lesson, [recording], info()), console)
    text = console.export_text()
    wanted = {
        "en": ["1 of 3 right", "1,234 steps", "48 steps", "wrong", "One step serves every request."],
        "zh": ["3 题中对 1 题", "1,234 步", "48 步", "错", "四十八步。", "一步同时服务所有请求。", "运行后作答"],
    }[language]
    # As it is wrapped at this width: without the line ends.
    joined = re.sub(r"\s+", "", text)
    assert [part for part in wanted if re.sub(r"\s+", "", part) not in joined] == []
    assert all(cell_len(line) <= width for line in text.splitlines())


# Who is asked, and when: as a learner's terminal has it.

DRIVER = """
import runpy, sys
from pathlib import Path
from workbook.course import lessons
lessons.all_lessons.__defaults__ = (Path(sys.argv.pop(1)),)
if sys.argv[1] == "workbook":
    del sys.argv[0]
    from workbook.cli import main
    main()
elif sys.argv[1] == "ask":
    from rich.console import Console
    from workbook import predictions
    predictions.ask_before_run(sys.argv[2], Console())
    print("the run goes on")
else:
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Terminal:
    """A command under a pseudo-terminal; ``say`` answers a prompt when it comes."""

    def __init__(self, lesson: Lesson, notes: Path, *arguments: str, width: int = 80, **env: str) -> None:
        driver = notes / "driver.py"
        driver.write_text(DRIVER)
        command = [sys.executable, str(driver), str(lesson.path.parent.parent), *arguments]
        # COLUMNS, which pytest-xdist sets for its workers, would hide the terminal's own width.
        here = {name: value for name, value in os.environ.items() if name not in ("CI", "COLUMNS", "LINES")}
        here |= {"WORKBOOK_NOTES": str(notes), "WORKBOOK_LANG": "en", "TERM": "xterm", **env}
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.execve(sys.executable, command, here)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        self.output, self._read = "", 0

    def say(self, prompt: str, answer: str) -> None:
        while prompt not in self.output[self._read :]:
            assert self._more(), self.output
        self._read = self.output.index(prompt, self._read) + len(prompt)
        os.write(self._terminal, answer.encode())

    def interrupt(self, prompt: str, answer: str) -> None:
        """Ctrl-C, and once more after ten seconds, as a person would: a signal right before the read waits for it."""
        self.say(prompt, "\x03")
        while answer not in self.output:
            if not select.select([self._terminal], [], [], 10)[0]:
                os.write(self._terminal, b"\x03")
            elif not self._more():
                break

    def end(self) -> str:
        """Everything that it said; it must have ended well."""
        while self._more():
            pass
        _, status = os.waitpid(self._pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, self.output
        return self.output

    def _more(self) -> bool:
        if not select.select([self._terminal], [], [], 180)[0]:
            raise TimeoutError(self.output)
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            return False
        self.output += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


def values(notes: Path) -> dict[str, object]:
    """The newest answers in the file; None for skipped."""
    kept = json.loads((notes / "predictions.json").read_text())["lessons"]["1.1"]
    return {name: entry["answers"][-1]["value"] if entry["answers"] else None for name, entry in kept.items()}


def test_predict_asks_and_asks_again_after_a_slip(notes: Path, lesson: Lesson) -> None:
    there = Terminal(lesson, notes, "workbook", "predict", "1.1", width=60)
    there.say("your answer (steps): ", "many\n")
    there.say("no number: type one such as 3, 0.25 or 1,234.", "")
    there.say("your answer (steps): ", "４８\n")
    there.say("your answer: ", "\n")
    there.say("your answer: ", "b\n")
    assert "Now run it: workbook run step1_basic_llama" in there.end()
    assert values(notes) == {"steps": 48, "blocks": None, "first": 1}

    again = Terminal(lesson, notes, "workbook", "predict", "1.1", WORKBOOK_LANG="zh")
    again.say("你的回答（步）［48，回车保留］: ", "\n")
    again.say("你的回答: ", "7\n")
    again.say("你的回答［b，回车保留］: ", "\x04")
    again.end()
    assert values(notes) == {"steps": 48, "blocks": 7, "first": 1}


def test_the_end_of_input_skips_the_rest_and_keeps_what_was_said(notes: Path, lesson: Lesson) -> None:
    there = Terminal(lesson, notes, "ask", SCRIPT)
    there.say("your answer (steps): ", "48\n")
    there.say("your answer: ", "\x04")
    assert "the run goes on" in there.end()
    assert values(notes) == {"steps": 48, "blocks": None, "first": None}
    assert "your answer" not in Terminal(lesson, notes, "ask", SCRIPT).end()  # skipped once: not asked by every run


def test_ctrl_c_keeps_what_was_said(notes: Path, lesson: Lesson) -> None:
    there = Terminal(lesson, notes, "workbook", "predict", "1.1")
    there.say("your answer (steps): ", "48\n")
    there.interrupt("your answer: ", "answer kept")
    with pytest.raises(AssertionError):  # it ends with an exit code of its own
        there.end()
    assert "Traceback" not in there.output
    assert re.search(r"your answer: (\^C)*\n1 answer kept\.\n", there.output), there.output
    assert values(notes) == {"steps": 48}


def test_nobody_is_asked_where_nobody_answers(notes: Path, lesson: Lesson) -> None:
    assert "your answer" not in Terminal(lesson, notes, "ask", SCRIPT, CI="true").end()
    driver = notes / "driver.py"
    driver.write_text(DRIVER)
    result = python(driver, lesson.path.parent.parent, "ask", SCRIPT, WORKBOOK_NOTES=str(notes), CI="")
    assert result.stdout == "the run goes on\n"
    assert not (notes / "predictions.json").exists()


def test_a_debugger_is_not_disturbed(notes: Path, lesson: Lesson) -> None:
    traced = Terminal(lesson, notes, "ask", SCRIPT, PYTHONPATH=_traced(notes))
    in_pdb = Terminal(lesson, notes, "ask", SCRIPT, WORKBOOK_DEBUGGER="terminal")  # as `workbook debug` sets it
    assert [there for there in (traced, in_pdb) if "your answer" in there.end()] == []


def _traced(notes: Path) -> str:
    """A folder that lets Python start as under a debugger: with a trace function."""
    folder = notes / "traced"
    folder.mkdir()
    (folder / "usercustomize.py").write_text("import sys; sys.settrace(lambda *_: None)")
    (folder / "sitecustomize.py").write_text("import sys; sys.settrace(lambda *_: None)")
    return str(folder)


def test_a_damaged_file_stops_no_script(notes: Path, lesson: Lesson) -> None:
    (notes / "predictions.json").write_text("{")
    output = Terminal(lesson, notes, "ask", SCRIPT).end()
    assert "predictions.json cannot be read" in output.replace("\n", "")
    assert "the run goes on" in output
    assert (notes / "predictions.json").read_text() == "{"


def test_compare_and_what_it_needs(notes: Path, lesson: Lesson) -> None:
    driver = notes / "driver.py"
    driver.write_text(DRIVER)

    def workbook(*arguments: str) -> Result:
        return python(driver, lesson.path.parent.parent, "workbook", *arguments, WORKBOOK_NOTES=str(notes), CI="")

    one_sentence(workbook("predict", "1.1", "--compare"), "no run of step1", "workbook run step1_basic_llama")
    past_run(started=time.time() - 5)
    one_sentence(workbook("predict", "1.1", "--compare"), "not answered", "`workbook predict 1.1` asks")
    one_sentence(workbook("predict", "9.9"), "There is no lesson")
    there = Terminal(lesson, notes, "workbook", "predict", "1.1")
    there.say("your answer (steps): ", "48\n")
    there.say("your answer: ", "\x04")
    output = there.end()
    assert "what you answer now counts as answered" in output
    assert "workbook predict 1.1 --compare" in output
    for arguments in (["--compare"], ["--compare", SCRIPT], [SCRIPT, "--compare"], ["--compare", str(PREFIX)]):
        shown = Terminal(lesson, notes, "workbook", "predict", "1.1", *arguments).end()
        assert "1 of 1 right" in shown
        assert "answered after a" in shown
    assert "1/3" in Terminal(lesson, notes, "workbook", "predict").end()


def test_who_answers_again_after_a_comparison_is_told_which_answer_counts(
    notes: Path, lesson: Lesson, recording: Recording
) -> None:
    store.keep("1.1", "steps", 999, False)
    past_run(started=time.time() + 1)
    predictions.compare(lesson, [recording], info(started=time.time() + 1))
    for language, said in (("en", "before that run is what counts"), ("zh", "计入进度的是运行之前的预测")):
        there = Terminal(lesson, notes, "workbook", "predict", "1.1", width=120, WORKBOOK_LANG=language)
        there.say("］: " if language == "zh" else "keeps it]: ", "48\n")
        there.say(": ", "\x04")
        assert said in there.end()
    assert dict(predictions.met(lesson))["steps"].yours == 999


def test_the_file_is_versioned(notes: Path) -> None:
    store.keep("1.1", "steps", 3, False)
    assert msgspec.json.decode(store.path().read_bytes())["version"] == store.VERSION


@pytest.mark.engine
def test_in_the_script_itself(notes: Path, lesson: Lesson, tiny: Path) -> None:
    script = str(paths.SCRIPTS / f"{SCRIPT}.py")
    there = Terminal(lesson, notes, script, "--model", "tiny")
    there.say("your answer (steps): ", "900\n")
    there.say("your answer: ", "\n")
    there.say("your answer: ", "a\n")
    output = there.end()
    assert "Your predictions, lesson 1.1" in output
    assert "1 of 2 right" in output
    assert "900 steps" in output
    assert "50 steps" in output
    assert "One step serves every request." in output
    assert "You skipped: workbook predict 1.1 asks again." in output
    assert "answered after" not in output
    (folder,) = runinfo.runs_of(SCRIPT)
    recorded = load(folder)
    found = dict(predictions.met(lesson))
    assert found["steps"].measured == len(recorded.steps) == 50
    assert found["first"].right

    quiet = python(notes / "driver.py", lesson.path.parent.parent, script, "--model", "tiny", WORKBOOK_NOTES=str(notes))
    assert quiet.returncode == 0, quiet.stderr
    assert "your answer" not in quiet.stdout
    assert "You skipped" not in quiet.stdout
    # What was answered is compared with every run, and told in full by the first.
    assert "Your predictions, lesson 1.1: 1 of 2 right in this run" in quiet.stdout
    assert "One step serves every request." not in quiet.stdout

    fast = Terminal(lesson, notes, script, "--fast").end()
    assert "Your predictions" not in fast
