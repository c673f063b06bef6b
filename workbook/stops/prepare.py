"""What ``workbook debug`` gives to the script that it turns into: environment variables, checked before anything starts."""

import os
import sys
from collections.abc import Sequence

from workbook import guard
from workbook.course import lessons
from workbook.errors import WorkbookError
from workbook.i18n import some, tr
from workbook.stops import VARIABLE, listen, spec, terminal, timeouts


def stops(script: str, at: Sequence[str], when: str | None) -> list[spec.Stop]:
    """Those of ``--at``, each with ``--when``, or the lesson's. Raises WorkbookError for one that cannot be."""
    if not at:
        return spec.of_script(script)
    found = [spec.parse(f"{symbol} if {when}" if when else symbol) for symbol in at]
    for stop in found:
        spec.check(stop)
    return found


def arguments(script: str) -> list[str]:
    """With which a lesson's script reaches the lesson's stops."""
    lesson = lessons.of_script(script)
    return lesson.header.arguments if lesson else []


def in_terminal(wanted: Sequence[spec.Stop]) -> dict[str, str]:
    """The variables of a run whose stops open a prompt in this terminal. Raises WorkbookError where there is none, or no stop."""
    if not wanted:
        raise WorkbookError(
            tr(
                "This lesson has no stops on this machine: name one, as in --at vllm.v1.engine.core:EngineCore.step.",
                "本课在这台机器上没有停点：请自行指定，例如 --at vllm.v1.engine.core:EngineCore.step。",
            )
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WorkbookError(
            tr(
                "`workbook debug` asks in a terminal, and its input or output is not one: run it without a pipe, or use --listen.",
                "`workbook debug` 需要终端，而它的输入或输出不是终端：请不要使用管道，或改用 --listen。",
            )
        )
    return {
        VARIABLE: spec.encode(wanted),
        guard.DEBUGGER: "terminal",
        terminal.TERMINAL: os.ttyname(0),
        terminal.SCRIPT: str(os.getpid()),  # the script takes this process's place
        **_timeouts(),
    }


def listening(wanted: Sequence[spec.Stop], port: int) -> dict[str, str]:
    """The variables of a run that waits for a debugger to connect."""
    return {VARIABLE: spec.encode(wanted), listen.VARIABLE: f"{port} wait", **_timeouts()}


def _timeouts() -> dict[str, str]:
    return {name: os.environ.get(name, value) for name, value in timeouts.environment().items()}


def keys(count: int) -> str:
    """How to go on at a prompt."""
    how = tr(
        "n next line · s step in · r to this function's return · until LINE · c to the next stop\n"
        "p EXPRESSION · l source · w call stack, u and d move in it · q ends the script",
        "n 下一行 · s 单步进入 · r 到本函数返回处 · until 行号 · c 到下一个停点\n"
        "p 表达式 · l 源码 · w 调用栈，u、d 在其中上下移动 · q 结束脚本",
    )
    return tr(f"{some(count, 'stop')}. At each:\n{how}", f"共 {count} 个停点。到达后：\n{how}")
