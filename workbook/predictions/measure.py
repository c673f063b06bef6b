"""What the engine says to a question: its expression, evaluated over a run's recordings.

The expressions are content of this repository, like its scripts: they see a few names and a few builtins because more
would not help them, not because anything is locked up. One that fails is a message, never the end of a run.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from workbook.course.header import Header, Prediction
from workbook.errors import WorkbookError
from workbook.hops import records as hops
from workbook.i18n import tr
from workbook.predictions import answers
from workbook.recorder import Recording
from workbook.runinfo import RunInfo

# What an expression may ask for; in ``wrong.when`` also ``yours`` and ``measured``.
NAMES = frozenset({"recording", "recordings", "run", "trace", "math"})
_BUILTINS = {
    function.__name__: function
    for function in (sum, len, max, min, sorted, any, all, abs, int, round, set, list, next, range, zip, enumerate)
}


@dataclass(frozen=True)
class Run:
    """What an expression may ask: the run's first engine, all of its engines, and what the run was."""

    recordings: list[Recording]
    info: RunInfo

    @property
    def names(self) -> dict[str, object]:
        """The names of an expression. ``trace``: the calls of workbook.hops, where the script traced some."""
        first = self.recordings[0]
        folder = first.path.parent
        trace = hops.read(folder) if any(folder.glob("hops-*.jsonl")) else []
        return {"recording": first, "recordings": self.recordings, "run": self.info, "trace": trace, "math": math}


def fits(head: Header, run: Run) -> bool:
    """Whether the questions are about this run. An edited script may lack what the expression asks for: then they are not."""
    if head.about is None:
        return not run.info.options and not any(a.partition("=")[0] == "--model" for a in run.info.arguments)
    try:
        return bool(evaluate(head.about, run.names))
    except Exception:
        return False


def measured(question: Prediction, run: Run) -> answers.Value:
    """The answer by this run's recordings. Raises WorkbookError, in one sentence, where the expression gives none."""
    try:
        value = evaluate(question.answer, run.names)
    except Exception as error:
        raise _failed(question, f"{type(error).__name__}: {error}") from None
    if question.choices:
        if isinstance(value, int) and 0 <= value < len(question.choices):
            return int(value)
        raise _failed(question, tr(f"{value!r} is no place of a choice", f"{value!r} 不是选项的序号"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _failed(question, tr(f"{value!r} is no number", f"{value!r} 不是数字"))
    return value


def is_right(question: Prediction, yours: answers.Value, truth: answers.Value) -> bool:
    """Whether the answer is the measured one, within the question's tolerance (relative to what was measured)."""
    if question.choices:
        return yours == truth
    return abs(yours - truth) <= max(question.tolerance, 1e-9) * abs(truth)


def meaning(question: Prediction, yours: answers.Value, truth: answers.Value, run: Run) -> str | None:
    """What a wrong answer of this kind would mean, by the first ``wrong.when`` that holds. Raises WorkbookError."""
    names = {**run.names, "yours": yours, "measured": truth}
    for wrong in question.wrong:
        try:
            if evaluate(wrong.when, names):
                return filled(question, str(wrong.say), yours, truth)
        except Exception as error:
            raise _failed(question, f"{wrong.when}: {type(error).__name__}: {error}") from None
    return None


def filled(question: Prediction, text: str, yours: answers.Value, truth: answers.Value) -> str:
    """The text with ``{yours}`` and ``{measured}`` in place; ``{measured:.1f}`` formats the bare number. Other braces stay."""
    values = {"yours": yours, "measured": truth}

    def value(found: re.Match[str]) -> str:
        bare = values[found[1]]
        if found[2]:
            return format(bare, found[2])
        return str(question.choices[int(bare)]) if question.choices else answers.number(bare)

    return re.sub(r"\{(yours|measured)(?::([^{}]*))?\}", value, text)


def evaluate(expression: str, names: Mapping[str, object]) -> object:
    """The value of an expression. The names are its globals, so that comprehensions inside it see them too."""
    return eval(expression.strip(), {"__builtins__": _BUILTINS, **names})


def _failed(question: Prediction, why: str) -> WorkbookError:
    return WorkbookError(
        tr(
            f"Question {question.id} has no answer in this recording ({why}): if the run was a whole one, its header needs mending.",
            f"这份录制无法回答问题 {question.id}（{why}）：如果运行是完整的，则需修正课程头中的表达式。",
        )
    )
