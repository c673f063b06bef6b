"""Reads the course's own YAML files into their types."""

from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from workbook.errors import WorkbookError
from workbook.i18n import tr

_T = TypeVar("_T")


def read(file: Path, kind: type[_T]) -> _T:
    """The file's content as ``kind``. Raises WorkbookError where the file does not fit."""
    try:
        return msgspec.convert(yaml.safe_load(file.read_text(encoding="utf-8")), kind)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        what = " ".join(str(error).split())
        raise WorkbookError(
            tr(f"{file} cannot be read ({what}): mend it.", f"无法读取 {file}（{what}）：请改正。")
        ) from None
