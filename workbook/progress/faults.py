"""What is wrong with a progress file, by line: what must be mended by hand before anything is written to it."""

import difflib
import re
from dataclasses import dataclass

from workbook.i18n import some, tr
from workbook.progress.page import LEDGER_START, Page, box_of, split

# An id's comment, or what is left of one.
_TRACE = re.compile(r"<!--\s*id\b|(?<![\w-])id:\s*[\w-]+\s*--?>|<!--\s*id:[^>]*$|<!-?\s*id:")
_WHOLE = re.compile(r"<!--[ \t]*id:[ \t]*[a-z0-9][a-z0-9-]*[ \t]*-->")
_CONFLICT = re.compile(r"(<{7}|>{7}|\|{7})(\s|$)")


@dataclass(frozen=True)
class Fault:
    """A line (from 1) and a sentence that ends in the remedy."""

    line: int
    says: str


def decode(data: bytes) -> tuple[str, list[Fault]]:
    """The text of the file, with a fault for each line that is not UTF-8."""
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
    bad = [n for n, line in enumerate(split(text), 1) if re.search("[\udc80-\udcff]", line)]
    says = tr(
        "is not UTF-8: save the file with that encoding (in VSCode: click the encoding in the status bar).",
        "不是 UTF-8：请用该编码重新保存文件（在 VSCode 中点击状态栏上的编码）。",
    )
    return text, [Fault(n, says) for n in bad[:5]]


def find(text: str, template: str, restore: bool = False) -> list[Fault]:
    """Every fault, in the order of the lines. ``restore``: the learner asked for lost boxes, so their loss is none."""
    page, wanted = Page(text), Page(template).boxes()
    if not text.strip("\ufeff \t\r\n") and restore:
        return []
    found = [fault for n, line in enumerate(page.lines, 1) if (fault := _line(n, line))]
    found += _twice(page)
    found += _ledger(page)
    lost = [name for name in wanted if name not in page.boxes()]
    known = page.ledger()
    if known is not None:
        lost = [name for name in lost if name in known]
    own = {name for name in page.boxes() if name not in wanted and name not in (known or {})}
    told = {fault.line for fault in found}  # one sentence for a line: its first fault is the cause of the others
    cut = _cut(page, {name: wanted[name].words.strip() for name in lost}, own)
    found += [fault for fault in cut if fault.line not in told]
    if known is None and lost and not restore and not found:
        found.append(_missing(page, lost))
    return sorted(found, key=lambda fault: fault.line)


def _line(n: int, line: str) -> Fault | None:
    """What is wrong with a line by itself."""
    if _CONFLICT.match(line):
        return Fault(
            n,
            tr(
                "is a conflict marker: keep the right one of the two versions and delete the markers.",
                "是冲突标记：请保留两个版本中正确的一个，并删除标记。",
            ),
        )
    traces, whole = len(_TRACE.findall(line)), _WHOLE.findall(line)
    if not traces or (box_of(line) and traces == len(whole) == 1):
        return None
    if len(whole) > 1:
        return Fault(n, tr("holds two ids: put each box on its own line.", "有两个 id：请让每个条目各占一行。"))
    if whole:
        return Fault(
            n,
            tr(
                "has an id but no box: begin it with `- [ ] ` or `- [x] `.",
                "有 id 却没有方框：请以 `- [ ] ` 或 `- [x] ` 开头。",
            ),
        )
    return Fault(
        n,
        tr(
            "holds an id that is damaged: it ends as in `<!-- id: w01-first-run -->`; notes/templates/progress.md has every line.",
            "的 id 不完整：应以 `<!-- id: w01-first-run -->` 的形式结尾；完整内容见 notes/templates/progress.md。",
        ),
    )


def _twice(page: Page) -> list[Fault]:
    first: dict[str, int] = {}
    found = []
    for n, line in enumerate(page.lines, 1):
        if (box := box_of(line)) and first.setdefault(box.id, n) != n:
            says = tr(
                f"has the id {box.id} of line {first[box.id]}: delete one of the two lines.",
                f"的 id {box.id} 与第 {first[box.id]} 行重复：请删除其中一行。",
            )
            found.append(Fault(n, says))
    return found


def _ledger(page: Page) -> list[Fault]:
    place = page.ledger_place()
    starts = [n for n, line in enumerate(page.lines, 1) if line.startswith(LEDGER_START)]
    lines = [n + 1 for n in page.stray_entries()]
    if place and (len(place) < 2 or page.lines[place[-1]].strip() != "-->"):
        lines.append(place[0] + 1)
    lines += starts[1:]
    says = tr(
        f"stands in the comment `{LEDGER_START} …` and does not belong there: delete what is foreign, or the whole comment.",
        f"位于注释 `{LEDGER_START} …` 中，但不属于那里：请删除多余内容，或删除整个注释。",
    )
    return [Fault(n, says) for n in dict.fromkeys(lines)]


def _cut(page: Page, lost: dict[str, str], own: set[str]) -> list[Fault]:
    """Ids that were changed or deleted: a line with the words of a box that is lost, or an unknown id much like its own."""
    found = []
    for n, line in enumerate(page.lines, 1):
        box = box_of(line)
        name = None
        if box and box.id in own:
            near = [one for one in lost if one.startswith(box.id) or one.endswith(box.id)]
            name = next(iter(near + difflib.get_close_matches(box.id, lost, 1, 0.85)), None)
        elif not box:
            name = next((one for one, words in lost.items() if words in line), None)
        if name:
            says = tr(
                f"lost its id: it ends in `<!-- id: {name} -->`.",
                f"的 id 丢失了：应以 `<!-- id: {name} -->` 结尾。",
            )
            found.append(Fault(n, says))
    return found


def _missing(page: Page, lost: list[str]) -> Fault:
    names = ", ".join(lost[:3]) + (" …" if len(lost) > 3 else "")
    return Fault(
        max(1, len(page.lines)),
        tr(
            f"should be followed by more: {some(len(lost), 'box', 'boxes')} lost ({names}): `workbook progress --restore` puts them back.",
            f"之后的内容缺失：少了 {len(lost)} 个条目（{names}）：运行 `workbook progress --restore` 可补回。",
        ),
    )
