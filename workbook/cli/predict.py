"""``workbook predict``: the questions before a run."""

from typing import Annotated

import typer
from rich.console import Console

from workbook.i18n import tr

app = typer.Typer()


@app.command(
    "predict",
    help=tr(
        "Answer a lesson's questions before its run: `workbook predict 1.1`; after it, `--compare` shows both.",
        "在运行之前回答一课的预测题：`workbook predict 1.1`；运行之后用 `--compare` 对照。",
    ),
)
def predict_command(
    lesson: Annotated[
        str | None,
        typer.Argument(metavar="LESSON", help=tr("Such as 1.1; without it, a list.", "如 1.1；省略则列出。")),
    ] = None,
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help=tr("With --compare: which run.", "配合 --compare：对照哪次运行。")),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help=tr(
                "Your answers beside what RUN measured; without RUN, the last whole run.",
                "将你的回答与 RUN 的实测对照；省略 RUN 则用最近一次完整运行。",
            ),
        ),
    ] = False,
) -> None:
    """Ask, compare, or list."""
    from workbook import predictions
    from workbook.course import lessons
    from workbook.views import runs

    console = Console(highlight=False)
    if lesson is None:
        predictions.overview([one for one in lessons.all_lessons() if one.header.predictions], console)
    elif compare or run:
        found = lessons.find(lesson)
        path = runs.find(run) if run else predictions.latest_run(found)
        predictions.report(found, predictions.compare_run(found, path), console)
    else:
        predictions.ask(lessons.find(lesson), console)
