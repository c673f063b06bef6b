"""``python -m workbook.progress``: make the learner's file if it is missing. What ``scripts/run.sh`` calls."""

import sys

from workbook.errors import WorkbookError
from workbook.progress import learner

try:
    learner.create()
except WorkbookError as error:
    print(error, file=sys.stderr)
