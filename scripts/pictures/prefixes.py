"""Draws lesson 2.2's pictures from the run in recordings/prefix: the free queue of the small pool, request by request.

.venv/bin/python scripts/pictures/prefixes.py 2.2_queue        both languages; `scripts/capture.py` calls it too
"""

from pathlib import Path

from languages import write

from workbook import runinfo
from workbook.i18n import tr
from workbook.recorder import load
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "2_core_techniques"
LEFT, TOP, PITCH, HEIGHT = 236.0, 108.0, 60.0, 40.0
FOUND = KINDS["shared"].fill  # what was in the cache, and is about to be used by another request


def queue() -> str:
    """A row for each request: the free queue before it, what it finds there, what it takes and evicts."""
    info = runinfo.read(STAGE / "recordings" / "prefix")
    assert info
    turns, usable = info.results["turns"], info.results["usable"]
    block = load(STAGE / "recordings" / "prefix").header.block_size
    cell = (WIDTH - 16 - LEFT) / usable
    sheet = Sheet(
        tr("Which blocks a request finds, and which it evicts", "请求命中哪些块，又淘汰哪些块"),
        tr(
            "The free queue of a pool of twelve blocks before each of seven requests, next to be used on the left.",
            "一个十二块的块池，七个请求各自到来之前的空闲队列，最左边的最先被用。",
        ),
    )
    title = tr("The free queue before each request", "各请求到来之前的空闲队列")
    sheet.text(16, 28, title, SIZE, weight="600")
    sheet.text(LEFT, 70, tr("← next to be used", "← 最先被用"), SMALL, "dim")
    sheet.text(WIDTH - 16, 70, tr("last", "最后被用"), SMALL, "dim", "end")
    before = ["–"] * usable
    for place, turn in enumerate(turns):
        y = TOP + place * PITCH
        size = len(turn["hashes"]) + 1  # blocks of a text: the full ones, and one that is not
        found = [f"{turn['what']}{n}" for n in range(1, turn["hit"] // block + 1)]
        taken = [number for number, name in enumerate(before) if name not in found][: size - len(found)]
        said = tr(f"{turn['what']}: finds {turn['hit']} tokens", f"{turn['what']}：命中 {turn['hit']} 个 token")
        sheet.text(16, y + HEIGHT / 2, said, SMALL)
        for number, name in enumerate(before):
            x = LEFT + number * cell
            if name == "–":
                sheet.rect(x + 3, y + 1, cell - 6, HEIGHT - 2, style="open")
            else:
                border = FOUND if name in found else ""
                sheet.rect(x + 2, y, cell - 4, HEIGHT, KINDS["cached"].fill, border=border)
                sheet.text(x + cell / 2, y + HEIGHT / 2, name, SMALL, KINDS["cached"].ink, "middle", "600")
                if number in taken:
                    sheet.line(x + 8, y + HEIGHT - 7, x + cell - 8, y + 7, KINDS["preempted"].fill, 4)
        before = turn["queue"]
    entries = [
        ("none", tr("empty", "空")),
        (KINDS["cached"].fill, tr("free, in the prefix cache", "空闲，在前缀缓存中")),
        (f"border {FOUND}", tr("found", "命中")),
    ]
    y = TOP + len(turns) * PITCH + 14
    sheet.swatches(entries, 16, y)
    sheet.line(640, y + 8, 658, y - 8, KINDS["preempted"].fill, 4)
    sheet.text(666, y, tr("taken: evicted", "被取走：淘汰"), SMALL)
    return str(sheet)


DRAWN = {"2.2_queue": queue}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
