"""The command ``workbook``: reads arguments, calls the library, prints. No logic of its own."""

import os
import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from workbook import doctor, engine_setup, live_checks, machine, models, prepare, scripts, tables
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
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

_MODEL = tr("Model to judge by: a known name, a folder, a hub id.", "按哪个模型估算：已知名称、目录或 Hub id。")
_TP = tr("Tensor parallel size to judge by.", "按此张量并行度估算。")
_MACHINE = tr(
    "Judge another machine: a file made with --json, or 4x4090d.", "检查另一台机器：--json 生成的文件，或 4x4090d。"
)
_JSON = tr("Print the description of this machine, for a report.", "输出本机描述，便于反馈问题。")


@app.command(
    "doctor", help=tr("Check this machine; every problem comes with its remedy.", "检查本机；每个问题都给出解决办法。")
)
def doctor_command(
    model: Annotated[str | None, typer.Option(help=_MODEL)] = None,
    tp: Annotated[int, typer.Option("--tp", min=1, help=_TP)] = 1,
    source: Annotated[str | None, typer.Option("--machine", help=_MACHINE)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON)] = False,
) -> None:
    """Print the checks; exit with 1 if any fails."""
    here = machine.read(source) if source else machine.detect(models.root())
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(here), indent=2).decode())
        return
    name = model or engine_setup.default_model(here)
    found = doctor.checks(here, name, models.architecture(name), tp)
    if source is None:
        found += live_checks.live_checks(name)
    Console(highlight=False).print(tables.checks(found))
    if any(check.status == "fail" for check in found):
        raise typer.Exit(1)


@app.command(
    "models",
    help=tr(
        "List the models, or make one ready: workbook models smollm2", "列出模型，或准备一个：workbook models smollm2"
    ),
)
def models_command(
    name: Annotated[str | None, typer.Argument(help=tr("Model to make ready.", "要准备的模型。"))] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help=tr("Make it again.", "重新生成。"))] = False,
) -> None:
    """Print the table of models, or the folder of one."""
    if name and rebuild:
        prepare.remove(name, models.root() / name)
    if name:
        print(models.resolve(name))
    else:
        rows = [(model, models.find(model.name)) for model in models.KNOWN.values()]
        Console(highlight=False).print(tables.models(rows))


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
    context_settings=_PASS_ON,
)
def run_command(name: str, context: typer.Context) -> None:
    """Become the script."""
    if name in ("-h", "--help"):
        print(context.get_help())
        return
    _become(str(scripts.find(name)), *context.args)


@app.command(
    "vllm",
    help=tr(
        "vLLM's own command line (serve, bench, …), on CPU too: workbook vllm serve smollm2",
        "vLLM 自带的命令行（serve、bench 等），CPU 上也可用：workbook vllm serve smollm2",
    ),
    context_settings=_PASS_ON,
)
def vllm_command(context: typer.Context) -> None:
    """Become vLLM's command."""
    _become("-m", "workbook.vllm_command", *context.args)


def _become(*arguments: str) -> None:
    """Replace this process by ``python ARGUMENTS``: signals, exit code and debugger then meet the script itself."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *arguments])


def main() -> None:
    """Entry point: an error that a learner can mend is one sentence on stderr."""
    try:
        app()
    except WorkbookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
