"""``python -m workbook.cli``: the command by its module, for VSCode, which knows the interpreter and not its folder."""

from workbook import guard
from workbook.cli import main

try:
    main()
except SystemExit:
    if not guard.debugged():  # else the debugger would stop once more, inside Typer, only to show the exit code
        raise
