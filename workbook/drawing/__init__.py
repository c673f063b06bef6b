"""The pictures that a learner's own drawings are compared with, made from the learner's own recordings.

:mod:`notes` copies the templates and says which run is drawn; each other module draws one thing: :mod:`memory` blocks
and block tables, :mod:`blocksizes` what a block size wastes, :mod:`budget` who shares a step's tokens, :mod:`split`
which rank holds what of the weights (its numbers: :mod:`shards`). Knows recordings and :mod:`workbook.views`, not vLLM.
"""
