"""Numbers on a page that come from a recording of this repository, and are computed from it again.

A comment right behind the number says from which recording and how; a reader of the page does not see it::

    The three prompts hold 41<!-- from first: recording.summary.prompt_tokens --> tokens.

``first`` is the folder ``recordings/first/`` of the stage: ``recording.jsonl``, and ``run.json`` if ``run`` is asked.
The names are those of a prediction's answer: ``recording``, ``recordings``, ``run``, ``math``. The value is rounded to
the decimals that the page gives.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from workbook import runinfo
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.lint.course import Course
from workbook.lint.finding import Finding
from workbook.predictions import measure
from workbook.recorder import load

_CITED = re.compile(
    r"(?P<number>(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?)?[`*_]*<!--\s*from\s+(?P<name>[\w-]+):\s*(?P<how>.*?)\s*-->"
)
_PINNED = re.compile(r'"vllm==([\d.]+)"')


def check(course: Course) -> Iterator[Finding]:
    """Every number with a source, and every recording of a stage: of the vLLM that the course pins, and used.

    A number uses it, or a transcript's command, or a picture of ``scripts/capture.py``.
    """
    cited: set[Path] = set()
    for path, page in course.pages.items():
        for at in page.prose:
            for found in _CITED.finditer(at.text):
                folder = path.parent / "recordings" / found["name"]
                cited.add(folder)
                if wrong := _wrong(folder, found["number"], found["how"]):
                    yield course.find(path, at.line, *wrong)
    folders = sorted(course.root.glob("stages/*/recordings/*"))
    texts = [fence.comment for page in course.pages.values() for fence in page.fences]
    pictures = course.root / "scripts" / "capture.py"
    texts += [pictures.read_text(encoding="utf-8")] if pictures.is_file() else []
    cited |= {f for f in folders if any(re.search(rf"{f.relative_to(course.root).as_posix()}\b", t) for t in texts)}
    pins = _PINNED.findall((course.root / "pyproject.toml").read_text(encoding="utf-8"))
    for folder in folders:
        if folder not in cited:
            yield course.find(
                folder,
                1,
                tr("nothing uses this recording", "这份录制没有被使用"),
                tr("cite it, or delete it", "请引用，或删除"),
            )
        try:
            version = load(folder).header.vllm
        except WorkbookError as error:
            yield course.find(folder, 1, str(error), tr("record it again", "请重新录制"))
            continue
        if pins and version.partition("+")[0] not in pins:
            what = tr(f"recorded with vLLM {version}, not {pins[0]}", f"录制所用的 vLLM 是 {version}，不是 {pins[0]}")
            yield course.find(folder, 1, what, tr("record it again, and mend the numbers", "请重新录制并改正数字"))


def _wrong(folder: Path, number: str | None, how: str) -> tuple[str, str] | None:
    """What is wrong with one citation, and the remedy."""
    if number is None:
        return tr("a source without a number", "来源注释前没有数字"), tr(
            "put the comment right behind the number", "请把注释紧跟在数字后面"
        )
    plain = number.replace(",", "").replace("−", "-")
    decimals = len(plain.partition(".")[2])
    try:
        value = measure.evaluate(how, _names(folder))
        real = f"{float(str(value)):.{decimals}f}"
    except Exception as error:
        what = f"{how}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        return what, tr("mend the expression, or the recording's name", "请改正表达式或录制的名称")
    if float(real) == float(plain):
        return None
    return tr(f"{number} on the page, {real} in the recording", f"页面写的是 {number}，录制里是 {real}"), tr(
        f"write {real}", f"请写 {real}"
    )


@cache
def _names(folder: Path) -> dict[str, object]:
    recording = load(folder)
    info = runinfo.read(folder)
    if info is None:
        return {"recording": recording, "recordings": [recording]}
    return measure.Run([recording], info).names
