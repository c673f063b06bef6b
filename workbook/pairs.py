"""Two ways to do the same work, measured in turns in one process: what a lesson may call a gain or a cost.

A laptop's speed wanders by a fifth within minutes, so seconds say little and a ratio of neighbours says much. Each
round runs every way once, every other round in reverse order, and gives one ratio; reported are the middle one and
the lowest and highest. A first round, which pays for what is done only once, is not counted.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from rich.table import Table

from workbook import titled
from workbook.i18n import some, tr


class Ratio(msgspec.Struct, frozen=True):
    """Ratios of two ways, one for each round."""

    median: float
    low: float
    high: float
    rounds: int

    def __str__(self) -> str:
        """``1.84 (1.79–1.92, 5 rounds)``."""
        rounds = tr(some(self.rounds, "round"), f"{self.rounds} 轮")
        return f"{self.median:.2f} ({self.low:.2f}–{self.high:.2f}{tr(', ', '，')}{rounds})"


class Pairs(msgspec.Struct, frozen=True):
    """What each way measured, round by round; the ways in the order in which they were given."""

    values: dict[str, list[float]]

    def median(self, way: str) -> float:
        """The middle value of one way."""
        return statistics.median(self.values[way])

    def ratio(self, way: str, to: str) -> Ratio:
        """``way`` divided by ``to``, round by round."""
        ratios = [a / b for a, b in zip(self.values[way], self.values[to], strict=True)]
        return Ratio(statistics.median(ratios), min(ratios), max(ratios), len(ratios))

    def results(self) -> dict[str, Any]:
        """For ``run.info.results``: values, and the ratio of each other way to the first, as plain numbers."""
        first = next(iter(self.values))
        return {
            "values": self.values,
            "ratios": {way: msgspec.to_builtins(self.ratio(way, first)) for way in self.values if way != first},
        }


def measure(ways: Mapping[str, Callable[[], float | None]], rounds: int, warm: bool = True) -> Pairs:
    """Run every way ``rounds`` times, in turns. A way returns what it measured; where it returns None, its seconds count."""
    values: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(-1 if warm else 0, rounds):
        for way in list(ways) if number % 2 == 0 else list(ways)[::-1]:
            start = time.perf_counter()
            value = ways[way]()
            took = time.perf_counter() - start
            if number >= 0:
                values[way].append(took if value is None else value)
    return Pairs(values)


def table(pairs: Pairs, title: str, quantity: str, decimals: int = 2) -> Table:
    """A row for each way: its middle value, and its ratio to the first way."""
    first = next(iter(pairs.values))
    shown = titled.table(title)
    shown.add_column(tr("way", "方式"))
    shown.add_column(quantity, justify="right")
    shown.add_column(tr("ratio to the first, round by round", "与第一行之比（逐轮）"))
    for way in pairs.values:
        ratio = "1" if way == first else str(pairs.ratio(way, first))
        shown.add_row(way, f"{pairs.median(way):,.{decimals}f}", ratio)
    return shown
