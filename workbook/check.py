"""One line of ``workbook doctor``."""

from typing import Literal

import msgspec

GIB = 1024**3


class Check(msgspec.Struct):
    """One line of the table. ``remedy`` is "" where nothing is to be done."""

    name: str
    status: Literal["ok", "warn", "fail"]
    found: str
    remedy: str = ""
