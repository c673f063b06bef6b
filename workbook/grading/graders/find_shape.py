"""The module that gave a wrong shape, against the shapes that every module gave in the run that failed."""

import re
from collections.abc import Iterator
from typing import Any

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader
from workbook.problems import evidence

_LAYER = re.compile(r"\.layers\.(\d+)\.")


def cases(run: Evidence) -> Iterator[Case]:
    """One: the first module whose output differs from that of the same module in the first layer."""
    found = evidence.read(run.folder, "shape")
    if not isinstance(found, evidence.Shape):
        raise run.lacking(evidence.file_of("shape"))
    for name, shape in found.outputs.items():
        due = found.outputs.get(_LAYER.sub(".layers.0.", name))
        if due is not None and shape != due:
            yield Case(
                (),
                [name, shape, due],
                Text("the run that fails", "出错的那次运行"),
                parts=(
                    Text("module", "模块"),
                    Text("the shape that it gave", "它给出的形状"),
                    Text("the shape that was due", "应有的形状"),
                ),
            )
            return
    raise run.lacking(evidence.file_of("shape"))


def reason(case: Case, got: Any) -> Text | None:
    """Where the error was noticed, a wrong layer, or the right module with other shapes."""
    name, gave, due = case.expected
    if not isinstance(got, list) or len(got) != 3:
        return Text("three things are due: module, shape, shape.", "应返回三项：模块、形状、形状。")
    said = str(got[0])
    if said == name:
        if got[1:] == [due, gave]:
            return Text("the right shapes, the other way round.", "两个形状都对，顺序反了。")
        return Text(
            "the right module; take the shapes of its output, with the number of tokens first.",
            "模块对了；请取它的输出的形状，第一维是 token 数。",
        )
    if said.endswith("down_proj"):
        return Text(
            "that is where the error was noticed: it was given a tensor of the wrong shape. Who made that tensor?",
            "那是发现错误的地方：它拿到的张量形状已经不对。这个张量是谁算出来的？",
        )
    if said.endswith("gate_up_proj"):
        return Text(
            "what it gives is right, twice the width of the MLP: go one call further.",
            "它给出的形状是对的，是 MLP 宽度的两倍：再往后看一次调用。",
        )
    if said.rsplit(".", 1)[-1] == name.rsplit(".", 1)[-1]:
        return Text(
            "the right kind of module; every layer has one: which layer? down_proj.prefix says it.",
            "模块类型对了；但每一层都有一个：是哪一层？看 down_proj.prefix。",
        )
    return None


GRADER = Grader(cases, reason=reason, arguments="--problem shape", file=evidence.file_of("shape"), hidden=True)
