"""Draws the picture of lesson 2.5 from its recording: an MLP on two ranks, with the shapes that the workers had.

.venv/bin/python scripts/pictures/ranks.py 2.5_mlp        both languages; `scripts/capture.py` calls it too
"""

from pathlib import Path

from languages import write

from workbook import ranks
from workbook.i18n import tr
from workbook.recorder import load
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "2_core_techniques"
_LEFT, _GAP = 16.0, 24.0
_LANE = (WIDTH - 2 * _LEFT - _GAP) / 2


def mlp() -> str:
    """Layer 0's MLP in the prefill of the first prompt."""
    folder = STAGE / "recordings" / "tp2"
    told = ranks.read(folder)
    tokens = load(folder).steps[0].rows[0].scheduled
    first = {p.name.removeprefix("model.layers.0.mlp."): p for p in told[0].parameters if ".layers.0.mlp." in p.name}
    gate_up, down = first["gate_up_proj.weight"], first["down_proj.weight"]
    half, hidden = down.shape[1], down.shape[0]
    sent = told[0].steps[0].reduced // told[0].steps[0].all_reduces
    title = tr(
        f"An MLP on two ranks: {tokens} tokens, one all-reduce",
        f"两个 rank 上的 MLP：{tokens} 个 token，一次 all-reduce",
    )
    sheet = Sheet(title, tr("From top to bottom as the numbers pass.", "自上而下，按数据经过的顺序。"))
    sheet.text(_LEFT, 28, title, SIZE, weight="600")
    y = 56.0
    y = _across(sheet, y, f"x: {tokens} × {hidden}", tr("the same on both", "两边相同"))
    spans = [f"{rank * half}–{(rank + 1) * half - 1}" for rank in (0, 1)]
    y = _lanes(
        sheet,
        y,
        "gate_up_proj",
        f"{gate_up.shape[0]} × {gate_up.shape[1]}",
        [tr(f"column: gate {span}, up {span}", f"列并行：gate {span}，up {span}") for span in spans],
        weight=True,
    )
    y = _lanes(
        sheet,
        y,
        "SiLU(gate) · up",
        f"{tokens} × {half}",
        [tr("own numbers only: nothing is sent", "只用自己的数：无需通信")] * 2,
    )
    y = _lanes(
        sheet,
        y,
        "down_proj",
        f"{down.shape[0]} × {down.shape[1]}",
        [tr(f"row: the inputs {span}", f"行并行：输入 {span}") for span in spans],
        weight=True,
    )
    y = _lanes(
        sheet,
        y,
        tr("partial sum", "部分和"),
        f"{tokens} × {hidden}",
        [tr("full width, not yet the result", "完整宽度，但还不是结果")] * 2,
    )
    y = _across(
        sheet,
        y,
        tr("all-reduce: both are added up", "all-reduce：两边相加"),
        tr(f"each rank puts in {sent:,} bytes", f"每个 rank 放入 {sent:,} 字节"),
        border=KINDS["shared"].fill,
    )
    _across(sheet, y, tr("output", "输出") + f": {tokens} × {hidden}", tr("the same on both", "两边相同"))
    return str(sheet)


def _across(sheet: Sheet, y: float, what: str, note: str, border: str = "") -> float:
    sheet.rect(_LEFT, y, WIDTH - 2 * _LEFT, 44, style="none", border=border)
    sheet.text(_LEFT + 14, y + 22, what, SIZE)
    sheet.text(WIDTH - _LEFT - 14, y + 22, note, SMALL, "dim", anchor="end")
    return y + 62


def _lanes(sheet: Sheet, y: float, what: str, shape: str, notes: list[str], weight: bool = False) -> float:
    for rank, note in enumerate(notes):
        x = _LEFT + rank * (_LANE + _GAP)
        sheet.rect(x, y, _LANE, 70, style="held" if weight else "none")
        sheet.text(x + 14, y + 22, f"rank {rank}: {what}", SIZE)
        sheet.text(x + _LANE - 14, y + 22, shape, SIZE, anchor="end")
        sheet.text(x + 14, y + 51, note, SMALL)
    return y + 88


PICTURES = {"2.5_mlp": mlp}

if __name__ == "__main__":
    write(STAGE / "images", PICTURES)
