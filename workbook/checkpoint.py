"""Is this folder a checkpoint that vLLM can load? Asked before the engine starts, answered in one sentence.

Knows the files of a Hugging Face checkpoint (``config.json``, ``*.safetensors``); knows no model by name.
"""

import json
import struct
from pathlib import Path
from typing import Any

from workbook.errors import WorkbookError
from workbook.i18n import tr


def read_config(folder: Path) -> dict[str, Any]:
    """Return the parsed ``config.json``; raises WorkbookError when it is missing or damaged."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkbookError(
            tr(
                f"{folder} has no config.json, so it is not a Hugging Face checkpoint: give the folder that holds "
                "config.json and the *.safetensors files.",
                f"{folder} 里没有 config.json，不是 Hugging Face 格式的检查点：请给出含有 config.json "
                "和 *.safetensors 文件的目录。",
            )
        ) from None
    except (OSError, ValueError) as e:
        raise WorkbookError(
            tr(
                f"{path} cannot be read ({e}): download the checkpoint again.",
                f"无法读取 {path}（{e}）：请重新下载该检查点。",
            )
        ) from None
    if not isinstance(config, dict):
        raise WorkbookError(
            tr(
                f"{path} holds no JSON object: download the checkpoint again.",
                f"{path} 的内容不是 JSON 对象：请重新下载。",
            )
        )
    return config


def check_weights(folder: Path) -> None:
    """Raise WorkbookError unless every ``*.safetensors`` file is as long as its own header says."""
    files = sorted(folder.glob("*.safetensors"))
    if not files and not any(folder.glob("*.bin")):
        raise WorkbookError(
            tr(
                f"{folder} has a config.json but no *.safetensors file: download the weights too.",
                f"{folder} 里有 config.json，但没有 *.safetensors 文件：请把权重也下载下来。",
            )
        )
    for file in files:
        expected, actual = safetensors_length(file), file.stat().st_size
        if expected != actual:
            wanted = f"{expected:,}" if expected else tr("a readable header", "可读的文件头")
            raise WorkbookError(
                tr(
                    f"{file} is damaged ({actual:,} bytes, expected {wanted}): "
                    "download it again, or `workbook models NAME --rebuild` for one that the workbook made.",
                    f"{file} 已损坏（{actual:,} 字节，应为 {wanted}）：请重新下载；若是本项目生成的模型，请运行 `workbook models 名称 --rebuild`。",
                )
            )


def safetensors_length(file: Path) -> int | None:
    """Length in bytes that the header of a safetensors file promises, or None when the header is damaged.

    Format: 8 bytes little-endian header length, JSON header, then the tensors; ``data_offsets`` count from there.
    """
    try:
        with file.open("rb") as f:
            (header_length,) = struct.unpack("<Q", f.read(8))
            if header_length > file.stat().st_size:
                return None
            header = json.loads(f.read(header_length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (struct.error, ValueError, KeyError, TypeError):
        return None
    return 8 + int(header_length) + max(ends, default=0)
