"""The checklists in ``notes/progress.md``: reading, ticking, merging a newer template, evidence, what comes next.

The file is the learner's. It holds everything itself: a box by its id at the end of its line, and in a comment, the
ledger, how each box came. So a line that the learner changed is told from one that the workbook changed, and nothing
is kept anywhere else. ``page`` reads and writes the text, ``faults`` finds what must be mended by hand, ``merge`` brings
in a newer template, ``proofs`` asks the lessons for evidence, ``learner`` is the file, ``report`` counts, ``view`` prints.
"""
