"""Draws lesson 1.5's picture from the run in recordings/sampling: one real step under four settings.

.venv/bin/python scripts/pictures/sampling.py 1.5_settings        both languages; `scripts/capture.py` calls it too
"""

from pathlib import Path
from typing import Any

from languages import write

from workbook import runinfo
from workbook.i18n import tr
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "1_basics"
BLUE = "#0072B2"  # what may be drawn; it means nothing elsewhere
PROMPT = "Hello, my name is"
SHOWN = ("temperature=1", "temperature=0.5", "top_k=10", "temperature=0.5, top_p=0.9")
TOKENS = 8
LEFT, TOP, PITCH, BAR = 128.0, 138.0, 38.0, 24.0
COLUMN = (WIDTH - LEFT - 8) / len(SHOWN)
LONGEST = COLUMN - 74  # px: room for the figure behind the bar


def settings() -> str:
    """A row for each of the likeliest tokens, a column for each setting."""
    info = runinfo.read(STAGE / "recordings" / "sampling")
    assert info
    rows: list[dict[str, Any]] = info.results["settings"][PROMPT]
    columns = [rows[0], *(next(row for row in rows if row["setting"] == name) for name in SHOWN[1:])]
    tokens = [text for text, _ in columns[0]["top"][:TOKENS]]
    shares = [[dict(map(tuple, column["top"])).get(token, 0.0) for token in tokens] for column in columns]
    rest = [max(0.0, 1 - sum(column)) for column in shares]
    scale = LONGEST / max(map(max, [*shares, rest]))
    title = tr("The same step under four settings", "同一步在四种设置下")
    about = tr(
        f"After “{PROMPT}”: temperature moves probability, top_k and top_p drop the unlikely tokens.",
        f"在“{PROMPT}”之后：温度移动概率，top_k 和 top_p 去掉不太可能的 token。",
    )
    sheet = Sheet(title, about)
    sheet.text(16, 30, tr(f"What may come after “{PROMPT}”", f"“{PROMPT}”之后可以是什么"), SIZE, weight="600")
    for place, token in enumerate([*tokens, ""]):
        y = TOP + place * PITCH + (12 if not token else 0)
        name = token.strip() or tr("all others", "其余全部")
        if name and not any(map(str.isalnum, name)):
            name = f"“{name}”"  # dots alone look like something left out
        sheet.text(LEFT - 12, y, name, SMALL, "" if token else "dim", "end")
    for number, (name, column) in enumerate(zip(SHOWN, columns, strict=True)):
        x = LEFT + number * COLUMN
        for line, part in enumerate(name.split(", ")):
            sheet.text(x, 66 + 22 * line, part, SMALL, weight="600")
        sheet.text(x, 110, tr(f"{column['left']:,} tokens", f"{column['left']:,} 个 token"), SMALL, "dim")
        for place, share in enumerate([*shares[number], rest[number]]):
            last = place == len(tokens)
            y = TOP + place * PITCH + (12 if last else 0)
            if share < 0.00005:
                sheet.text(x, y, "0", SMALL, "dim")
                continue
            if last:
                sheet.rect(x, y - BAR / 2, share * scale, BAR, style="held")
            else:
                sheet.rect(x, y - BAR / 2, share * scale, BAR, BLUE)
            sheet.text(x + share * scale + 6, y, f"{100 * share:.1f}%", SMALL)
    return str(sheet)


DRAWN = {"1.5_settings": settings}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
