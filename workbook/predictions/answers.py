"""From what a learner types to a number or a choice, and back to what can be shown.

A question with choices takes a letter; every other one takes a number. Full-width digits, thousands separators
(1,234 or 1_234), a sign, a percent sign or the question's own unit behind the number are all understood.
"""

import re
import unicodedata

from workbook.course.header import Prediction
from workbook.errors import WorkbookError
from workbook.i18n import tr

Value = int | float  # of a choice: its place, counted from 0

_GROUPED = r"\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*"
_NUMBER = re.compile(rf"([+-]?)((?:{_GROUPED})(?:\.\d+)?|\.\d+)(e[+-]?\d{{1,2}})?\s*(.*)", re.IGNORECASE | re.DOTALL)
_MOST = 40  # characters of an answer; more is a slip of the keyboard


class NotAnAnswerError(WorkbookError):
    """What was typed is no answer to this question; the message says what would be."""


def parse(question: Prediction, typed: str) -> Value:
    """The value of a typed answer. Raises NotAnAnswerError, with a sentence that ends in what to type."""
    text = unicodedata.normalize("NFKC", typed).strip().replace("\u2212", "-")
    return _choice(question, text) if question.choices else _number(question, text)


def letter(place: int) -> str:
    """The letter of a choice: 0 is "a"."""
    return chr(ord("a") + place)


def shown(question: Prediction, value: object) -> str:
    """A value in words: a choice's own text, else the number with its unit. ``value`` may be what an expression gave."""
    if question.choices and isinstance(value, int) and 0 <= value < len(question.choices):
        return str(question.choices[value])
    unit = str(question.unit or "")
    if value == 1:
        unit = tr(unit.removesuffix("s"), unit)
    return f"{number(value)} {unit}".strip()


def number(value: object) -> str:
    """A number as one would write it: whole ones with separators, others to four figures."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{int(value):,}" if isinstance(value, int | float) else str(value)


def _choice(question: Prediction, text: str) -> int:
    assert question.choices
    letters = [letter(place) for place in range(len(question.choices))]
    bare = text.lower().strip("().。、:")
    if bare in letters:
        return letters.index(bare)
    raise NotAnAnswerError(
        tr(f"That is none of the choices: type {' or '.join(letters)}.", f"没有这个选项：请输入 {'、'.join(letters)}。")
    )


def _number(question: Prediction, text: str) -> Value:
    found = _NUMBER.fullmatch(text) if len(text) <= _MOST else None
    if not found or not _is_unit(question, found[4]):
        raise NotAnAnswerError(
            tr(
                "That is no number: type one such as 3, 0.25 or 1,234.",
                "这不是数字：请输入 3、0.25 或 1,234 这样的数。",
            )
        )
    if found[1] == "-" and not question.negative:
        raise NotAnAnswerError(
            tr(
                "This cannot be below zero: type a number such as 3, 0.25 or 1,234.",
                "这里不会是负数：请输入 3、0.25 或 1,234 这样的数。",
            )
        )
    digits = found[2].replace(",", "").replace("_", "")
    if "." in digits or found[3]:
        return float(f"{found[1]}{digits}{found[3] or ''}")
    return int(f"{found[1]}{digits}")


def _is_unit(question: Prediction, text: str) -> bool:
    """Whether what stands behind the number may: nothing, a percent sign, the unit in either language, one or many of it."""
    typed = text.strip().strip("()").removeprefix("个").strip().lower()
    units = (question.unit.en.lower(), question.unit.zh.lower()) if question.unit else ()
    return typed in {"", "%", *units, *(unit.removesuffix("s") for unit in units), *(f"{unit}s" for unit in units)}
