"""Text in cells of the terminal, of which a Chinese character takes two: cutting, filling, colouring."""

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from workbook.views.colours import KINDS


def cut(text: str, width: int) -> str:
    """The text, ended by "…" where it is wider than ``width``."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…" if width > 0 else ""


def cut_middle(text: str, width: int) -> str:
    """The text with "…" in place of its middle where it is wider than ``width``."""
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, (width - 1) * 2 // 3).rstrip()
    tail, room = "", width - cell_len(head) - 1
    for letter in reversed(text):
        if cell_len(letter + tail) > room:
            break
        tail = letter + tail
    return f"{head}…{tail}"


def left(text: str, width: int) -> str:
    """Cut or filled to ``width``, text at the left."""
    text = cut(text, width)
    return text + " " * (width - cell_len(text))


def right(text: str, width: int) -> str:
    """Cut or filled to ``width``, text at the right."""
    text = cut(text, width)
    return " " * (width - cell_len(text)) + text


def style(kind: str) -> Style:
    """The colours of a kind, as a filled cell; plain and dim for what is free."""
    what = KINDS[kind]
    return Style(dim=True) if what.fill == "none" else Style(color=what.ink, bgcolor=what.fill)


def key(kinds: list[str], width: int) -> list[Text]:
    """What the letters stand for: ``P prefill  d decode``, each in its colour."""
    entries = [Text.assemble((f" {KINDS[kind].letter} ", style(kind)), f" {KINDS[kind].about}") for kind in kinds]
    return flow(entries, "  ", width)


def flow(parts: list[Text], between: str, width: int) -> list[Text]:
    """The parts in lines of at most ``width`` cells; a part stays whole unless it is wider than that."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + cell_len(between) + part.cell_len <= width:
            lines[-1].append(between).append(part)
        else:
            part = part.copy()
            part.truncate(width, overflow="ellipsis")
            lines.append(part)
    return lines


def bold(text: str) -> Text:
    """A heading."""
    return Text(text, style="bold")
