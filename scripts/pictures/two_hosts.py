"""Draws lesson 2.9's pictures: who talks over the cable, and tokens a second by the link's rate from the run in recordings/two_hosts.

.venv/bin/python scripts/pictures/two_hosts.py 2.9_rates        both languages; `scripts/capture.py` calls it too
"""

import itertools
import math
import statistics
from pathlib import Path
from typing import Any

from languages import write

from workbook import runinfo
from workbook.i18n import tr
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "2_core_techniques"
BLUE, ORANGE = (
    "#0072B2",
    "#D55E00",
)  # this lesson's two: what is predicted, and what was measured; they mean nothing elsewhere
LEFT, RIGHT, TOP, HEIGHT = 110.0, 190.0, 74.0, 330.0


def results() -> dict[str, Any]:
    """What the recorded run measured."""
    info = runinfo.read(STAGE / "recordings" / "two_hosts")
    assert info
    return info.results


def rates() -> str:
    """Tokens a second of TP=2 over the rate of the link: a line that is predicted, points that were measured."""
    rows = results()["rates"]
    step_s = statistics.median(row["free_s"] / row["tokens"] for row in rows)
    bits = statistics.median((row["predicted_s"] - row["free_s"]) / row["tokens"] * row["bits_per_s"] for row in rows)
    fastest, slowest = max(row["bits_per_s"] for row in rows), min(row["bits_per_s"] for row in rows)
    low, high = 1.0, 10 ** math.ceil(math.log10(1 / step_s))

    def x(rate: float) -> float:
        share = math.log(rate / slowest) / math.log(fastest / slowest)
        return LEFT + 20 + (WIDTH - RIGHT - LEFT - 40) * share

    def y(speed: float) -> float:
        return TOP + HEIGHT * (1 - math.log(speed / low) / math.log(high / low))

    title = tr("Tokens a second over a slower and slower link", "链路越来越慢时的每秒 token 数")
    about = tr(
        f"{1 / step_s:.0f} tokens a second without limit, {rows[-1]['tokens'] / rows[-1]['measured_s']:.1f} over {rows[-1]['shown']}.",
        f"不限速时每秒 {1 / step_s:.0f} 个 token，{rows[-1]['shown']} 时 {rows[-1]['tokens'] / rows[-1]['measured_s']:.1f} 个。",
    )
    sheet = Sheet(title, about)
    sheet.text(
        LEFT,
        30,
        tr("Tokens a second, TP=2 over two hosts, one request", "每秒 token 数，TP=2 跨两台主机，一个请求"),
        SIZE,
        weight="600",
    )
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        for factor in (1, 2, 5):
            value = factor * 10.0**power
            if low <= value <= high:
                sheet.line(LEFT, y(value), WIDTH - RIGHT, y(value))
                sheet.text(LEFT - 12, y(value), f"{value:g}", SMALL, "dim", "end")
    for row in rows:
        sheet.text(x(row["bits_per_s"]), TOP + HEIGHT + 24, f"{row['bits_per_s'] / 1e6:,.0f}", SMALL, "dim", "middle")
    across = tr(
        "the link's rate in each direction, Mbit/s",
        "链路每个方向的速率，Mbit/s",
    )
    sheet.text((LEFT + WIDTH - RIGHT) / 2, TOP + HEIGHT + 54, across, SMALL, "dim", "middle")
    curve = [slowest * (fastest / slowest) ** (n / 60) for n in range(61)]
    points = [(x(rate), y(1 / (step_s + bits / rate))) for rate in curve]
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        sheet.line(x1, y1, x2, y2, BLUE, 3)
    sheet.text(points[-1][0] + 22, points[-1][1] + 14, tr("predicted", "预测"), SMALL, BLUE)
    limit = y(1 / step_s)
    sheet.line(LEFT, limit, WIDTH - RIGHT, limit, "mark", 2)
    sheet.text(LEFT + 12, limit - 16, tr("without limit", "不限速"), SMALL, "dim")
    for row in rows:
        at = row["tokens"] / row["measured_s"]
        sheet.rect(x(row["bits_per_s"]) - 7, y(at) - 7, 14, 14, ORANGE, radius=7)
    last = rows[-1]
    sheet.text(
        x(last["bits_per_s"]) + 16, y(last["tokens"] / last["measured_s"]) + 10, tr("measured", "实测"), SMALL, ORANGE
    )
    return str(sheet)


def hosts() -> str:
    """Two boxes of processes and what goes over the cable between them."""
    counted = results()["counted"]
    gloo, scheduler = counted["gloo"] / counted["steps"], counted["scheduler"] / counted["steps"]
    title = tr("Who talks over the cable", "谁在使用这根网线")
    about = tr(
        "The workers exchange tensors, the scheduler tells the far worker what to compute.",
        "两个 worker 交换张量，调度器把每步要算什么告诉远端的 worker。",
    )
    sheet = Sheet(title, about)
    half, scheduling = tr("half of the model", "一半模型"), tr("scheduler", "调度器")
    near = [("API server", tr("HTTP, tokenizer", "HTTP、分词器")), ("EngineCore", scheduling), ("Worker_TP0", half)]
    far = [("", ""), ("", ""), ("Worker_TP1", half)]
    boxes = [(16.0, "host1 · 10.77.0.1", near), (WIDTH - 276.0, "host2 · 10.77.0.2", far)]
    for left, name, processes in boxes:
        sheet.text(left, 26, name, SMALL, "dim")
        sheet.rect(left, 44, 260, 292, style="open")
        for row, (process, holds) in enumerate(processes):
            if process:
                sheet.rect(left + 14, 58 + row * 92, 232, 80, style="none")
                sheet.text(left + 28, 84 + row * 92, process, SIZE, weight="bold")
                sheet.text(left + 28, 116 + row * 92, holds, SMALL)
    start, end = 16 + 246.0 + 6, WIDTH - 276 + 8.0
    middle = (start + end) / 2
    sheet.line(start, 186, end, 262, "mark", 3)
    sheet.area([(end, 262), (end - 16, 250), (end - 13, 267)], style="held")
    sheet.text(middle + 20, 178, tr("what to compute (ZeroMQ)", "每步算什么（ZeroMQ）"), SMALL, "", "middle")
    sheet.text(
        middle + 20, 202, tr(f"{scheduler:,.0f} bytes a step", f"每步 {scheduler:,.0f} 字节"), SMALL, "dim", "middle"
    )
    sheet.line(start, 300, end, 300, BLUE, 6)
    sheet.area([(end, 300), (end - 16, 290), (end - 16, 310)], BLUE)
    sheet.area([(start, 300), (start + 16, 290), (start + 16, 310)], BLUE)
    sheet.text(middle, 278, tr("all-reduce, all-gather (gloo)", "all-reduce、all-gather（gloo）"), SMALL, "", "middle")
    sheet.text(
        middle, 328, tr(f"{gloo:,.0f} bytes a step each way", f"每步每个方向 {gloo:,.0f} 字节"), SMALL, "dim", "middle"
    )
    return str(sheet)


DRAWN = {"2.9_rates": rates, "2.9_hosts": hosts}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
