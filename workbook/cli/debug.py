"""``workbook debug`` and ``workbook attach``: stops inside vLLM, in a terminal."""

import os
from typing import Annotated

import typer

from workbook import scripts
from workbook.cli.become import PASS_ON, become
from workbook.i18n import tr

app = typer.Typer()


@app.command(
    "debug",
    help=tr(
        "Run a script with its lesson's stops, in pdb: `workbook debug step1_basic_llama`. Further words are for the script.",
        "在 pdb 中运行脚本，停在本课的停点，其余参数交给脚本：`workbook debug step1_basic_llama`",
    ),
    context_settings=PASS_ON,
)
def debug_command(
    name: str,
    context: typer.Context,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            metavar="SYMBOL[@N]",
            help=tr(
                "Stop at this function of vLLM instead, as vllm.v1.engine.core:EngineCore.step, at its N-th call; may be repeated.",
                "改为停在 vLLM 的这个函数（第 N 次调用），可重复： vllm.v1.engine.core:EngineCore.step",
            ),
        ),
    ] = None,
    when: Annotated[
        str | None,
        typer.Option(
            "--when",
            metavar="EXPR",
            help=tr(
                "Count only calls for which this holds: len(self.waiting) > 1",
                "只计算满足条件的调用：len(self.waiting) > 1",
            ),
        ),
    ] = None,
    listen: Annotated[
        bool,
        typer.Option(
            "--listen",
            help=tr("Wait for VSCode to connect (this machine only) instead.", "改为等待 VSCode 连接（仅限本机）。"),
        ),
    ] = False,
    port: Annotated[int, typer.Option("--port", help=tr("Where it listens.", "监听的端口。"))] = 5678,
) -> None:
    """Become the script, with stops."""
    if name in ("-h", "--help"):
        print(context.get_help())
        return
    from workbook.stops import prepare

    script = scripts.find(name)
    if listen:
        os.environ |= prepare.listening(prepare.stops(script.stem, at or [], when), port)
    else:
        stops = prepare.stops(script.stem, at or [], when)
        os.environ |= prepare.in_terminal(stops)
        print(prepare.keys(len(stops)))
    become(str(script), *(context.args or ([] if at else prepare.arguments(script.stem))))


@app.command(
    "attach",
    help=tr(
        "List the scripts that listen for a debugger, and how to connect; --stack PID shows where a process that hangs stands.",
        "列出等待调试器连接的脚本及连接方法；--stack PID 显示卡住的进程停在哪里。",
    ),
)
def attach_command(
    port: Annotated[int | None, typer.Argument(help=tr("Only this one.", "只看这个端口。"))] = None,
    stack: Annotated[
        int | None,
        typer.Option(
            "--stack",
            metavar="PID",
            help=tr("The stacks of this process and its children.", "该进程及其子进程的调用栈。"),
        ),
    ] = None,
) -> None:
    """Print either."""
    from workbook.stops import attach

    if stack is not None:
        print(attach.stack(stack), end="")
        return
    for process in attach.find(port):
        engine = "".join(f" · {name} {pid}" for pid, name in process.processes)
        print(f"{process.script} · {process.pid}{engine} · 127.0.0.1:{process.port}\n  {attach.how(process)}")
