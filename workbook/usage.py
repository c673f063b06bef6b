"""What Typer and argparse say of a wrong command line, in Chinese too: both know only English."""

import argparse
import re
import sys
from pathlib import Path
from typing import NoReturn

from workbook.i18n import chinese, tr

# What they say, as a pattern of the whole message → the same in Chinese. Anything else is left in English.
_CHINESE = {
    # Typer
    r"No such command '(.+?)'\.?": r"没有 \1 这个命令",
    r"No such command '(.+?)'\. Did you mean (.+)\?": r"没有 \1 这个命令；相近的有 \2",
    r"No such option: (\S+)": r"没有 \1 这个选项",
    r"No such option: (\S+) \(Possible options: (.+)\)": r"没有 \1 这个选项；相近的有 \2",
    r"Missing (?:argument|parameter) '(.+?)'\.?": r"缺少参数 \1",
    r"Missing option '(.+?)'\.?": r"缺少选项 \1",
    r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)": r"多余的参数：\1",
    r"Option '?(.+?)'? requires an argument\.?": r"选项 \1 后面缺少值",
    r"Invalid value for '(.+?)': Input should be a valid (?:integer|number).*": r"\1 的值应为数字",
    r"Invalid value for '(.+?)': Input should be greater than or equal to (\S+)": r"\1 的值不能小于 \2",
    r"Invalid value for '(.+?)': (.+)": r"\1 的值无效：\2",
    # argparse
    r"unrecognized arguments: (.+)": r"没有这样的参数：\1",
    r"argument (.+?): expected one argument": r"\1 后面缺少值",
    r"argument (.+?): expected at least one argument": r"\1 后面至少要有一个值",
    r"argument (.+?): invalid (?:int|float) value: '(.+)'": r"\1 的值应为数字，而不是 \2",
    r"argument (.+?): invalid choice: '(.+?)' \(choose from (.+)\)": r"\1 不能是 \2：请从 \3 中选择",
    r"argument (.+?): ignored explicit argument '(.+)'": r"\1 不带值，多了 \2",
    r"argument (.+?): (.+)": r"\1：\2",
    r"the following arguments are required: (.+)": r"缺少参数：\1",
}


def sentence(message: str) -> str:
    """The message in the learner's language."""
    if chinese():
        for pattern, text in _CHINESE.items():
            if found := re.fullmatch(pattern, message, flags=re.DOTALL):
                return found.expand(text)
    return message


def complain(usage: str, message: str, command: str) -> None:
    """Print the usage, what is wrong, and where the options are listed."""
    if chinese():
        usage = re.sub(r"^[Uu]sage: ", "用法：", usage.strip())
    said = sentence(message.rstrip("."))
    said += ("" if said.endswith("?") else tr(".", "。")) + tr(" All options: ", "全部选项见：") + f"{command} --help"
    print(f"{usage.strip()}\n{said}".strip(), file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """argparse's parser, whose complaints are in the learner's language."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with 2 as argparse does."""
        complain(self.format_usage(), message, f"workbook run {Path(self.prog).stem}")
        sys.exit(2)
