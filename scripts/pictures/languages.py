"""Writes the pictures that the scripts beside this one draw, in both languages."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path


def write(images: Path, pictures: Mapping[str, Callable[[], str]]) -> None:
    """Write NAME.svg and NAME.zh.svg into ``images`` for the names on the command line, or for all of ``pictures``."""
    for name in sys.argv[1:] or pictures:
        for language, suffix in (("en", ".svg"), ("zh", ".zh.svg")):
            os.environ["WORKBOOK_LANG"] = language
            (images / f"{name}{suffix}").write_text(pictures[name](), encoding="utf-8")
            print(f"{images.name}/{name}{suffix}")
