"""The command ``workbook``: reads arguments, calls the library, prints. No logic of its own."""

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from workbook import doctor, engine_setup, live_checks, machine, models, prepare, scripts, tables
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.views import show

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


_STEP = tr("One step in full: batch, queues, blocks and what they hold.", "某一步的全貌：批、队列、块及其内容。")
_SVG = tr("Write a picture: timeline, blocks (of --step) or kv.", "写出图片：timeline、blocks（--step 那一步）或 kv。")
_HTML = tr("Write the time machine, a page for the browser.", "写出时间机器（浏览器页面）。")
_COMPARE = tr("Another run, beside this one.", "与另一次运行对比。")
_SALVAGE = tr("Of a damaged recording, read what stands before the damage.", "录制损坏时，读取损坏处之前的部分。")


@app.command(
    "show",
    help=tr(
        "See what the engine did: `workbook show last`, or SCRIPT, SCRIPT/TIME, a folder, a file; alone, it lists the runs.",
        "查看引擎做了什么：`workbook show last`，或 SCRIPT、SCRIPT/TIME、目录、文件；不带参数则列出所有运行。",
    ),
)
def show_command(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=tr("Which run.", "哪次运行。"))] = None,
    step: Annotated[int | None, typer.Option("--step", help=_STEP)] = None,
    steps: Annotated[str | None, typer.Option("--steps", help=tr("These steps: 10:40", "只列这些步：10:40"))] = None,
    everything: Annotated[bool, typer.Option("--all", help=tr("Leave nothing out.", "不省略任何内容。"))] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help=tr("A line for each step of a run in progress.", "跟踪正在进行的运行，每步输出一行。")
        ),
    ] = False,
    compare: Annotated[str | None, typer.Option("--compare", metavar="RUN", help=_COMPARE)] = None,
    html: Annotated[bool, typer.Option("--html", help=_HTML)] = False,
    svg: Annotated[str | None, typer.Option("--svg", metavar="KIND", help=_SVG)] = None,
    trace: Annotated[
        bool,
        typer.Option("--trace", help=tr("Write a trace for ui.perfetto.dev.", "写出 ui.perfetto.dev 可打开的 trace。")),
    ] = False,
    salvage: Annotated[bool, typer.Option("--salvage", help=_SALVAGE)] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="PATH", help=tr("Where to write.", "写到哪里。"))] = None,
    open_: Annotated[
        bool, typer.Option("--open", help=tr("Open the page in the browser.", "在浏览器中打开页面。"))
    ] = False,
) -> None:
    """Print the run, or write what was asked for."""
    wish = show.Wish(run, step, steps, everything, follow, compare, html, svg, trace, salvage, out, open_)
    show.show(wish, Console(highlight=False))


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
