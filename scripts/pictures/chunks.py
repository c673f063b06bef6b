"""Draws lesson 2.4's pictures from its recordings: every token of five requests while a long prompt is read.

.venv/bin/python scripts/pictures/chunks.py 2.4_gaps        both languages; `scripts/capture.py` calls it too
"""

from itertools import pairwise
from pathlib import Path

from languages import write

from workbook import runinfo
from workbook.i18n import tr
from workbook.pairs import Pairs
from workbook.recorder import Recording, load
from workbook.recorder.steps import RequestStory
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "2_core_techniques"
RECORDINGS = STAGE / "recordings"
LEFT, RIGHT, ROW = 110.0, WIDTH - 24.0, 30.0
BEFORE = 0.5  # seconds shown before the long prompt arrives


def gaps() -> str:
    """A strip for each request and each of two engines: a mark where it got a token, a bar where its prompt was read."""
    shown = {
        tr("Prompt whole (chunked prefill off)", "提示词整段读入（关闭分块预填充）"): load(RECORDINGS / "chunk_off"),
        tr("In chunks: a budget of 128 tokens", "分块读入：预算 128 个 token"): load(RECORDINGS / "chunk_128"),
    }
    sheet = Sheet(
        tr("Who gets a token when", "谁在什么时候得到 token"),
        tr(
            "Read whole, the long prompt makes all others wait until it is done; in chunks they get a token in between.",
            "整段读入时，其他请求要等长提示词读完；分块读入时，中间也能得到 token。",
        ),
    )
    end = max(request.output_times[-1] - _arrival(r) for r in shown.values() for request in r.requests)
    scale = (RIGHT - LEFT) / (BEFORE + end)
    y = 34.0
    for title, recording in shown.items():
        sheet.text(16, y, title, SIZE, weight="600")
        y = _strips(sheet, recording, y + 34, scale) + 40
    for second in range(int(end) + 1):
        x = LEFT + (BEFORE + second) * scale
        sheet.text(x, y - 10, f"{second} s" if second else "0", SMALL, "dim", "middle")
    text = tr("since the long prompt arrived", "自长提示词到达起")
    sheet.text(RIGHT, y + 16, text, SMALL, "dim", "end")
    return str(sheet)


def _arrival(recording: Recording) -> float:
    return _long(recording).arrived


def _long(recording: Recording) -> RequestStory:
    return max(recording.requests, key=lambda request: request.prompt_tokens)


def _strips(sheet: Sheet, recording: Recording, top: float, scale: float) -> float:
    """The five strips, and over the talkers' first one its longest wait; returns where they end."""
    start, long = _arrival(recording), _long(recording)

    def at(second: float) -> float:
        return LEFT + (BEFORE + second - start) * scale

    y = top
    for request in recording.requests:
        name = tr("long", "长提示词") if request is long else request.id
        sheet.text(LEFT - 12, y, name, SMALL, "", "end")
        sheet.line(LEFT, y, RIGHT, y)
        for step in recording.steps if request is long else []:
            for row in step.rows:
                if row.request == long.index and row.phase != "decode":
                    sheet.rect(
                        at(step.at) + 1,
                        y - 9,
                        max(2.0, (step.ended_at - step.at) * scale - 2),
                        18,
                        KINDS[row.phase].fill,
                    )
        for time in request.output_times:
            if time >= start - BEFORE:
                sheet.rect(at(time) - 2, y - 10, 4, 20, KINDS["decode"].fill, radius=1)
        y += ROW
    first = recording.requests[0].output_times
    before, after = max(((a, b) for a, b in pairwise(first) if b > start), key=lambda pair: pair[1] - pair[0])
    gap = tr(f"longest wait {1000 * (after - before):,.0f} ms", f"最久等待 {1000 * (after - before):,.0f} 毫秒")
    sheet.text((at(before) + at(after)) / 2, y, gap, SMALL, weight="600", anchor="middle")
    sheet.line(at(before), y - 14, at(after), y - 14, "mark", 3)
    return y


def sweep() -> str:
    """Bars for each budget: the others' longest wait and the long prompt's first token, with the lowest and the highest."""
    info = runinfo.read(RECORDINGS / "chunk_128")
    assert info
    found = info.results["sweep"]
    kinds = (
        ("gap", tr("longest wait of the others", "其他请求最久的等待"), KINDS["decode"].fill),
        ("ttft", tr("first token of the long prompt", "长提示词的首 token 延迟"), KINDS["prefill"].fill),
    )
    pairs = {kind: Pairs(found[kind]["values"]) for kind, _, _ in kinds}
    budgets = list(pairs["gap"].values)
    most = max(max(values) for pair in pairs.values() for values in pair.values.values())
    sheet = Sheet(
        tr(
            "A small budget shortens the wait of the others and lengthens that of the long prompt",
            "预算越小，其他请求等得越短，长提示词等得越久",
        ),
        tr(
            "Seconds for each token budget; thin lines from the lowest to the highest round.",
            "每个 token 预算下的秒数；细线是各轮的最低到最高。",
        ),
    )
    left, scale = 230.0, (WIDTH - 230 - 110) / most
    sheet.swatches([(colour, name) for _, name, colour in kinds], 16, 28)
    y = 78.0
    for budget in budgets:
        steps = found["steps"][budget]
        sheet.text(left - 12, y + 2, tr(f"budget {int(budget):,}", f"预算 {int(budget):,}"), SIZE, "", "end", "600")
        sheet.text(
            left - 12, y + 28, tr(f"{steps} steps" if steps > 1 else "1 step", f"{steps} 步"), SMALL, "dim", "end"
        )
        for kind, _, colour in kinds:
            values, middle = pairs[kind].values[budget], pairs[kind].median(budget)
            sheet.rect(left, y - 12, middle * scale, 24, colour)
            sheet.line(left + min(values) * scale, y, left + max(values) * scale, y, "mark", 3)
            sheet.text(left + max(values) * scale + 8, y, tr(f"{middle:.2f} s", f"{middle:.2f} 秒"), SMALL)
            y += 28
        y += 20
    return str(sheet)


DRAWN = {"2.4_gaps": gaps, "2.4_sweep": sweep}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
