"""Draws the pictures of lessons 1.2 and 1.3 from the traces in recordings/.

.venv/bin/python scripts/pictures/traces.py 1.3_path        both languages; `scripts/capture.py` calls it too
"""

from pathlib import Path

from languages import write

from workbook import hops, runinfo
from workbook.hops import startup_path
from workbook.i18n import tr
from workbook.views import hoppath, hopphases, hoptree

STAGE = Path(__file__).parents[2] / "stages" / "1_basics"


def path() -> str:
    """The way of the first token through four processes."""
    calls = hops.read(STAGE / "recordings" / "life_tp2")
    first = hoptree.merged([call for call in calls if call.number == 1])
    return hoppath.picture(first, tr("The way of the first token, --tp 2", "第一个 token 走过的路（--tp 2）"))


def phases() -> str:
    """Where the time of a start goes."""
    folder = STAGE / "recordings" / "startup"
    info = runinfo.read(folder)
    assert info
    imported = (tr("import vLLM", "导入 vLLM"), info.seconds["import"])
    found = hopphases.phases(hops.read(folder), *startup_path.phases())
    return hopphases.picture([imported, *found], tr("From import to a ready engine", "从导入到引擎就绪"))


PICTURES = {"1.2_phases": phases, "1.3_path": path}

if __name__ == "__main__":
    write(STAGE / "images", PICTURES)
