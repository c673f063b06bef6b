"""A lesson's page taken apart: headings, code blocks, images, links, and the vLLM symbols that it names.

The parsing is markdown-it's; this only keeps what the rules ask for, each with its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from workbook.course import header

# Of vllm itself, without a module, only capitals: "vllm:num_requests_running" is a metric.
SYMBOL = re.compile(r"\bvllm(?:(?:\.[A-Za-z_]\w*)+:(?=[A-Za-z_])|:(?=[A-Z]))[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_HTML_TARGET = re.compile(r"""\b(src|href)=["']([^"']+)["']""")
_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


@dataclass(frozen=True)
class At:
    """A piece of text and its line."""

    text: str
    line: int


@dataclass(frozen=True)
class Fence:
    """A code block. ``comment``: what the HTML comment right before it says, "" for none."""

    info: str
    content: str
    line: int  # of the opening fence
    comment: str


@dataclass
class Page:
    """Lines count from 1 in the file, header included."""

    path: Path
    has_header: bool
    headings: list[tuple[int, At]] = field(default_factory=list)  # level, text
    fences: list[Fence] = field(default_factory=list)
    images: list[At] = field(default_factory=list)
    links: list[At] = field(default_factory=list)
    prose: list[At] = field(default_factory=list)  # text, inline code and comments, line by line
    stars: list[int] = field(default_factory=list)  # lines whose text, as rendered, still holds **
    folds: int = 0  # <details> blocks

    @property
    def symbols(self) -> list[At]:
        """Every vLLM symbol that the page names, code blocks included."""
        pieces = [*self.prose, *(At(line, f.line + i) for f in self.fences for i, line in _numbered(f.content))]
        return [At(found[0], piece.line) for piece in pieces for found in SYMBOL.finditer(piece.text)]


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(text.splitlines(), start=1)


def read(path: Path) -> Page:
    """Parse a page. Raises OSError, UnicodeDecodeError."""
    text = path.read_text(encoding="utf-8")
    head, body = header.split(text)
    page = Page(path, head is not None)
    offset = text[: len(text) - len(body)].count("\n") + 1
    line = offset
    before: Token | None = None
    for token in _MARKDOWN.parse(body):
        if token.map:
            line = token.map[0] + offset
        if token.type == "fence" or token.type == "code_block":
            adjacent = before is not None and before.type == "html_block"
            comment = _COMMENT.fullmatch(before.content.strip()) if before and adjacent else None
            page.fences.append(Fence(token.info.strip(), token.content, line, comment[1] if comment else ""))
        elif token.type == "heading_open":
            page.headings.append((int(token.tag[1]), At("", line)))
        elif token.type == "html_block":
            _html(page, token.content, line)
        elif token.type == "inline":
            if before is not None and before.type == "heading_open":
                page.headings[-1] = (page.headings[-1][0], At(token.content, line))
            _inline(page, token, line)
        before = token
    return page


def _html(page: Page, content: str, line: int) -> None:
    page.folds += content.count("<details")
    for i, text in enumerate(content.splitlines()):
        page.prose.append(At(text, line + i))
        for name, target in _HTML_TARGET.findall(text):
            (page.images if name == "src" else page.links).append(At(target, line + i))


def _inline(page: Page, token: Token, line: int) -> None:
    text = ""
    for child in token.children or []:
        if child.type == "text" and "**" in child.content:
            page.stars.append(line)
        if child.type in ("softbreak", "hardbreak"):
            page.prose.append(At(text, line))
            text, line = "", line + 1
        elif child.type == "image":
            page.images.append(At(str(child.attrs["src"]), line))
            text += child.content
        elif child.type == "link_open":
            page.links.append(At(str(child.attrs["href"]), line))
        elif child.type == "html_inline":
            text += child.content
            for name, target in _HTML_TARGET.findall(child.content):
                (page.images if name == "src" else page.links).append(At(target, line))
        else:
            text += child.content
    page.prose.append(At(text, line))


def anchors(page: Page) -> set[str]:
    """The fragments under which GitHub and VSCode find the page's headings."""
    found: set[str] = set()
    for _, heading in page.headings:
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading.text).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = next((n for n in range(1, 100) if f"{slug}-{n}" not in found), 0)
        found.add(f"{slug}-{number}" if slug in found else slug)
    return found
