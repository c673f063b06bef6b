"""A checkpoint's tensors, by the names that they have in its files: for what the engine no longer shows.

On CPU vLLM packs the linear layers' weights for oneDNN once they are loaded; from then on ``qkv_proj.weight`` has the
shape (0,). The files still have them. Knows safetensors, and neither vLLM nor a model.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from workbook.errors import WorkbookError
from workbook.i18n import tr

if TYPE_CHECKING:
    import numpy as np


def shapes(folder: Path) -> dict[str, list[int]]:
    """The shape of every tensor, by name. Reads the files' headers only. Raises WorkbookError."""
    found: dict[str, list[int]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(file, framework="numpy") as tensors:
                found |= {name: list(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise _unreadable(file, error) from None
    return found


def read(folder: Path, prefix: str, dtype: str = "bfloat16") -> "dict[str, np.ndarray]":
    """The tensors whose names begin with ``prefix``, without it: rounded to ``dtype`` as the engine has them, as float32.

    Raises WorkbookError. Imports torch, for NumPy knows no bfloat16.
    """
    import torch

    found: dict[str, np.ndarray] = {}
    for file in _files(folder, prefix):
        try:
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118
                    if name.startswith(prefix):
                        tensor = tensors.get_tensor(name).to(getattr(torch, dtype)).float()
                        found[name.removeprefix(prefix)] = tensor.numpy()
        except (OSError, SafetensorError) as error:
            raise _unreadable(file, error) from None
    return found


def _files(folder: Path, prefix: str) -> list[Path]:
    """The files that hold such tensors: the index says so where there are several."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return sorted(folder.glob("*.safetensors"))
    places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    return sorted({folder / file for name, file in places.items() if name.startswith(prefix)})


def _unreadable(file: Path, error: Exception) -> WorkbookError:
    return WorkbookError(
        tr(
            f"{file} cannot be read ({error}): download the checkpoint again.",
            f"无法读取 {file}（{error}）：请重新下载该检查点。",
        )
    )
