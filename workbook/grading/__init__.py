"""Exercises graded against what the engine did: the cases come from a run of the lesson's script, never from a key.

:mod:`grader` says what a grader is, :mod:`graders` has one for each exercise, :mod:`grade` compares, :mod:`sandbox`
runs the learner's code apart from everything else, :mod:`grades` remembers.
"""


def passed(name: str) -> bool:
    """Whether the exercise has ever passed. Raises WorkbookError where notes/grades.json cannot be read."""
    from workbook.grading import grades  # here, so that the runner's process, which imports this package, starts fast

    return grades.of(name).passed_at is not None
