"""Draws lesson 2.1's picture from the run in recordings/paging: the same memory, reserved for max_model_len each, and in blocks.

.venv/bin/python scripts/pictures/paging.py 2.1_same_memory        both languages; `scripts/capture.py` calls it too
"""

from pathlib import Path

from languages import write

from workbook import runinfo
from workbook.i18n import tr
from workbook.recorder import load
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "2_core_techniques"
MAX_MODEL_LEN = 512  # of the script
EDGE, COLUMNS, STRIDE, BOX = 16.0, 16, 58.0, 50.0
HEIGHT = 44.0
DECODE = KINDS["decode"]


def same_memory() -> str:
    """Two panels of as many slots: what a reservation would hold when its requests are longest, and the fullest step in blocks."""
    recording, info = load(STAGE / "recordings" / "paging"), runinfo.read(STAGE / "recordings" / "paging")
    assert info
    size, reserved = recording.header.block_size, info.results["reserved"]
    full = max(recording.steps, key=lambda step: (step.used, step.number))  # the last of these steps
    tables, lengths = {}, {}
    for step, state in recording.walk():
        if step.number == full.number:
            tables, lengths = {r: list(t) for r, t in state.tables.items()}, dict(state.computed)
    longest = max(lengths[request] for request in tables)
    title = tr("The same memory, reserved and in blocks", "同样的内存：预留与按块分配")
    about = tr(
        f"Reserved: {reserved} requests. In blocks: {len(tables)} requests.",
        f"预留：{reserved} 个请求。按块：{len(tables)} 个请求。",
    )
    sheet = Sheet(title, about)

    # Above: a reservation is a row of slots without blocks; drawn to the scale of the blocks below.
    head = tr(
        f"Reserved, {MAX_MODEL_LEN} slots each: {reserved} requests",
        f"预留，每个请求 {MAX_MODEL_LEN} 个槽位：{reserved} 个请求",
    )
    sheet.text(EDGE, 28, head, SIZE, weight="600")
    for request in range(reserved):
        y, width = 54 + request * (HEIGHT + 8), COLUMNS * STRIDE - (STRIDE - BOX)
        sheet.rect(EDGE, y, width, HEIGHT, style="none")
        sheet.rect(EDGE, y, width * longest / MAX_MODEL_LEN, HEIGHT, DECODE.fill)
        said = tr(
            f"{longest} tokens; the other {MAX_MODEL_LEN - longest} slots wait for tokens that do not come",
            f"{longest} 个 token；其余 {MAX_MODEL_LEN - longest} 个槽位在等不会到来的 token",
        )
        sheet.text(EDGE + width * longest / MAX_MODEL_LEN + 14, y + HEIGHT / 2, said, SMALL, "dim")

    # Below: the engine's own blocks in that step, each with its request, as full as it was.
    top = 54 + reserved * (HEIGHT + 8) + 44
    held = sum(len(table) for table in tables.values())
    head = tr(
        f"In blocks of {size}, step {full.number}: {len(tables)} requests, {held} of {full.usable} blocks",
        f"按块分配，每块 {size} 个，第 {full.number} 步：{len(tables)} 个请求，占 {held}/{full.usable} 块",
    )
    sheet.text(EDGE, top - 18, head, SIZE, weight="600")
    first = min(tables)
    owners = {
        block: (request - first + 1, min(size, lengths[request] - place * size))
        for request, table in tables.items()
        for place, block in enumerate(table)
    }
    for number in range(1, full.usable + 1):
        x, y = EDGE + (number - 1) % COLUMNS * STRIDE, top + 10 + (number - 1) // COLUMNS * (HEIGHT + 8)
        if number not in owners:
            sheet.rect(x, y, BOX, HEIGHT, style="open", tip=str(number))
            continue
        owner, filled = owners[number]
        sheet.rect(x, y, BOX, HEIGHT, style="none", tip=f"{number}: {filled}/{size}")
        sheet.rect(x, y, max(3.0, BOX * filled / size), HEIGHT, DECODE.fill)
        ink = DECODE.ink if filled > size / 2 else ""
        sheet.text(x + BOX / 2, y + HEIGHT / 2, str(owner), SIZE, ink, "middle", "600")
    note = tr(
        "The number is the request; coloured is what its tokens fill, empty frames are free blocks.",
        "数字是请求；着色部分已填入 token，空框是空闲块。",
    )
    sheet.text(EDGE, sheet.height + 28, note, SMALL, "dim")
    return str(sheet)


DRAWN = {"2.1_same_memory": same_memory}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
