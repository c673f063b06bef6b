"""Draws lesson 2.7's picture from the run in recordings/speculative: what each step proposed, and what was accepted.

.venv/bin/python scripts/pictures/drafts.py 2.7_drafts        both languages; `scripts/capture.py` calls it too
"""

from pathlib import Path

from languages import write

from workbook.i18n import tr
from workbook.recorder import load
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "2_core_techniques"
LEFT, CELL, GAP = 16.0, 26.0, 40.0
MOST = 5  # tokens of a step: four drafts and the model's own


def drafts() -> str:
    """A column for each decode step of the first two requests, one cell for each token that was computed in it."""
    recording = load(STAGE / "recordings" / "speculative")
    sheet = Sheet(
        tr("What became of the drafts, step by step", "每一步的草稿结果如何"),
        tr(
            "For a copy and for a story, one column for each step: the model's own token, drafts kept, drafts not kept.",
            "照抄与讲故事两个请求，每步一列：模型自己的 token、保留的草稿、未保留的草稿。",
        ),
    )
    y = 28.0
    for number, what in enumerate((tr("A copy", "照抄"), tr("A story", "讲故事"))):
        rows = [row for step in recording.steps for row in step.rows if row.request == number and row.phase == "decode"]
        proposed, accepted = sum(len(row.drafts) for row in rows), sum(len(row.sampled) - 1 for row in rows)
        tokens = sum(len(row.sampled) for row in rows)
        title = tr(
            f"{what}: {tokens} tokens in {len(rows)} steps; {accepted} of {proposed} drafts kept",
            f"{what}：{len(rows)} 步得到 {tokens} 个 token；{proposed} 个草稿保留了 {accepted} 个",
        )
        sheet.text(LEFT, y, title, SIZE, weight="600")
        pitch = min(CELL, (WIDTH - 2 * LEFT) / len(rows))
        bottom = y + 28 + MOST * CELL
        for place, row in enumerate(rows):
            x, good = LEFT + place * pitch, len(row.sampled) - 1
            for level in range(len(row.drafts) + 1):
                top = bottom - (level + 1) * CELL
                if level <= good:
                    # The model's own token comes last; it stands below, where every step has one.
                    fill = KINDS["decode"].fill if level else ""
                    sheet.rect(x + 1, top + 1, pitch - 3, CELL - 3, fill, style="" if level else "held")
                else:
                    sheet.rect(x + 2, top + 2, pitch - 5, CELL - 5, style="open")
                    sheet.line(x + 5, top + CELL - 6, x + pitch - 6, top + 5, KINDS["preempted"].fill, 3)
        sheet.line(LEFT, bottom + 2, LEFT + len(rows) * pitch, bottom + 2, "mark")
        sheet.text(LEFT, bottom + 18, tr("steps →", "步 →"), SMALL, "dim")
        y = bottom + 18 + GAP
    sheet.rect(LEFT, y - 9, 18, 18, style="held")
    sheet.text(LEFT + 26, y, tr("the model's own token", "模型自己的 token"), SMALL)
    sheet.rect(300, y - 9, 18, 18, KINDS["decode"].fill)
    sheet.text(326, y, tr("draft, kept", "草稿，保留"), SMALL)
    sheet.rect(520, y - 9, 18, 18, style="open")
    sheet.line(523, y + 6, 535, y - 6, KINDS["preempted"].fill, 3)
    sheet.text(546, y, tr("draft, not kept: computed for nothing", "草稿，未保留：白算了"), SMALL)
    return str(sheet)


DRAWN = {"2.7_drafts": drafts}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
