"""The look of the tables that scripts print: a title above, a line below the heads, numbers at the right."""

from rich import box
from rich.table import Table


def table(title: str, *columns: str, left: int = 1) -> Table:
    """An empty one. The first ``left`` columns stand at the left, all others, which hold numbers, at the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        made.add_column(column, justify="left" if place < left else "right")
    return made
