"""What a grader is: where its evidence comes from, the cases in it, and the mistakes that it knows.

One file for each exercise in :mod:`workbook.grading.graders`, named after it, with a constant ``GRADER``. A case is
one call of the learner's function and what the engine did there. A mistake is itself a function: where it gives what
the learner's gives, its words are the likely reason; and a run in which a mistake looks right proves too little.
"""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading.evidence import Evidence
from workbook.i18n import tr


@dataclass(frozen=True)
class Tolerance:
    """``|yours - engine| <= absolute + relative · |engine| + row · largest``, for floats and tensors of floats. Integers are exact.

    ``largest``: of the engine's |values| along the last axis, as in one token's vector; for sums of rounded numbers,
    whose error goes by the size of what was added and not by what is left.
    """

    relative: float = 1e-5
    absolute: float = 1e-8
    row: float = 0.0


@dataclass(frozen=True)
class Case:
    """One call. Arguments are plain values and NumPy arrays, which arrive as tensors of torch; tuples arrive as lists.

    ``method``: where the exercise is a class, the method to call; "__init__" makes the object that later cases use.
    """

    arguments: tuple[Any, ...]
    expected: Any  # what the engine did; stays with the grader
    label: Text  # where: "step 17, request r0"
    method: str | None = None
    parts: tuple[Text, ...] = ()  # what the items of a list that is returned stand for


@dataclass(frozen=True)
class Mistake:
    """A version that people write; with arrays, in NumPy. ``must_differ``: what is to prove anything must refute it."""

    function: Callable[..., Any]
    say: Text
    must_differ: bool = True


@dataclass(frozen=True)
class Grader:
    """``cases`` yields them in the order of the engine's steps. It may raise :class:`~workbook.grading.evidence.LackingError`."""

    cases: Callable[[Evidence], Iterable[Case]]
    mistakes: list[Mistake] = field(default_factory=list)
    reason: Callable[[Case, Any], Text | None] | None = None  # of a value that no mistake gives
    tolerance: Tolerance = field(default_factory=Tolerance)
    script: str | None = None  # whose runs are the evidence; None: the lesson's own
    arguments: str = ""  # with which the script must have run: "--problem hang"
    file: str | None = None  # what its folder must hold, however the run ended; None: the run must be whole
    shipped: tuple[str, ...] = ()  # recordings of the lesson's stage beside the learner's run: more models, other sizes
    hidden: bool = False  # the value itself is the answer, and no function to write: a report does not show it
    may_change: bool = False  # whether the function may change its arguments, as one that writes into a cache does
    gpu: bool = False  # runs on a card; then tensors arrive there
    # where several values are right: brings a learner's to the form in which ``expected`` and the mistakes' stand
    normal_form: Callable[[Case, Any], Any] | None = None


def load(name: str) -> Grader:
    """The grader of an exercise. Raises WorkbookError where there is none."""
    module = f"workbook.grading.graders.{name}"
    try:
        grader: Grader = importlib.import_module(module).GRADER
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise WorkbookError(
            tr(
                f"The exercise {name} has no grader: add workbook/grading/graders/{name}.py, or take it out of the lesson's header.",
                f"练习 {name} 没有评分器：请添加 workbook/grading/graders/{name}.py，或从课程头中去掉这个练习。",
            )
        ) from None
    return grader
