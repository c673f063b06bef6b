"""What older guides say and what holds in this vLLM: ``stages/what_moved.yaml``, and the two pages made from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from workbook import paths
from workbook.course import data
from workbook.course.header import Text

FILE = paths.STAGES / "what_moved.yaml"

Kind = Literal["path", "symbol", "import", "argument", "default", "env var", "cli", "behaviour"]
KINDS: dict[str, Text] = {
    "path": Text("Files and folders", "文件与目录"),
    "symbol": Text("Functions and classes", "函数与类"),
    "import": Text("Imports", "导入"),
    "argument": Text("Arguments", "参数"),
    "default": Text("Defaults", "默认值"),
    "env var": Text("Environment variables", "环境变量"),
    "cli": Text("Installing and building", "安装与编译"),
    "behaviour": Text("How it behaves", "行为"),
}


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that can be tried; exactly one of the three. On the older side it must fail, on the other it must hold."""

    path: str | None = None  # below the folder that holds vLLM's package
    symbol: str | None = None
    python: str | None = None  # statements; they fail where they raise


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that moved."""

    older: str | Text  # as older guides write it, in Markdown
    kind: Kind
    now: str | Text
    why: Text
    fails: list[Proof] = []
    holds: list[Proof] = []
    undecided: Text | None = None  # why ``fails`` or ``holds`` is empty: what a machine without a card cannot decide


def read(file: Path = FILE) -> list[Row]:
    """Every row. Raises WorkbookError where the file does not fit."""
    return data.read(file, list[Row])


_INTRO = Text(
    """# What moved

Older guides, blog posts and plans name files and options that vLLM 0.32.0 no longer has. Each stands here once, with what holds today. A test tries both
sides against the installed vLLM: the older form must fail, today's must work. ○ marks what that test cannot decide, with the reason.

`workbook where` understands the older names too: `workbook where vllm/attention/layer.py::Attention` leads to today's class.
""",
    """# 与旧资料的不同

较早的教程、博客和学习计划里的一些文件和选项，在 vLLM 0.32.0 中已经没有了。这里每项列一次，并给出现在的写法。有测试用已安装的 vLLM 验证两边：\
旧写法必须失败，新写法必须有效。○ 表示该测试无法判定，并附原因。

`workbook where` 也认得旧名字：`workbook where vllm/attention/layer.py::Attention` 会带你找到现在的类。
""",
)


def pages(rows: list[Row]) -> dict[str, str]:
    """The pages by file name: the English and the Chinese one."""
    return {"what_moved.md": _page(rows, "en"), "what_moved.zh.md": _page(rows, "zh")}


def _page(rows: list[Row], language: Literal["en", "zh"]) -> str:
    def say(text: str | Text) -> str:
        return " ".join((text if isinstance(text, str) else getattr(text, language)).split())

    made = {
        "en": "<!-- Made from what_moved.yaml: change that, then `workbook check --write`. -->",
        "zh": "<!-- 由 what_moved.yaml 生成：请改那个文件，再运行 `workbook check --write`。 -->",
    }
    head = {"en": "| older guides say | vLLM 0.32.0 | why |", "zh": "| 旧资料的说法 | vLLM 0.32.0 | 原因 |"}
    lines = [made[language], "", getattr(_INTRO, language)]
    for kind, title in KINDS.items():
        these = [row for row in rows if row.kind == kind]
        if these:
            lines += [f"## {getattr(title, language)}", "", head[language], "|---|---|---|"]
            for row in these:
                why = say(row.why) + (f" ○ {say(row.undecided)}" if row.undecided else "")
                lines.append(f"| {say(row.older)} | {say(row.now)} | {why} |")
            lines.append("")
    return "\n".join(lines)


def write(folder: Path = paths.STAGES) -> list[Path]:
    """Write both pages; returns them."""
    made = {folder / name: text for name, text in pages(read(folder / FILE.name)).items()}
    for path, text in made.items():
        paths.write_atomically(path, text)
    return list(made)


def today(older: str, file: Path = FILE) -> Iterator[str]:
    """The symbols that an older name, as ``vllm/attention/layer.py::Attention``, leads to today; none if it did not move."""
    for row in read(file):
        names = row.older if isinstance(row.older, str) else row.older.en
        if older in names.split("`")[1::2]:
            yield from (proof.symbol for proof in row.holds if proof.symbol)
