"""Ratios are taken between neighbours, in turns, and the first round is not counted."""

import io

from rich.console import Console

from workbook import pairs


def test_in_turns_and_the_first_round_is_left_out() -> None:
    order: list[str] = []
    speeds = iter([9.0, 9.0, 2.0, 4.0, 8.0, 3.0, 1.0, 2.0])  # B A (warm) A B, B A, A B

    def way(name: str) -> float:
        order.append(name)
        return next(speeds)

    measured = pairs.measure({"A": lambda: way("A"), "B": lambda: way("B")}, rounds=3)
    assert "".join(order) == "BA" + "AB" + "BA" + "AB"
    assert measured.values == {"A": [2.0, 3.0, 1.0], "B": [4.0, 8.0, 2.0]}
    ratio = measured.ratio("B", to="A")
    assert (ratio.median, ratio.low, ratio.high, ratio.rounds) == (2.0, 2.0, 8 / 3, 3)
    assert measured.results()["ratios"] == {"B": {"median": 2.0, "low": 2.0, "high": 8 / 3, "rounds": 3}}


def test_seconds_count_where_a_way_measures_nothing() -> None:
    measured = pairs.measure({"A": lambda: None}, rounds=2)
    assert len(measured.values["A"]) == 2
    assert all(0 <= value < 1 for value in measured.values["A"])


def test_table_shows_the_spread() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(pairs.table(pairs.Pairs({"A": [1.0, 2.0, 4.0], "B": [2.0, 2.0, 16.0]}), "Two ways", "seconds"))
    assert "2.00 (1.00–4.00, 3 rounds)" in console.file.getvalue()  # type: ignore[attr-defined]
