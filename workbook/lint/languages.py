"""Rules for the two languages: both pages are there and have the same structure."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from workbook.i18n import some, tr
from workbook.lint.course import ENGLISH_ONLY, TEMPLATE, Course
from workbook.lint.finding import Finding
from workbook.lint.pages import At, Fence, Page

# Their blocks are code, which both pages share to the letter; comments may be translated.
_COMMENT = dict.fromkeys(("bash", "sh", "console", "python", "py", "yaml", "toml", "ini"), r"(^|\s)#.*$")
_COMMENT |= {"c": r"(^|\s)//.*$", "cpp": r"(^|\s)//.*$", "jsonc": r"(^|\s)//.*$", "json": r"$^"}
_HAN = re.compile(r"[\u4e00-\u9fff]")


def other_page(path: Path) -> Path:
    """The same page in the other language."""
    name = path.name
    return path.with_name(name.removesuffix(".zh.md") + ".md" if name.endswith(".zh.md") else f"{path.stem}.zh.md")


def check(course: Course) -> Iterator[Finding]:
    """Every page that has two languages. The progress file's template holds both on one page."""
    pages = {path: page for path, page in course.pages.items() if path != course.root / TEMPLATE}
    for path, page in pages.items():
        if path.name in ENGLISH_ONLY:
            continue
        other = other_page(path)
        if other not in pages:
            what = tr(f"there is no {other.name}", f"没有 {other.name}")
            yield course.find(path, 1, what, tr("write the page in the other language", "请写出另一种语言的页面"))
        elif path.name.endswith(".zh.md"):
            yield from _compare(course, pages[other], page)


def _compare(course: Course, english: Page, chinese: Page) -> Iterator[Finding]:
    name = english.path.name

    def differs(line: int, what: str) -> Finding:
        return course.find(
            chinese.path, line, what, tr(f"make it as in {name}, or change both", f"请与 {name} 一致，或两页同改")
        )

    if chinese.has_header:
        what = tr("a header of its own", "有自己的课程头")
        yield course.find(
            chinese.path, 1, what, tr(f"delete it: the one in {name} serves both", f"请删除：{name} 的课程头两页共用")
        )
    pairs = zip(chinese.headings, english.headings, strict=False)
    for (level, ours), (wanted, theirs) in [pair for pair in pairs if pair[0][0] != pair[1][0]][:1]:
        yield differs(
            ours.line,
            tr(
                f"heading of level {level}, where {name}:{theirs.line} has {wanted}",
                f"标题为 {level} 级，而 {name}:{theirs.line} 为 {wanted} 级",
            ),
        )
    if len(chinese.headings) != len(english.headings):
        yield differs(
            1,
            tr(
                f"{some(len(chinese.headings), 'heading')}, {name} has {len(english.headings)}",
                f"有 {len(chinese.headings)} 个标题，{name} 有 {len(english.headings)} 个",
            ),
        )
    if len(chinese.fences) != len(english.fences):
        yield differs(
            1,
            tr(
                f"{some(len(chinese.fences), 'code block')}, {name} has {len(english.fences)}",
                f"有 {len(chinese.fences)} 个代码块，{name} 有 {len(english.fences)} 个",
            ),
        )
    else:
        for block, same in zip(chinese.fences, english.fences, strict=True):
            if difference := _fence_difference(block, same):
                down, text = difference
                what = tr(
                    f"code block differs from {name}:{same.line}: {text}", f"代码块与 {name}:{same.line} 不同：{text}"
                )
                yield differs(block.line + down, what)
    if chinese.folds != english.folds:
        yield differs(
            1,
            tr(
                f"{some(chinese.folds, 'folded block')}, {name} has {english.folds}",
                f"有 {chinese.folds} 个折叠块，{name} 有 {english.folds} 个",
            ),
        )
    for (kind, here), (_, there) in zip(_named(chinese), _named(english), strict=True):
        yield from _only_here(course, kind, chinese, here, name, there)
        yield from _only_here(course, kind, english, there, chinese.path.name, here)


def _named(page: Page) -> list[tuple[str, list[At]]]:
    """What both pages must name. Symbols count once however often a page names them."""
    once = {at.text: at for at in reversed(page.symbols)}
    return [
        (tr("symbol", "符号"), list(once.values())),
        (tr("image", "图片"), page.images),
        (tr("link", "链接"), page.links),
    ]


def _fence_difference(ours: Fence, theirs: Fence) -> tuple[int, str] | None:
    """The first line (counted from the fence) that differs and what it says; None where the blocks are the same."""
    if ours.info != theirs.info:
        return 0, f"`{ours.info}` ≠ `{theirs.info}`"
    if ours.comment.partition(":")[0] != theirs.comment.partition(":")[0]:
        return 0, f"<!-- {ours.comment} --> ≠ <!-- {theirs.comment} -->"
    language = ours.info.split()[0] if ours.info else ""
    if language not in _COMMENT or ours.comment.startswith("transcript:"):
        return None  # output, which a language of its own may have
    comment = re.compile(_COMMENT[language])
    lines = [[comment.sub("", line).rstrip() for line in f.content.splitlines()] for f in (ours, theirs)]
    for number, (one, other) in enumerate(zip_longest(*lines), start=1):
        if not _same_line(one or "", other or ""):
            return number, repr(one or "")
    return None


def _same_line(chinese: str, english: str) -> bool:
    """Word by word; a word with Chinese in it, as in ``--model /模型/目录``, stands for any other."""
    words = [text.split() for text in (chinese, english)]
    if len(words[0]) != len(words[1]) or len(chinese) - len(chinese.lstrip()) != len(english) - len(english.lstrip()):
        return False
    return all(one == other or _HAN.search(one) for one, other in zip(*words, strict=True))


def _only_here(course: Course, kind: str, page: Page, ours: list[At], name: str, theirs: list[At]) -> Iterator[Finding]:
    """What the other page, ``name``, has not. The languages' own files (x.md, x.zh.md) are the same, fragments do not count."""
    left = Counter(map(_common, theirs))
    for at in ours:
        left[_common(at)] -= 1
        if left[_common(at)] < 0:
            what = tr(f"{kind} {at.text} is not in {name}", f"{name} 里没有{kind} {at.text}")
            yield course.find(page.path, at.line, what, tr("name it in both pages", "请在两页中都写上"))


def _common(at: At) -> str:
    return re.sub(r"\.zh(?=\.\w+$)", "", at.text.partition("#")[0])
