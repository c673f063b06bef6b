"""The colours that mean the same all over the workbook, each with a letter for where there is no colour.

From the palette of Okabe and Ito, which colour-blind readers can tell apart. Knows no recording and no terminal.
"""

from dataclasses import dataclass

from workbook.i18n import tr

DARK, LIGHT = "#1B1B1B", "#FFFFFF"  # ink on light and on dark colours


@dataclass(frozen=True)
class Kind:
    """A meaning: its colour, the ink that can be read on it, its letter, its name."""

    fill: str
    ink: str
    letter: str
    english: str
    chinese: str
    more: tuple[str, str] = ("", "")  # what a newcomer must be told besides

    @property
    def name(self) -> str:
        """The name in the learner's language."""
        return tr(self.english, self.chinese)

    @property
    def about(self) -> str:
        """The name, and what a newcomer must be told besides."""
        return self.name + tr(*self.more)


KINDS = {
    "prefill": Kind("#0072B2", LIGHT, "P", "prefill", "预填充", (" (a prompt, in one step)", "（提示词，一步算完）")),
    "chunk": Kind("#56B4E9", DARK, "C", "chunk", "分块", (" (a part of a prompt)", "（提示词的一部分）")),
    "decode": Kind("#009E73", LIGHT, "d", "decode", "解码"),
    "waiting": Kind("#BBBBBB", DARK, "·", "waiting", "等待"),
    "preempted": Kind("#D55E00", LIGHT, "x", "preempted", "被抢占"),
    "paused": Kind(
        "#DDDDDD", DARK, "-", "paused", "暂停", (" (runs, no token in this step)", "（运行中，本步没有 token）")
    ),
    "finished": Kind("#777777", LIGHT, "■", "finished", "结束"),
    "shared": Kind("#E69F00", DARK, "*", "shared", "共享"),
    "cached": Kind(
        "#F0E442", DARK, "c", "cached", "已缓存", (" (free, in the prefix cache)", "（空闲，在前缀缓存中）")
    ),
    "free": Kind("none", DARK, "·", "free", "空闲"),
}
