"""Printed output on a page, held against what the command prints today.

An HTML comment right before a code block says where its text comes from::

    <!-- transcript: step1_basic_llama --fast -->     a script; or any command of `workbook`
    <!-- not rerun: needs four cards -->              the reason why nobody can run it again

In the block, ``…`` stands for text that differs from run to run (a sampled one), a line of only ``…`` for lines left
out. Times, rates, time stamps and folders are not compared. This module runs nothing; the tests run each command.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from workbook.i18n import tr
from workbook.lint.course import Course
from workbook.lint.finding import Finding
from workbook.lint.pages import Fence, Page

_TAG, _NOT_RERUN = "transcript:", "not rerun:"
_OUTPUT = {"", "text", "console", "output"}  # languages of blocks that show what a program printed
_GAP = "…"
_PATH = r"[^\s:'\"：，。；（）“”]"  # what a path is made of: Chinese punctuation right before it is not
_MASKS = [
    (r"\x1b\[[0-9;?]*[a-zA-Z]", ""),  # colours
    (r"\d{4}-\d\d-\d\d[T_ ]?-?\d\d[-:]\d\d[-:]\d\d(?:[.,]\d+)?(?:-\d+)?", "TIME"),
    (r"(?<![A-Za-z0-9_.])[\d,.]*\d\s*(?:µs|us|ms|s|min|h|秒|毫秒|微秒|分钟)(?![A-Za-z0-9_/])", "TIME"),
    (r"(?<![A-Za-z0-9_.])[\d,.]*\d\s*(?:tokens?|tok|token|it|req|次)/(?:s|秒)", "RATE"),
    (rf"(?:~|/){_PATH}*/site-packages/", ""),
    (rf"(?:~|/){_PATH}*/(?=(?:my_debug_scripts|stages|\.venv)/)", ""),
    (rf"{_PATH}*/(?=runs/)", ""),  # the notes may be anywhere ($WORKBOOK_NOTES)
    (r"\b(pid|PID)[ =:]+\d+", r"\1"),
    (r"[─━═-]{3,}", "─"),  # rules and the edges of tables, as wide as what stands in them
    (r"\s+", " "),
]
# The head of a table: no digit in it, and a column called by a unit of time.
_TIMES = re.compile(r"^(?=\D*$).*(?:^|[\s│┃|])(?:s|ms|µs|seconds|秒|毫秒)(?:$|[\s│┃|])")


@dataclass(frozen=True)
class Transcript:
    """A block that must match what ``command`` prints. ``chinese``: in that language."""

    page: Page
    fence: Fence
    command: str
    chinese: bool

    @property
    def needs_engine(self) -> bool:
        """Whether the command starts vLLM's engine, or looks at the run just before it."""
        words = shlex.split(self.command)
        return words[0] != "workbook" or words[1:2] in (["run"], ["vllm"]) or "last" in words


@dataclass(frozen=True)
class Difference:
    """The first line of the block that the output does not have. ``line`` counts from 1 below the fence."""

    line: int
    block: str
    output: str  # the output's line at that place, "" at its end


def transcripts(page: Page) -> list[Transcript]:
    """The page's transcripts, in their order."""
    chinese = page.path.name.endswith(".zh.md")
    tagged = (
        (fence, fence.comment.removeprefix(_TAG).strip()) for fence in page.fences if fence.comment.startswith(_TAG)
    )
    return [Transcript(page, fence, command, chinese) for fence, command in tagged]


def check(course: Course) -> Iterator[Finding]:
    """Every output block on a lesson's page says where it comes from, by a command that is there."""
    for path, page in course.pages.items():
        if "stages" not in path.relative_to(course.root).parts:
            continue
        for transcript in transcripts(page):
            if wrong := _problem(course, transcript):
                yield course.find(path, transcript.fence.line, *wrong)
        for fence in page.fences:
            if fence.info in _OUTPUT and not fence.comment.startswith((_TAG, _NOT_RERUN)):
                what = tr("output without a source", "输出没有注明来源")
                remedy = tr(
                    "put <!-- transcript: COMMAND --> or <!-- not rerun: REASON --> right before the block",
                    "请在代码块正上方写 <!-- transcript: 命令 --> 或 <!-- not rerun: 原因 -->",
                )
                yield course.find(path, fence.line, what, remedy)
        lines = {fence.line - 1 for fence in page.fences}
        for at in page.prose:
            if re.match(rf"\s*<!--\s*{_TAG}", at.text) and at.line not in lines:
                what = tr("a transcript without a block", "transcript 注释下没有代码块")
                yield course.find(path, at.line, what, tr("put it right before the block", "请写在代码块正上方"))


def _problem(course: Course, transcript: Transcript) -> tuple[str, str] | None:
    """What is wrong with a transcript as it stands, and the remedy."""
    command = tr("write a script with its arguments, or `workbook …`", "请写脚本名及其参数，或 `workbook …`")
    try:
        words = shlex.split(transcript.command)
    except ValueError as error:
        return f"transcript: {error}", command
    if not words:
        return tr("a transcript of no command", "transcript 没有写命令"), command
    if words[0] != "workbook" and not course.script(words[0]).is_file():
        return tr(f"transcript: there is no script {words[0]}", f"transcript：没有脚本 {words[0]}"), command
    if not _lines(transcript.fence.content):
        return tr("an empty transcript", "transcript 内容为空"), tr("paste what it prints", "请粘贴命令的输出")
    return None


def difference(block: str, output: str) -> Difference | None:
    """Where a block first parts from an output; None where it matches to the end of both."""
    wanted, real = _lines(block), _lines(output)
    patterns = [None if text == _GAP else _pattern(text) for _, text in wanted]
    furthest = (0, 0)

    @cache
    def fits(i: int, j: int) -> bool:
        nonlocal furthest
        furthest = max(furthest, (i, j))
        if i == len(wanted):
            return j == len(real)
        pattern = patterns[i]
        if pattern is None:
            return any(fits(i + 1, k) for k in range(j, len(real) + 1))
        return j < len(real) and bool(pattern.fullmatch(real[j][1])) and fits(i + 1, j + 1)

    if fits(0, 0):
        return None
    i, j = furthest
    number, text = wanted[i] if i < len(wanted) else (block.count("\n"), "")
    return Difference(number, text, real[j][1] if j < len(real) else "")


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, line.split(_GAP))))


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that say something, masked, with their numbers; without the prompt's line."""
    found = []
    timed = False  # inside a table with a column of times, whose cells carry no unit
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, mask in _MASKS:
            line = re.sub(pattern, mask, line)
        timed = bool(line.strip()) and (timed or bool(_TIMES.search(line)))
        if timed:
            line = re.sub(r"\d+\.\d+", "TIME", line)
        if line.strip() and not line.startswith("$ "):
            found.append((number, line.strip()))
    return found
