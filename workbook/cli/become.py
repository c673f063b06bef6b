"""A command that turns into another program."""

import os
import sys

# For a command whose further words are for that program.
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def become(*arguments: str) -> None:
    """Replace this process by ``python ARGUMENTS``: signals, exit code and debugger then meet the script itself."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *arguments])
