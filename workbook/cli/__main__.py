"""``python -m workbook.cli``: the command by its module, for VSCode, which knows the interpreter and not its folder."""

from workbook.cli import main

main()
