"""Lesson 2.6's tables."""

from workbook import titled
from workbook.i18n import some, tr
from workbook.kvtypes.found import Found
from workbook.lesson import Run
from workbook.pairs import Pairs


def report(run: Run, title: str, found: list[Found], places: int) -> None:
    """Print a row for each type, compared with the first. ``places``: of the text, at which a next token was predicted."""
    table = titled.table(title)
    table.add_column("kv_cache_dtype", no_wrap=True)
    columns = (
        "B/token",
        tr("tokens", "token"),
        tr("perplexity", "困惑度"),
        tr("same next token", "下一 token 同"),
        tr("stories unchanged", "不变的故事"),
    )
    for column in columns if found[-1].blocks else columns[2:]:
        table.add_column(column, justify="right")
    stories = len(found[0].stories)
    for one in found:
        unchanged = sum(n == len(found[0].stories[0]) for n in one.same_for(found[0]))
        fits = (f"{one.bytes_per_token:,.0f}", f"{one.tokens:,}") if found[-1].blocks else ()
        agree = f"{one.agree(found[0]):.1%}"
        row = (*fits, f"{one.perplexity:,.2f}", agree, f"{unchanged} / {stories}")
        table.add_row(one.name, *row)
    run.console.print(table)
    run.console.print(tr(f"{some(places, 'place')} of the text", f"文本共 {places:,} 处"), style="dim")


def speed(run: Run, measured: dict[str, Pairs]) -> None:
    """Print the middle seconds of each way, and the ratio to the first, in rounds of engines built in turns."""
    title = tr("Speed: an engine of each type, in turns", "速度：轮流构建各类型的引擎")
    table = titled.table(title)
    for column in ("", "kv_cache_dtype", tr("seconds", "秒"), tr("ratio to the first", "与第一行之比")):
        table.add_column(column)
    for what, pairs in measured.items():
        first = next(iter(pairs.values))
        for way in pairs.values:
            table.add_row(
                what if way == first else "",
                way,
                f"{pairs.median(way):.2f}",
                "1" if way == first else str(pairs.ratio(way, first)),
            )
    run.console.print(table)
