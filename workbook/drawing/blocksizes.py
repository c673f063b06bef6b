"""What a block size costs: how many slots the same requests would have held, and left empty, with other block sizes.

Calculated from how many tokens each request had in each step; the run itself had one block size. What a smaller
block costs instead (longer tables, more of them to look up) is not in a recording, and not in the picture.
"""

from dataclasses import dataclass

from workbook.i18n import tr
from workbook.recorder import Recording
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

_SIZES = (16, 32, 64, 128, 256)
_LEFT, _RIGHT = 200.0, 230.0


@dataclass(frozen=True)
class Use:
    """Of one block size, on average over the steps: the slots of the blocks that requests hold, and the filled ones."""

    size: int
    slots: float
    filled: float

    @property
    def empty(self) -> float:
        """The share of slots without a token."""
        return 1 - self.filled / self.slots if self.slots else 0.0


def uses(recording: Recording) -> list[Use]:
    """For each block size, the run's own among them. A block that several requests share counts for each."""
    sizes = sorted({*_SIZES, recording.header.block_size})
    slots, filled, steps = dict.fromkeys(sizes, 0), 0, max(1, len(recording.steps))
    for _, state in recording.walk():
        for request in state.tables:
            tokens = state.computed.get(request, 0)
            filled += tokens
            for size in sizes:
                slots[size] += -(-tokens // size) * size
    return [Use(size, slots[size] / steps, filled / steps) for size in sizes]


def block_sizes(recording: Recording) -> str:
    """The picture, as SVG: a bar for each block size, filled slots in colour, empty ones open."""
    found = uses(recording)
    own = recording.header.block_size
    title = tr("Slots that are held and empty, by block size", "不同块大小下，占着却空闲的槽位")
    sheet = Sheet(title, tr("Filled and empty slots by block size, calculated.", "按块大小计算的已用与空闲槽位。"))
    sheet.text(16, 28, title, SIZE, weight="600")
    about = tr(
        f"Mean over all steps, the same requests; the run had blocks of {own}, the others are calculated",
        f"所有调度步的平均，请求相同；本次运行的块大小是 {own}，其余为计算值",
    )
    sheet.text(16, 60, about, SMALL, "dim")
    scale = (WIDTH - _LEFT - _RIGHT) / max(1.0, *(use.slots for use in found))
    for place, use in enumerate(found):
        y = 92.0 + place * 56
        name = tr(f"block size {use.size}", f"块大小 {use.size}")
        sheet.text(_LEFT - 14, y + 20, name, SIZE, anchor="end", weight="600" if use.size == own else "")
        sheet.rect(_LEFT, y, use.slots * scale, 40, style="none")
        sheet.rect(_LEFT, y, use.filled * scale, 40, KINDS["decode"].fill)
        sheet.text(_LEFT + 12, y + 20, f"{use.filled:,.0f}", SIZE, KINDS["decode"].ink)
        empty = tr(f"{use.slots:,.0f} slots, {use.empty:.0%} empty", f"{use.slots:,.0f} 个槽位，{use.empty:.0%} 空着")
        sheet.text(_LEFT + use.slots * scale + 10, y + 20, empty, SMALL)
    return str(sheet)
