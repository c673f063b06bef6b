"""Which model a name stands for, and where its files are: ``resolve(name)`` gives a folder that vLLM can load.

A name is one of the four below, a path, or any id of the Hugging Face hub (or ModelScope). What it returns is
always a local folder, so that the engine itself never calls a hub. Knows no machine and no engine arguments.
"""

import os
from pathlib import Path

import msgspec
import platformdirs

from workbook import checkpoint, hub, prepare
from workbook.architecture import Architecture
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr


class Model(msgspec.Struct, frozen=True):
    """A model that the workbook knows by name."""

    name: str
    about: tuple[str, str]  # English, Chinese
    architecture: Architecture
    hub_id: str | None = None  # None: made on this machine
    modelscope_id: str | None = None


KNOWN = {
    model.name: model
    for model in (
        Model(
            "smollm2",
            (
                "SmolLM2-135M-Instruct, pretrained; the default without a GPU",
                "SmolLM2-135M-Instruct，真实预训练；无 GPU 时的默认模型",
            ),
            Architecture(30, 576, 9, 3, 64, 1536, 49152, 8192, tied=True),
        ),
        Model(
            "tiny",
            (
                "seeded LLaMA for tests and TP=2/4 on CPU; speaks nonsense",
                "固定种子的微型 LLaMA，用于测试和 CPU 上的 TP=2/4；输出无意义",
            ),
            Architecture(4, 256, 8, 4, 32, 688, 49152, 8192, tied=True),
        ),
        Model(
            "llama-3.2-1b",
            ("Llama-3.2-1B-Instruct; gated: accept its licence first", "Llama-3.2-1B-Instruct；需先接受许可协议"),
            Architecture(16, 2048, 32, 8, 64, 8192, 128256, 131072, tied=True),
            "meta-llama/Llama-3.2-1B-Instruct",
            "LLM-Research/Llama-3.2-1B-Instruct",
        ),
        Model(
            "llama-3.2-3b",
            ("Llama-3.2-3B-Instruct; gated: accept its licence first", "Llama-3.2-3B-Instruct；需先接受许可协议"),
            Architecture(28, 3072, 24, 8, 128, 8192, 128256, 131072, tied=True),
            "meta-llama/Llama-3.2-3B-Instruct",
            "LLM-Research/Llama-3.2-3B-Instruct",
        ),
    )
}


def root() -> Path:
    """Folder in which models are kept: ``$WORKBOOK_MODELS``, else the user's cache."""
    if moved := os.environ.get("WORKBOOK_MODELS"):
        return Path(moved).expanduser().absolute()
    return platformdirs.user_cache_path("vllm-workbook") / "models"


def resolve(name: str) -> Path:
    """Return the checked checkpoint folder of ``name``, made or downloaded where that is still to be done.

    Raises WorkbookError: unknown name, a path that is no checkpoint, damaged weights, a hub that says no.
    """
    folder = find(name)
    if folder is None:
        if name in KNOWN and KNOWN[name].hub_id is None:
            folder = root() / name
            prepare.build(name, folder)
        else:
            folder = hub.download(*_hub_ids(name))
    checkpoint.read_config(folder)
    checkpoint.check_weights(folder)
    return folder


def find(name: str) -> Path | None:
    """The folder of ``name`` where it is on this machine already, else None; raises WorkbookError for no such name."""
    if name in KNOWN:
        kept = root() / name
        if kept.is_dir():
            return kept
        return hub.cached(*_hub_ids(name)) if KNOWN[name].hub_id else None
    path = Path(name).expanduser()
    if path.is_dir():
        return path.absolute()
    if path.is_file() or name.startswith(("/", ".", "~")) or name.count("/") != 1:
        known = listed(KNOWN)
        raise WorkbookError(
            tr(
                f"There is no model {name!r}: give {known}, a folder with config.json, or a hub id such as owner/name.",
                f"没有名为 {name!r} 的模型：请给出 {known}，或含 config.json 的目录，或 owner/name 形式的 Hub id。",
            )
        )
    return hub.cached(*_hub_ids(name))


def architecture(name: str) -> Architecture | None:
    """Numbers of the model, from its ``config.json`` where it is here, else from the table above; None if unknown."""
    folder = find(name)
    if folder is None:
        return KNOWN[name].architecture if name in KNOWN else None
    try:
        return Architecture.from_config(checkpoint.read_config(folder))
    except KeyError:
        return None


def _hub_ids(name: str) -> tuple[str, str]:
    """Ids of ``name`` on the Hugging Face hub and on ModelScope."""
    known = KNOWN.get(name)
    return (known.hub_id or name, known.modelscope_id or name) if known else (name, name)
