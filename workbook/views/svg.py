"""A sheet of SVG to draw on: shapes and words that can be read on light and on dark paper, and at half their size.

The sheet brings its own background, so that it is never dark on dark. Knows nothing of recordings.
"""

from html import escape

from rich.cells import cell_len

WIDTH = 960
SIZE = 22  # px of ordinary text: 11 at half width
SMALL = 18

_STYLE = (
    "text{font-family:system-ui,'Segoe UI','Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif;fill:#1b1b1b}"
    ".dim{fill:#5b6470}.paper{fill:#fff}.line{stroke:#d5d9de}.mark{stroke:#5b6470}.open{fill:none;stroke:#b4bac2}"
    ".held{fill:#8794a4}.none{fill:#eef0f3}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e6e6}.dim{fill:#a2abb6}.paper{fill:#14181d}.line{stroke:#333b45}"
    ".mark{stroke:#a2abb6}.open{stroke:#4d5763}.held{fill:#66778c}.none{fill:#232930}}"
)


def room(text: str, size: float = SIZE) -> float:
    """About how wide the text is, in px; rather too much than too little."""
    return cell_len(text) * size * 0.56


def tick(count: float, most: int = 8) -> int:
    """The smallest of 1, 2, 5, 10, 20, … of which at most ``most`` make ``count``: the distance of an axis' numbers."""
    unit = 1
    while count / unit > most:
        unit = unit * 5 // 2 if str(unit)[0] == "2" else unit * 2
    return unit


class Sheet:
    """Shapes in the order in which they are drawn; ``str()`` of it is the file."""

    def __init__(self, title: str, about: str) -> None:
        self.height = 0.0
        self._title, self._about = title, about
        self._parts: list[str] = []

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "",
        style: str = "",
        border: str = "",
        tip: str = "",
        radius: float = 3,
    ) -> None:
        """A rectangle: ``fill`` a colour, or ``style`` a class of the sheet; ``tip`` is said when one points at it."""
        look = f' class="{style}"' if style else f' fill="{fill}"'
        if border:
            look += f' stroke="{border}" stroke-width="4"'
        end = f"><title>{escape(tip)}</title></rect>" if tip else "/>"
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"{look}{end}'
        )
        self.height = max(self.height, y + height)

    def text(
        self, x: float, y: float, text: str, size: float = SIZE, ink: str = "", anchor: str = "start", weight: str = ""
    ) -> None:
        """A line of text; ``y`` is its middle. ``ink``: a colour, or ``dim``; without it, that of the sheet."""
        look = ' class="dim"' if ink == "dim" else f' style="fill:{ink}"' if ink else ""
        look += f' font-weight="{weight}"' if weight else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" font-size="{size:g}" text-anchor="{anchor}"{look}>'
            f"{escape(text)}</text>"
        )
        self.height = max(self.height, y + size / 2)

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str = "line", width: float = 1) -> None:
        """A straight line; ``style``: a class of the sheet, or a colour."""
        look = f'stroke="{style}"' if style.startswith("#") else f'class="{style}"'
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look} stroke-width="{width:g}"/>'
        )
        self.height = max(self.height, y1, y2)

    def area(self, points: list[tuple[float, float]], fill: str = "", style: str = "") -> None:
        """A filled polygon."""
        look = f'class="{style}"' if style else f'fill="{fill}"'
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polygon points="{path}" {look}/>')
        self.height = max(self.height, *(y for _, y in points))

    def swatches(self, entries: list[tuple[str, str]], x: float, y: float) -> None:
        """Small squares of ``(colour, text)`` in a row, for what is too small to carry its name; wraps at the edge.

        ``border COLOUR`` draws the border alone.
        """
        start = x
        for colour, text in entries:
            needed = 28 + room(text, SMALL) + 22
            if x > start and x + needed > WIDTH:
                x, y = start, y + 30
            if colour == "none":
                self.rect(x, y - 9, 18, 18, style="open")
            elif colour.startswith("border "):
                self.rect(x + 2, y - 7, 14, 14, "none", border=colour.removeprefix("border "))
            else:
                self.rect(x, y - 9, 18, 18, colour)
            self.text(x + 26, y, text, SMALL)
            x += needed

    def __str__(self) -> str:
        height = round(self.height + 16)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-labelledby="title about"><title id="title">{escape(self._title)}</title>'
            f'<desc id="about">{escape(self._about)}</desc><style>{_STYLE}</style>'
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>\n' + "\n".join(self._parts) + "\n</svg>\n"
        )
