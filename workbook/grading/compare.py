"""Where two values part: the first place, and how far. Strict about types, for a 2.0 that should be 2 is a finding too."""

import math
from dataclasses import dataclass
from typing import Any

from workbook.grading.grader import Case, Tolerance
from workbook.grading.values import Foreign, Tensor, normal
from workbook.i18n import some, tr

_SHOWN = 72  # characters of a value in a report


@dataclass(frozen=True)
class Difference:
    """``place``: "" for the value as a whole, else as one would index it: "[3]". ``note``: what the values do not say."""

    place: str
    expected: str
    got: str
    note: str = ""
    part: str = ""  # what stands at that place, in words
    wrong_type: bool = False


def difference(case: Case, got: Any, tolerance: Tolerance) -> Difference | None:
    """The first difference between what the learner's function gave and what the engine did; None: none."""
    found = _compare(normal(case.expected), got, tolerance, "")
    if found and case.parts and found.place.startswith("["):
        index = int(found.place[1:].split("]")[0].split(",")[0])
        if index < len(case.parts):
            return Difference(**{**vars(found), "part": str(case.parts[index])})
    return found


def same(one: Any, other: Any, tolerance: Tolerance) -> bool:
    """Whether two values of learners' versions count as equal."""
    return _compare(normal(one), normal(other), tolerance, "") is None


def show(value: Any) -> str:
    """A value in a report, cut to a line."""
    value = normal(value)
    if isinstance(value, Tensor):
        return tr(f"tensor {value.shape} {value.dtype}", f"张量 {value.shape} {value.dtype}")
    if isinstance(value, Foreign):
        return cut(value.text)
    try:
        return cut(repr(value))
    except ValueError:  # an int of more digits than Python prints
        return tr("a number of more than 4,300 digits", "超过 4300 位的整数")


def cut(text: str, width: int = _SHOWN) -> str:
    """The text in one line of at most ``width`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _compare(expected: Any, got: Any, tolerance: Tolerance, place: str) -> Difference | None:
    if _kind(expected) != _kind(got) and not (isinstance(expected, float) and type(got) is int):
        return _other_type(expected, got, place)
    if isinstance(expected, Tensor):
        return _tensors(expected, got, tolerance, place)
    if isinstance(expected, list):
        return _lists(expected, got, tolerance, place)
    if isinstance(expected, dict):
        return _dicts(expected, got, tolerance, place)
    if isinstance(expected, float):
        near = math.isclose(expected, got, rel_tol=tolerance.relative, abs_tol=tolerance.absolute)
        equal = near or (math.isnan(expected) and math.isnan(got))
    else:
        equal = expected == got
    return None if equal else Difference(place, show(expected), show(got))


def _lists(expected: Any, got: Any, tolerance: Tolerance, place: str) -> Difference | None:
    for index, (one, other) in enumerate(zip(expected, got, strict=False)):
        if found := _compare(one, other, tolerance, f"{place}[{index}]"):
            return found
    if len(expected) == len(got):
        return None
    note = tr(
        f"yours has {some(len(got), 'item')}, vLLM's {len(expected)}",
        f"你的结果有 {len(got)} 项，应为 {len(expected)} 项",
    )
    return Difference(place, show(expected), show(got), note)


def _dicts(expected: Any, got: Any, tolerance: Tolerance, place: str) -> Difference | None:
    for key, value in expected.items():
        if key not in got:
            return Difference(place, show(expected), show(got), tr(f"{key!r} is missing", f"缺少 {key!r}"))
        if found := _compare(value, got[key], tolerance, f"{place}[{key!r}]"):
            return found
    if extra := next((key for key in got if key not in expected), None):
        return Difference(place, show(expected), show(got), tr(f"{extra!r} is too much", f"多出了 {extra!r}"))
    return None


def _tensors(expected: Tensor, got: Tensor, tolerance: Tolerance, place: str) -> Difference | None:
    if expected.shape != got.shape:
        return Difference(place, show(expected), show(got), tr("the shapes differ", "形状不同"))
    if _floating(expected) != _floating(got):
        return Difference(place, show(expected), show(got), tr("the dtypes differ", "dtype 不同"), wrong_type=True)
    import numpy

    one, other = expected.numpy(), got.numpy()
    if _floating(expected):
        one, other = one.astype(numpy.float64), other.astype(numpy.float64)
        floor = tolerance.absolute
        if tolerance.row and one.ndim and one.size:
            floor = floor + tolerance.row * numpy.abs(one).max(-1, keepdims=True)
        wrong = ~numpy.isclose(other, one, rtol=tolerance.relative, atol=floor, equal_nan=True)
    else:
        wrong = one != other
    if not wrong.any():
        return None
    first = tuple(int(i) for i in numpy.unravel_index(int(wrong.reshape(-1).argmax()), wrong.shape))
    return Difference(
        f"{place}[{', '.join(map(str, first))}]" if first else place,
        repr(one[first].item()),
        repr(other[first].item()),
        _how_far(one, other, wrong, tolerance if _floating(expected) else None),
    )


def _how_far(one: Any, other: Any, wrong: Any, tolerance: Tolerance | None) -> str:
    import numpy

    note = tr(
        f"{int(wrong.sum()):,} of {wrong.size:,} elements differ",
        f"{wrong.size:,} 个元素中有 {int(wrong.sum()):,} 个不同",
    )
    if tolerance is None:
        return note
    if lost := int((numpy.isnan(other) & ~numpy.isnan(one)).sum()):
        return note + tr(f"; {lost:,} of yours are NaN", f"；你的结果中有 {lost:,} 个 NaN")
    with numpy.errstate(all="ignore"):
        worst = float(numpy.nan_to_num(numpy.abs(one - other), nan=0.0, posinf=numpy.inf).max())
    row = tr(f" + {tolerance.row:g} · the largest of its row", f" + {tolerance.row:g} · 该行的最大值")
    return (
        note
        + tr(
            f", by up to {worst:.3g}; allowed is {tolerance.absolute:g} + {tolerance.relative:g} · |vLLM's|",
            f"，最大误差 {worst:.3g}；允许误差为 {tolerance.absolute:g} + {tolerance.relative:g} · |vLLM 的值|",
        )
        + (row if tolerance.row else "")
    )


def _other_type(expected: Any, got: Any, place: str) -> Difference:
    if got is None and not place:
        note = tr("the function returns nothing: a `return` is missing", "函数没有返回值：缺少 `return`")
    elif type(expected) is int and isinstance(got, float):
        note = tr(
            "a float, where an int is due: `//` divides without a remainder", "得到 float，应为 int：整除请用 `//`"
        )
    else:
        note = tr(f"type {_name(got)}, where {_name(expected)} is due", f"类型是 {_name(got)}，应为 {_name(expected)}")
    return Difference(place, show(expected), show(got), note, wrong_type=True)


def _kind(value: Any) -> str:
    if isinstance(value, Foreign):
        return f"foreign {value.type}"
    return type(value).__name__


def _name(value: Any) -> str:
    if isinstance(value, Tensor):
        return tr("tensor", "张量")
    return value.type if isinstance(value, Foreign) else _kind(value)


def _floating(value: Tensor) -> bool:
    return "float" in value.dtype
