"""How a grade looks in the terminal: one exercise in full, or all of them as a table."""

import time

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbook.grading.compare import cut, show
from workbook.grading.grade import Result
from workbook.grading.grades import Verdict
from workbook.i18n import some, tr
from workbook.wrap import Prose, wrap

_COLOURS: dict[Verdict, str] = {
    "passed": "green",
    "differs": "red",
    "failed": "red",
    "unproven": "yellow",
    "not started": "dim",
    "not graded": "yellow",
}
_LINES = 6  # of the learner's output, half from its beginning and half from its end
_PRINTED = 100  # characters of such a line


def word(verdict: Verdict) -> str:
    """The verdict in the learner's language."""
    words: dict[Verdict, tuple[str, str]] = {
        "passed": ("passed", "通过"),
        "differs": ("differs", "不一致"),
        "failed": ("failed", "出错"),
        "unproven": ("not proven", "尚未证实"),
        "not started": ("not started", "未开始"),
        "not graded": ("not graded", "未评分"),
    }
    return tr(*words[verdict])


def one(result: Result, console: Console) -> None:
    """Print one exercise's result in full."""
    exercise = result.exercise
    title = Text(exercise.name, style="bold") + Text(" · ")
    title.append(word(result.verdict), style=_COLOURS[result.verdict])
    title.append(tr(f" · lesson {exercise.lesson.number}", f" · 第 {exercise.lesson.number} 课"), style="dim")
    console.print(title)
    place = exercise.shown + (f":{result.line}" if result.line and result.verdict != "passed" else "")
    console.print(Text(f"  {place}", style="dim"), soft_wrap=True)
    _agreed(result, console)
    if result.difference:
        _difference(result, console)
    if result.what:
        _paragraph(result.what, console)
    if result.likely:
        _paragraph(tr(f"Likely: {result.likely}", f"可能的原因：{result.likely}"), console, "bold")
    if result.output.strip() and result.verdict != "passed":
        _output(result.output, console)
    for what, command in _next(result) if result.retry else []:
        console.print(Text(f"  {what}{tr(': ', '：')}{command}"), soft_wrap=True)


def table(results: list[Result]) -> Table:
    """A line for each exercise."""
    found = Table(box=None, padding=(0, 2, 0, 0))
    found.add_column(tr("lesson", "课"), header_style="bold")
    found.add_column(tr("exercise", "练习"), header_style="bold", overflow="fold")
    found.add_column(tr("result", "结果"), header_style="bold", no_wrap=True)
    found.add_column(tr("found", "说明"), header_style="bold")
    for result in results:
        verdict = Text(word(result.verdict), style=_COLOURS[result.verdict])
        found.add_row(result.exercise.lesson.number, result.exercise.name, verdict, Prose(_short(result)))
    return found


def _agreed(result: Result, console: Console) -> None:
    if result.run is None:
        return
    if result.verdict == "passed":
        _paragraph(
            tr(
                f"{some(result.cases, 'case')} {'agrees' if result.cases == 1 else 'agree'} with what vLLM did in {_where(result)}.",
                f"{result.cases} 个用例全部与 vLLM 在 {_zh_where(result)}中的实际行为一致。",
            ),
            console,
        )
    elif result.case:
        _paragraph(_before(result), console)
        _paragraph(str(result.case.label), console, "bold", indent=4)
        if result.case.method or result.case.arguments:  # a call without either says nothing
            _paragraph(_call(result), console, indent=4)


def _before(result: Result) -> str:
    if result.agreed == 0:
        return tr(f"The first case of {_where(result)}:", f"{_zh_where(result)}的第一个用例：")
    return tr(
        f"{result.agreed} of {some(result.cases, 'case')} of {_where(result)} agree; then comes:",
        f"{_zh_where(result)}的 {result.cases} 个用例中，前 {result.agreed} 个一致；接下来是：",
    )


def _zh_where(result: Result) -> str:
    """With a space behind what is no full-width bracket."""
    where = _where(result)
    return where if where.endswith("）") else f"{where} "


def _where(result: Result) -> str:
    """The run, and what else the cases are from."""
    if not result.shipped:
        return str(result.run)
    return tr(
        f"{result.run} and our recordings ({some(result.shipped, 'case')})",
        f"{result.run} 和随课录制（{result.shipped} 个用例）",
    )


def _difference(result: Result, console: Console) -> None:
    found = result.difference
    assert found
    place = f"{found.part} {found.place}".strip()
    if place:
        _paragraph(tr(f"At {place}:", f"{place}："), console)
    yours, theirs = tr("yours", "你的结果"), tr("vLLM", "vLLM")
    width = max(_width(yours), _width(theirs))
    for name, value, colour in ((yours, found.got, "red"), (theirs, found.expected, "green")):
        if not value:
            continue  # a grader that hides it
        console.print(Text(f"    {name}{' ' * (width - _width(name))}  ") + Text(value, style=colour))
    if found.note:
        _paragraph(f"({found.note})", console)


def _call(result: Result) -> str:
    case = result.case
    assert case
    if case.method:
        name = result.exercise.name if case.method == "__init__" else f".{case.method}"
        return cut(f"{name}({', '.join(map(show, case.arguments))})", 200)
    named = zip(result.parameters, case.arguments, strict=False)
    return cut(f"{result.exercise.name}({', '.join(f'{name}={show(value)}' for name, value in named)})", 240)


def _output(text: str, console: Console) -> None:
    lines = [line[:_PRINTED] for line in text.strip().splitlines()]
    if len(lines) > _LINES:
        left_out = len(lines) - _LINES
        lines = [
            *lines[: _LINES // 2],
            tr(f"… {left_out}+ lines …", f"…… 省略至少 {left_out} 行 ……"),
            *lines[-_LINES // 2 :],
        ]
    _paragraph(tr("It printed:", "它打印了："), console)
    for line in lines:
        printable = "".join(c if c.isprintable() else " " for c in line)
        console.print(Text(f"    {printable}", style="dim"), overflow="ellipsis", no_wrap=True)


def _next(result: Result) -> list[tuple[str, str]]:
    name = result.exercise.name
    if result.verdict == "passed":
        return [(tr("Compare with ours", "与参考解答对比"), f"workbook solution {name}")]
    hint = (tr("A hint", "需要提示"), f"workbook hint {name}")
    if result.verdict == "not started":
        return [hint]
    if result.verdict == "unproven":
        script = result.run.split("/")[0] if result.run else ""
        return [(tr("Run it again", "请再运行一次"), f"workbook run {script}")]
    return [(tr("Mend it and grade again", "修改后重新评分"), f"workbook grade {name}"), hint]


def _short(result: Result) -> str:
    if result.verdict == "passed":
        when = result.run.rsplit("/", 1)[-1] if result.run else ""
        return tr(f"{some(result.cases, 'case')}, run {when}", f"{result.cases} 个用例，运行 {when}")
    if result.verdict == "differs" and result.case:
        return tr(f"from {result.case.label} on", f"{result.case.label} 起")
    return result.exercise.shown if result.verdict == "not started" else result.what


def _paragraph(text: str, console: Console, style: str = "", indent: int = 2) -> None:
    for line in wrap(text, max(20, console.width - indent)):
        console.print(Text(" " * indent + line, style=style), soft_wrap=True)


def _width(text: str) -> int:
    return Text(text).cell_len


def clock() -> str:
    """The time of day, for ``--watch``."""
    return time.strftime("%H:%M:%S")
