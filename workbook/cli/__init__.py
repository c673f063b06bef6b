"""The command ``workbook``: reads arguments, calls the library, prints. No logic of its own; one file for each group."""

import sys

import typer
from typer.exceptions import TyperException

from workbook import usage
from workbook.cli import course, debug, editor, grade, machine, map, notes, predict, progress, run, show
from workbook.errors import WorkbookError
from workbook.i18n import tr

app = typer.Typer(
    help=tr(
        "Learn how vLLM really works. Start with `workbook doctor`, then `workbook run step1_basic_llama`.",
        "深入理解 vLLM 的工作原理。先运行 `workbook doctor`，再运行 `workbook run step1_basic_llama`。",
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
for group in (machine, run, show, predict, grade, progress, notes, debug, map, course, editor):
    app.add_typer(group.app)


def main() -> None:
    """Entry point: an error that a learner can mend is one sentence on stderr."""
    try:
        sys.exit(app(prog_name="workbook", standalone_mode=False))  # else Typer prints its errors itself, in English
    except TyperException as error:
        context = getattr(error, "ctx", None)
        if message := error.format_message():  # empty where the command has shown its help instead
            usage.complain(
                context.get_usage() if context else "", message, context.command_path if context else "workbook"
            )
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(1)
    except WorkbookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
