"""Draws lesson 2.6's picture from the run in recordings/kv_simulated: how much harder the text is to predict, by type.

.venv/bin/python scripts/pictures/kvtypes.py 2.6_perplexity        both languages; `scripts/capture.py` calls it too
"""

from pathlib import Path

from languages import write

from workbook import runinfo
from workbook.i18n import tr
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "2_core_techniques"
STORED, ROUNDED = "#999999", "#CC79A7"  # of the same palette; neither means anything elsewhere in the workbook
LEFT, ROW = 250.0, 40.0


def perplexity() -> str:
    """Bars for each type: percent above the unquantised cache, as the CPU kernel stores it and rounded to the nearest."""
    info = runinfo.read(STAGE / "recordings" / "kv_simulated")
    assert info
    base, *stored = info.results["types"]
    _, *rounded = info.results["simulated"]
    bars = [(one["name"], STORED, one) for one in stored if one["name"].startswith("fp8")]
    bars += [(one["name"], ROUNDED, one) for one in rounded]
    order = [one["name"] for one in rounded]
    bars.sort(key=lambda bar: order.index(bar[0]))
    sheet = Sheet(
        tr("What 8 bits cost, and what cutting off costs", "8 个比特的代价，和砍掉尾数的代价"),
        tr(
            "Percent above the perplexity of an unquantised cache, by type, cut off and rounded to the nearest.",
            "各类型的困惑度比不量化的缓存高多少，砍掉尾数与就近舍入。",
        ),
    )
    title = tr("Perplexity above the unquantised cache", "困惑度比不量化的缓存高")
    sheet.text(16, 28, title, SIZE, weight="600")
    entries = [
        (STORED, tr("cut off, by this CPU's kernel", "砍掉尾数（CPU 内核）")),
        (ROUNDED, tr("rounded to the nearest, simulated", "就近舍入（模拟）")),
    ]
    sheet.swatches(entries, 16, 62)
    rises = [100 * (one["perplexity"] / base["perplexity"] - 1) for _, _, one in bars]
    scale = (WIDTH - LEFT - 110) / max(rises)
    y, before = 112.0, ""
    for (name, colour, _), rise in zip(bars, rises, strict=True):
        y += 14 if before and name != before else 0
        if name != before:
            sheet.text(LEFT - 12, y, name, SIZE, anchor="end", weight="600")
        sheet.rect(LEFT, y - 14, max(2.0, rise * scale), 28, colour)
        sheet.text(LEFT + max(2.0, rise * scale) + 8, y, f"{rise:.2f} %" if rise < 1 else f"{rise:.1f} %", SMALL)
        y, before = y + ROW, name
    return str(sheet)


DRAWN = {"2.6_perplexity": perplexity}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
