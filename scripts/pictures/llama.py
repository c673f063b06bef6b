"""Draws lesson 1.4's pictures: the residual stream from the run in recordings/llama, RoPE's wavelengths from two configs.

.venv/bin/python scripts/pictures/llama.py 1.4_stream        both languages; `scripts/capture.py` calls it too
"""

import itertools
import math
from pathlib import Path
from typing import Any

from languages import write

from workbook import runinfo
from workbook.grading.llama_layer import frequencies
from workbook.i18n import tr
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

STAGE = Path(__file__).parents[2] / "stages" / "1_basics"
BLUE, ORANGE = "#0072B2", "#D55E00"  # two colours for this lesson's two kinds of curve; they mean nothing elsewhere
LEFT, RIGHT, TOP, HEIGHT = 144.0, 200.0, 92.0, 330.0
SMOLLM2 = {"rope_theta": 100000.0}
LLAMA = {  # config.json of Llama-3.2-1B-Instruct
    "rope_theta": 500000.0,
    "rope_type": "llama3",
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


class Plot:
    """Curves over integers, on a logarithmic height; ``zero`` is the place that the axis calls 0."""

    def __init__(
        self, title: str, about: str, heading: str, across: str, count: int, low: int, high: int, zero: int = 0
    ) -> None:
        self.sheet = Sheet(title, about)
        self.count, self.low, self.high = count, low, high
        self.sheet.text(LEFT, 30, heading, SIZE, weight="600")
        for power in range(low, high + 1):
            y = self.y(10.0**power)
            self.sheet.line(LEFT, y, WIDTH - RIGHT, y)
            label = f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
            self.sheet.text(LEFT - 12, y, label, SMALL, "dim", "end")
        for n in range(zero, count, 5):
            self.sheet.text(self.x(n), TOP + HEIGHT + 24, str(n - zero), SMALL, "dim", "middle")
        self.sheet.text((LEFT + WIDTH - RIGHT) / 2, TOP + HEIGHT + 54, across, SMALL, "dim", "middle")

    def x(self, n: float) -> float:
        """Where the integer stands."""
        return LEFT + 8 + (WIDTH - RIGHT - LEFT - 16) * n / (self.count - 1)

    def y(self, value: float) -> float:
        """Where the value stands."""
        return TOP + HEIGHT * (1 - (math.log10(value) - self.low) / (self.high - self.low))

    def curve(self, values: list[float], colour: str, name: str = "", shift: float = 0, ink: str = "") -> None:
        """One value for each integer, with its name at the right end; ``ink``: the name's colour where it is another."""
        points = [(self.x(n), self.y(value)) for n, value in enumerate(values)]
        for (x1, y1), (x2, y2) in itertools.pairwise(points):
            self.sheet.line(x1, y1, x2, y2, colour, 3)
        for row, line in enumerate(name.split("\n")):
            self.sheet.text(points[-1][0] + 12, points[-1][1] + shift + 24 * row, line, SMALL, ink or colour)


def stream() -> str:
    """RMS of each token's vector, after the embedding and after each layer, which count from 0."""
    info = runinfo.read(STAGE / "recordings" / "llama")
    assert info
    sizes: list[list[float]] = info.results["stream"]
    jump: int = info.results["jump"]
    first, tokens = [row[0] for row in sizes], info.results["tokens"]
    others = sum(sizes[-1][1:]) / len(sizes[-1][1:])
    title = tr("How large the residual stream is, layer by layer", "残差流的大小，逐层变化")
    hump = max(first[:jump])
    held = [layer for layer, size in enumerate(first[1 : jump + 1]) if size > 0.9 * hump]
    about = tr(
        f"The other tokens grow to about {others:.0f}. The first one stands at {hump:.0f} from layer {held[0]} to {held[-1]}, "
        f"jumps to {first[jump + 1]:.0f} in layer {jump}, and ends at {first[-1]:.0f} after layer {len(first) - 2}.",
        f"其他 token 增长到约 {others:.0f}。第一个 token 在第 {held[0]} 到 {held[-1]} 层停在 {hump:.0f}，"
        f"第 {jump} 层跃升到 {first[jump + 1]:.0f}，第 {len(first) - 2} 层之后是 {first[-1]:.0f}。",
    )
    plot = Plot(
        title,
        about,
        tr("RMS of the residual stream, one line for each token", "残差流的 RMS，每条线是一个 token"),
        tr("after layer … (at the far left: the embedding)", "第几层之后（最左端是嵌入）"),
        len(sizes),
        -2,
        3,
        zero=1,
    )
    for place in range(1, len(tokens)):
        plot.curve([row[place] for row in sizes], BLUE)
    plot.sheet.text(
        plot.x(len(sizes) - 1) + 12, plot.y(sizes[-1][1]) + 6, tr("the other four", "其余四个"), SMALL, BLUE
    )
    plot.curve(first, ORANGE, tr(f"the first: “{tokens[0]}”", f"第一个：“{tokens[0]}”"), -8)
    x, y = plot.x(jump + 1), plot.y(first[jump + 1])
    added: float = info.results["added"][jump][1][0]
    note = tr(f"layer {jump}'s MLP adds {added:.0f}", f"第 {jump} 层的 MLP 加上了 {added:.0f}")
    plot.sheet.text(x - 4, y - 22, note, SMALL, ORANGE, "middle")
    return str(plot.sheet)


def wavelengths() -> str:
    """After how many tokens each of the 32 pairs has turned once."""

    def tokens(parameters: dict[str, Any]) -> list[float]:
        return [float(2 * math.pi / f) for f in frequencies(parameters, 64)]

    plain, scaled = tokens(SMOLLM2), tokens(LLAMA)
    title = tr("After how many tokens a pair has turned once", "每一对转一整圈需要多少个 token")
    about = tr(
        f"SmolLM2: from {plain[0]:.0f} to {plain[-1]:,.0f} tokens. Llama 3.2 divides the slow frequencies by 32.",
        f"SmolLM2：从 {plain[0]:.0f} 到 {plain[-1]:,.0f} 个 token。Llama 3.2 把慢的频率除以 32。",
    )
    plot = Plot(
        title,
        about,
        tr("Tokens until a pair of a 64-wide head has turned once", "64 维的头里，每一对转一整圈需要的 token 数"),
        tr("pair i: element i with element i + 32", "第 i 对：第 i 个与第 i + 32 个元素"),
        32,
        0,
        8,
    )
    unscaled = tokens({"rope_theta": LLAMA["rope_theta"]})
    plot.curve(unscaled, "mark", tr("without scaling", "不缩放"), 2, "dim")
    plot.curve(plain, BLUE, "SmolLM2", 16)
    plot.curve(scaled, ORANGE, "Llama 3.2")
    for length, name, right in (  # each label where no curve is: to the right below the line, to the left above it
        (8192, tr("8,192: training length", "8,192：训练长度"), True),
        (131072, tr("131,072: what Llama 3.2 can read", "131,072：Llama 3.2 能读的长度"), False),
    ):
        y = plot.y(length)
        plot.sheet.line(LEFT, y, WIDTH - RIGHT, y, "mark", 2)
        x, side = (WIDTH - RIGHT - 8, "end") if right else (LEFT + 12, "start")
        plot.sheet.text(x, y + 17 if right else y - 16, name, SMALL, "dim", side)
    return str(plot.sheet)


DRAWN = {"1.4_stream": stream, "1.4_rope": wavelengths}

if __name__ == "__main__":
    write(STAGE / "images", DRAWN)
