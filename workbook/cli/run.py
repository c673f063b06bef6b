"""``workbook list``, ``run`` and ``vllm``: the scripts, and vLLM's own command."""

import typer
from rich.console import Console

from workbook import scripts, tables
from workbook.cli.become import PASS_ON, become
from workbook.i18n import tr

app = typer.Typer()


@app.command("list", help=tr("List the scripts, each with what it shows.", "列出脚本及其内容。"))
def list_command() -> None:
    """Print the table of scripts."""
    rows = [(script.stem, scripts.first_line(script)) for script in scripts.all_scripts()]
    Console(highlight=False).print(tables.scripts(rows))


@app.command(
    "run",
    help=tr(
        "Run a script by name; what follows the name is for the script.", "按名称运行脚本；名称之后的参数交给脚本。"
    ),
    context_settings=PASS_ON,
)
def run_command(name: str, context: typer.Context) -> None:
    """Become the script."""
    if name in ("-h", "--help"):
        print(context.get_help())
        return
    become(str(scripts.find(name)), *context.args)


@app.command(
    "vllm",
    help=tr(
        "vLLM's own command line (serve, bench, …), on CPU too: workbook vllm serve smollm2",
        "vLLM 自带的命令行（serve、bench 等），CPU 上也可用：workbook vllm serve smollm2",
    ),
    context_settings=PASS_ON,
)
def vllm_command(context: typer.Context) -> None:
    """Become vLLM's command."""
    become("-m", "workbook.vllm_command", *context.args)
