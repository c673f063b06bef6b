"""The one kind of error a learner should meet: a sentence that ends in the next step."""


class WorkbookError(Exception):
    """What is wrong, and what to type next. Shown without a traceback; the process exits with ``exit_code``."""

    exit_code = 1
