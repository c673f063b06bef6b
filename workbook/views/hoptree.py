"""A trace of hops (workbook.hops) as text: one token's way as a tree, and what the next token does otherwise.

Knows the trace and nothing of vLLM, so an old run can be shown again.
"""

import re
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from workbook.hops.records import Call
from workbook.i18n import tr


@dataclass
class Node:
    """A call, the processes in which it was the same, and the calls that it led to."""

    call: Call
    processes: list[str]
    inner: list["Node"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The function without its module: ``Scheduler.schedule``."""
        return self.call.at.partition(":")[2]

    @property
    def lanes(self) -> str:
        """Where it ran: ``EngineCore``, or ``VllmWorker-0, 1``."""
        first, *others = self.processes
        return ", ".join([first, *(name.rpartition("-")[2] for name in others)])


def merged(calls: list[Call]) -> list[Node]:
    """The calls in their order; what several ranks did with the same in and out is one of them."""
    nodes: list[Node] = []
    for call in calls:
        twin = next((node for node in nodes if _same(node, call)), None)
        if twin:
            twin.processes = sorted([*twin.processes, call.process])
        else:
            nodes.append(Node(call, [call.process]))
    return nodes


def _same(node: Node, call: Call) -> bool:
    first = node.call
    ranks = "-" in call.process and call.process not in node.processes
    return ranks and all(
        getattr(first, name) == getattr(call, name) for name in ("at", "number", "depth", "shown", "left")
    )


def nested(nodes: list[Node]) -> list[Node]:
    """The outermost calls. A call belongs to the innermost one that was going on when it began, in its own process or one before it.

    Of two processes that one is before which was seen first: script, EngineCore, workers.
    """
    order = list(dict.fromkeys(node.processes[0].partition("-")[0] for node in nodes))
    outermost: list[Node] = []
    for node in nodes:
        node.inner = []
    for place, node in enumerate(nodes):
        around = [other for other in nodes[:place] if _around(other, node, order)]
        inside = max(around, key=lambda other: (_rank(other, order), other.call.start), default=None)
        (inside.inner if inside else outermost).append(node)
    return outermost


def _rank(node: Node, order: list[str]) -> int:
    return order.index(node.processes[0].partition("-")[0])


def _around(outer: Node, inner: Node, order: list[str]) -> bool:
    a, b = outer.call, inner.call
    if not a.start <= b.start <= a.start + a.seconds:
        return False
    if outer.processes[0] == inner.processes[0]:
        return a.depth < b.depth
    return _rank(outer, order) < _rank(inner, order)


def tree(nodes: list[Node], title: str) -> Tree:
    """The way as a tree: function, milliseconds, what came in → what it became; the process where it changes."""
    several = len({name for node in nodes for name in node.processes}) > 1
    root = Tree(title, guide_style="dim")
    _grow(root, nested(nodes), "" if several else "main")
    return root


def _grow(branch: Tree, nodes: list[Node], above: str) -> None:
    for node in nodes:
        call = Text()
        if node.lanes != above:
            call.append(f"{node.lanes} ", "cyan")
        call.append(node.name, "bold").append(f" {node.call.seconds * 1000:.2f} ms", "dim")
        _grow(branch.add(_Line(call, values(node.call))), node.inner, node.lanes)


class _Line:
    """Two pieces on one line where it is long enough, else the second one below the first, a little to the right.

    So a value is not torn apart, and no end of a name is lost.
    """

    def __init__(self, first: Text, second: str, between: str = "  ") -> None:
        self.whole = first + Text(between + second) if second else first
        self.pieces = Text("\n  ").join([first, Text(second)]) if second else first

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.whole if self.whole.cell_len <= options.max_width else self.pieces

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(
            min(self.whole.cell_len, max(map(cell_len, self.pieces.plain.split("\n")))), self.whole.cell_len
        )


def _name(node: Node) -> _Line:
    """``Class.method``, and ``.method`` below the class in a narrow column."""
    owner, dot, method = node.name.partition(".")
    return _Line(Text(owner), dot + method, "")


def values(call: Call) -> str:
    """What came in and what it became: ``[5, 576] → [5, 960]``. Of a list of more than 8 numbers the first and the last."""
    return short(" → ".join(value for value in (call.shown, call.left) if value is not None), 8)


def short(text: str, most: int) -> str:
    """``[32, … 36]`` in place of a list of more than ``most`` integers; shapes, of two or three, stay."""
    return re.sub(rf"\[(\d+)(?:, \d+){{{most - 1},}}, (\d+)\]", r"[\1, … \2]", text)


def changes(first: list[Node], second: list[Node]) -> Table:
    """The hops that both ways share and whose values differ, side by side; longer lists by their first and last number."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    before = {(node.call.at, node.processes[0]): values(node.call) for node in first}
    others = [(before[key], node) for node in second if (key := (node.call.at, node.processes[0])) in before]
    differing = [(was, node) for was, node in others if was != values(node.call)]
    whole = max((cell_len(piece) for _, node in differing for piece in node.name.split(".")), default=0)
    table.add_column(tr("function", "函数"), min_width=whole)
    table.add_column(tr("first token", "第一个 token"))
    table.add_column(tr("second token", "第二个 token"))
    for was, node in differing:
        table.add_row(_name(node), *(_both(short(value, 3)) for value in (was, values(node.call))))
    return table


def _both(said: str) -> _Line:
    came, arrow, became = said.partition(" → ")
    return _Line(Text(came), (arrow + became).lstrip(), " ")
