"""``workbook grade``, ``hint`` and ``solution``: the exercises."""

from typing import Annotated

import typer
from rich.console import Console

from workbook.i18n import tr

app = typer.Typer()

_WHAT = tr("An exercise, or a lesson (1.1); all without it.", "某个练习，或某一课（1.1）；不写则评全部。")
_NAME = tr("The exercise; without it they are listed.", "练习名称；不写则列出所有练习。")
_RUN = tr("Compare with this run instead of the newest whole one.", "与这次运行对比；默认用最新一次。")
_LIMIT = tr("Seconds that your code may take.", "你的代码最多运行多少秒。")
_LEVEL = tr("This hint again, 1 to 3.", "再看这一级提示（1 到 3）。")
_ANYWAY = tr("Although it has not passed.", "即使还没有通过。")


@app.command(
    "grade",
    help=tr(
        "Compare your exercises with what the engine did: `workbook grade`, `grade 1.1`, `grade kv_blocks`.",
        "把你的练习与引擎的实际行为对比：`workbook grade`、`grade 1.1`、`grade kv_blocks`。",
    ),
)
def grade_command(
    what: Annotated[str | None, typer.Argument(metavar="WHAT", help=_WHAT)] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help=tr("Grade again at every save.", "每次保存后重新评分。"))
    ] = False,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help=_RUN)] = None,
    time_limit: Annotated[float | None, typer.Option("--time-limit", min=0.1, help=_LIMIT)] = None,
) -> None:
    """Print the results; exit with 1 where something is not right."""
    from workbook.grading import grade, session

    wish = session.Wish(what, run, time_limit or grade.TIME_LIMIT, watch)
    if not session.grade_all(wish, Console(highlight=False)):
        raise typer.Exit(1)


@app.command("hint", help=tr("A hint; each call says a little more.", "给出提示；每次调用多说一点。"))
def hint_command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=_NAME)] = None,
    level: Annotated[int | None, typer.Option("--level", min=1, max=3, help=_LEVEL)] = None,
) -> None:
    """Print one hint."""
    from workbook.grading import session

    session.hint(name, level, Console(highlight=False))


@app.command("solution", help=tr("Our solution, once yours has passed.", "参考解答：你的代码通过之后即可查看。"))
def solution_command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=_NAME)] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help=_ANYWAY)] = False,
) -> None:
    """Print it."""
    from workbook.grading import session

    session.solution(name, anyway, Console(highlight=False))
