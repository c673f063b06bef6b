"""The speeds of link that a run measures, as ``tc`` names them, and how a link is slowed down to one."""

import argparse
import re

import msgspec

from workbook.errors import WorkbookError
from workbook.i18n import tr

_UNITS = {"kbit": 10**3, "mbit": 10**6, "gbit": 10**9}


class Rate(msgspec.Struct, frozen=True):
    """A speed of link, each direction's own."""

    name: str  # "5mbit"
    bits_per_s: int

    @property
    def bucket(self) -> int:
        """Bytes that may pass at once after a pause; a real wire lets none. Fewer, and a moment in which the machine does
        something else is lost to the link for good; more, and much of a step passes while the next one is computed.
        """
        return max(12_500, self.bits_per_s // 8000)

    def __str__(self) -> str:
        """``5 Mbit/s``."""
        amount, unit = re.fullmatch(r"(\d+)(\w+)", self.name).groups()  # type: ignore[union-attr]
        return f"{amount} {unit.capitalize()}/s"


def flags(parser: argparse.ArgumentParser) -> None:
    """Add ``--rates`` and ``--dtype``."""
    about = tr("links to measure, as 50mbit,8mbit; or none", "要测的链路，如 50mbit,8mbit；或 none")
    parser.add_argument("--rates", default="", metavar="RATES", help=about)
    about = tr("numbers of the model and on the wire (float32)", "模型和链路上的数值类型（float32）")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"), help=about)


def parse(text: str) -> list[Rate]:
    """Of ``100mbit,5mbit``, fastest first; none for ``none``. Raises WorkbookError."""
    found = []
    for word in [] if text == "none" else text.lower().replace(" ", "").split(","):
        match = re.fullmatch(r"(\d+)(kbit|mbit|gbit)", word)
        bits = int(match[1]) * _UNITS[match[2]] if match else 0
        if not 10**6 <= bits <= 10**10:
            raise WorkbookError(
                tr(
                    f"{word!r} is no speed of link between 1mbit and 10gbit: give --rates 100mbit,20mbit,5mbit, or none.",
                    f"{word!r} 不是 1mbit 到 10gbit 之间的链路速率：请用 --rates 100mbit,20mbit,5mbit，或 none。",
                )
            )
        found.append(Rate(word, bits))
    return sorted(found, key=lambda rate: -rate.bits_per_s)
