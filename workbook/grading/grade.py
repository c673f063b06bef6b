"""One grade: the learner's function on every case of a run, and the first case in which it and the engine part."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from workbook import gpus
from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading import compare, evidence, exercises, explain, grader, sandbox
from workbook.grading.compare import Difference
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.exercises import Exercise, SourceError
from workbook.grading.grader import Case, Grader, Mistake
from workbook.grading.grades import Verdict
from workbook.grading.sandbox import Outcome
from workbook.i18n import some, tr

TIME_LIMIT = 20.0  # seconds
_LOOKED_AT = 5  # of a script's runs, for one that proves enough


@dataclass
class Result:
    """What a grade found."""

    exercise: Exercise
    verdict: Verdict
    what: str = ""  # in one sentence
    retry: bool = True  # False: nothing was graded, and ``what`` says what is needed first
    line: int | None = None  # in the learner's file
    run: str | None = None
    agreed: int = 0  # cases before the first difference
    cases: int = 0
    shipped: int = 0  # of them, those from recordings that come with the lesson
    case: Case | None = None  # the one that differs, or in which it ended
    difference: Difference | None = None
    likely: str = ""
    parameters: list[str] = field(default_factory=list)
    output: str = ""  # what the learner's code printed


def grade(exercise: Exercise, run: str | None = None, time_limit: float = TIME_LIMIT) -> Result:
    """Grade one exercise. Raises WorkbookError where there is nothing to compare with."""
    try:
        node = exercise.definition()
    except SourceError as error:
        return Result(exercise, "failed", str(error), line=error.line)
    if exercises.untouched(node):
        return _not_started(exercise, node.lineno)
    result = Result(exercise, "failed", line=node.lineno, parameters=exercises.parameters(node))
    wanted = exercises.parameters(exercises.definition(exercise.solution, exercise.name))
    if len(result.parameters) != len(wanted):
        result.what = tr(
            f"It takes ({', '.join(result.parameters)}), and the exercise gives ({', '.join(wanted)}): restore its first line.",
            f"它的参数是 ({', '.join(result.parameters)})，而练习传入 ({', '.join(wanted)})：请恢复函数的第一行。",
        )
        return result

    marker = grader.load(exercise.name)
    if marker.gpu and not any(card.visible for card in gpus.detect()[1]):
        raise WorkbookError(
            tr(
                f"{exercise.name} runs on an NVIDIA card, and there is none here: grade it on a machine that has one.",
                f"{exercise.name} 需要在 NVIDIA 显卡上运行，而本机没有：请在有显卡的机器上评分。",
            )
        )
    found, cases, open_mistake = _evidence(exercise, marker, run)
    shipped = list(_shipped(exercise, marker))
    cases += shipped
    result.run, result.cases, result.shipped = found.name, len(cases), len(shipped)
    outcome = sandbox.run(exercise.path, exercise.name, cases, time_limit, gpu=marker.gpu, may_change=marker.may_change)
    result.output = outcome.output
    _judge(result, marker, cases, outcome, time_limit)
    if result.verdict == "passed" and open_mistake:
        result.verdict = "unproven"
        result.what = tr(
            f"Nothing differs in {some(len(cases), 'case')}, but in this run a common mistake would look right as well: {open_mistake.say}",
            f"{len(cases)} 个用例全部一致，但在这次运行中，一个常见错误也会显得正确：{open_mistake.say}",
        )
    return result


def _evidence(exercise: Exercise, marker: Grader, wanted: str | None) -> tuple[Evidence, list[Case], Mistake | None]:
    """The newest run that holds the evidence and refutes every mistake; else the newest that holds it, and a mistake
    that looks right in it. Raises WorkbookError."""
    script = marker.script or exercise.lesson.header.script
    assert script, f"{exercise.name}: its lesson has no script, so its grader must name one"
    weak: tuple[Evidence, list[Case], Mistake | None] | None = None
    lacking: LackingError | None = None
    for run in evidence.runs(script, wanted, marker.arguments, marker.file)[:_LOOKED_AT]:
        try:
            cases = list(marker.cases(run))
        except LackingError as error:
            lacking = lacking or error
            continue
        if not cases:
            lacking = lacking or run.lacking(tr("case for this exercise", "本练习所需的用例"))
            continue
        undecided = next((one for one in marker.mistakes if one.must_differ and _agrees(one, cases, marker)), None)
        if undecided is None:
            return run, cases, None
        weak = weak or (run, cases, undecided)
    if weak:
        return weak
    assert lacking
    raise lacking


def _shipped(exercise: Exercise, marker: Grader) -> Iterator[Case]:
    """The cases of the recordings that come with the lesson, labelled as such. Raises WorkbookError."""
    for name in marker.shipped:
        for case in marker.cases(Evidence(exercise.lesson.stage / "recordings" / name)):
            label = Text(f"{case.label.en}, in our recording {name}", f"{case.label.zh}，取自随课录制 {name}")
            yield replace(case, label=label)


def _agrees(mistake: Mistake, cases: list[Case], marker: Grader) -> bool:
    return all(compare.same(case.expected, mistake.function(*case.arguments), marker.tolerance) for case in cases)


def _judge(result: Result, marker: Grader, cases: list[Case], outcome: Outcome, time_limit: float) -> None:
    if not outcome.imported:
        explain.explain(result, outcome, time_limit)
        return
    if form := marker.normal_form:
        outcome = replace(outcome, values={index: form(cases[index], value) for index, value in outcome.values.items()})
    for index, case in enumerate(cases):
        ended_here = index == outcome.reached or (outcome.changed and outcome.changed.index == index)
        if index in outcome.values and case.method != "__init__":
            found = compare.difference(case, outcome.values[index], marker.tolerance)
            if found:
                result.verdict, result.case, result.difference = "differs", case, found
                result.likely = _likely(marker, cases, index, outcome.values) if not found.wrong_type else ""
                if marker.hidden:
                    result.difference = replace(found, expected="")
                return
        if ended_here:
            break
        result.agreed += 1
    if outcome.end == "done" and result.agreed == len(cases):
        result.verdict = "passed"
        return
    if outcome.changed or outcome.reached < len(cases):
        result.case = cases[outcome.changed.index if outcome.changed else outcome.reached]
    explain.explain(result, outcome, time_limit)


def _likely(marker: Grader, cases: list[Case], index: int, got: dict[int, Any]) -> str:
    """The mistakes that give what the learner's function gives: in every case, else in this one. At most two."""

    def gives(mistake: Mistake, place: int) -> bool:
        return compare.same(got[place], mistake.function(*cases[place].arguments), marker.tolerance)

    here = [] if cases[index].method else [one for one in marker.mistakes if gives(one, index)]
    everywhere = [one for one in here if all(gives(one, place) for place in got)]
    if here:
        return tr(" Or: ", "或者：").join(str(one.say) for one in (everywhere or here)[:2])
    said = marker.reason(cases[index], got[index]) if marker.reason else None
    return str(said) if said else ""


def _not_started(exercise: Exercise, line: int) -> Result:
    return Result(
        exercise,
        "not started",
        tr(
            f"{exercise.name} is not written yet: its docstring says what it must do; write it in place of `raise NotImplementedError`.",
            f"{exercise.name} 还没有写：docstring 说明了要做什么；请用你的代码替换 `raise NotImplementedError`。",
        ),
        line=line,
    )
