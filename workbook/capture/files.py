"""Reads what a run captured. Needs numpy, and neither torch nor vLLM."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from workbook.errors import WorkbookError
from workbook.i18n import tr

FILE = "captured.safetensors"


class Captured:
    """The calls of hooked modules, in the order in which they happened. Tensors are read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with safe_open(path, framework="numpy") as file:
                self.keys: list[str] = list(file.keys())
        except (OSError, SafetensorError) as error:
            raise WorkbookError(
                tr(
                    f"The captured tensors {path} cannot be read ({error}): run the lesson's script again.",
                    f"无法读取捕获的张量 {path}（{error}）：请重新运行本课的脚本。",
                )
            ) from None

    def calls(self, module: str) -> int:
        """How often the module was called."""
        return len({key.split("/")[1] for key in self.keys if key.startswith(module + "/")})

    def __call__(self, module: str, call: int, which: str) -> np.ndarray:
        """One tensor, as ``captured("model.norm", 0, "in.0")``; floats are float32. Raises WorkbookError if it is not there."""
        key = f"{module}/{call}/{which}"
        if key not in self.keys:
            raise WorkbookError(
                tr(
                    f"{self.path} holds no {key}: run the lesson's script again.",
                    f"{self.path} 中没有 {key}：请重新运行本课的脚本。",
                )
            )
        with safe_open(self.path, framework="numpy") as file:
            tensor: np.ndarray = file.get_tensor(key)
        return tensor


def read(folder: Path, rank: int = 0) -> Captured:
    """What the run in ``folder`` captured on a rank. Raises WorkbookError where that is nothing."""
    return Captured(folder / (FILE if rank == 0 else FILE.replace(".", f"-rank{rank}.")))
