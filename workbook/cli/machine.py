"""``workbook doctor`` and ``workbook models``: what this machine is, and which models it has."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console

from workbook import doctor, engine_setup, live_checks, machine, models, prepare, tables
from workbook.i18n import tr

app = typer.Typer()

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
