"""A trace of hops (workbook.hops) as text: one token's way as a tree, and what the next token does otherwise.

Knows the trace and nothing of vLLM, so an old run can be shown again.
"""

from dataclasses import dataclass, field

from rich import box
from rich.markup import escape
from rich.table import Table
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
        where = f"[cyan]{node.lanes}[/] " if node.lanes != above else ""
        took = f"[dim]{node.call.seconds * 1000:.2f} ms[/]"
        label = f"{where}[bold]{node.name}[/] {took}  {escape(values(node.call))}".rstrip()
        _grow(branch.add(label), node.inner, node.lanes)


def values(call: Call) -> str:
    """What came in and what it became: ``[5, 576] → [5, 960]``."""
    return " → ".join(value for value in (call.shown, call.left) if value is not None)


def changes(first: list[Node], second: list[Node]) -> Table:
    """The hops that both ways share and whose values differ, side by side."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(tr("function", "函数"))
    table.add_column(tr("first token", "第一个 token"))
    table.add_column(tr("second token", "第二个 token"))
    before = {(node.call.at, node.processes[0]): values(node.call) for node in first}
    for node in second:
        key = (node.call.at, node.processes[0])
        if key in before and before[key] != values(node.call):
            table.add_row(node.name, escape(before[key]), escape(values(node.call)))
    return table
