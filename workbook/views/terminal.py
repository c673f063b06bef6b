"""A recording at a glance: headline figures, who ran when, how full the KV cache was, what each step did.

Prints no boxes, fits any width from 60 cells, and says everything by letters, too, so that it survives a pipe.
"""

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from workbook.i18n import some, tr
from workbook.recorder import Recording
from workbook.views import gantt, steptable
from workbook.views.cells import bold, cut, flow, key, left, right, style
from workbook.views.colours import KINDS
from workbook.views.figures import Figure, change, figures
from workbook.views.svg import tick

_LANES = 32  # requests in the timeline, if not all are wanted
_BARS = "▁▂▃▄▅▆▇█"


def overview(
    console: Console, recording: Recording, name: str, wanted: range | None = None, everything: bool = False
) -> None:
    """Print all of it. ``wanted``: the places of the steps to list."""
    title(console, recording, name)
    console.print()
    for text in headline(recording, console.width):
        console.print(text)
    if not recording.steps:
        console.print(tr("\nNo step was recorded.", "\n没有录制到任何调度步。"), style="dim")
        return
    console.print()
    for text in timeline(recording, console.width, everything):
        console.print(text)
    console.print()
    for text in table(recording, console.width, wanted, everything):
        console.print(text)


def title(console: Console, recording: Recording, name: str) -> None:
    """What ran, and on what."""
    header = recording.header
    model = header.model.rstrip("/").rsplit("/", 1)[-1]
    console.print(Text(cut(name, console.width), style="bold"))
    facts = [
        model,
        f"vLLM {header.vllm}",
        header.device,
        tr(
            f"{header.blocks - 1:,} blocks of {header.block_size} tokens",
            f"{header.blocks - 1:,} 块 × {header.block_size} token",
        ),
        tr(f"budget {header.token_budget:,} tokens a step", f"每步 token 预算 {header.token_budget:,}"),
    ]
    if header.scheduler == "AsyncScheduler":
        facts.append(tr("asynchronous scheduling", "异步调度"))
    for line in flow([Text(fact, style="dim") for fact in facts], " · ", console.width):
        console.print(line)


def headline(recording: Recording, width: int) -> list[Text]:
    """The figures, a line each."""
    found = figures(recording.summary)
    label, value = max(cell_len(f.label) for f in found), max(cell_len(f.value) for f in found)
    return [
        Text.assemble(
            left(f.label, label + 2),
            (right(f.value, value), "bold"),
            "  ",
            (cut(f.note, width - label - value - 4), "dim"),
        )
        for f in found
    ]


def comparison(one: Recording, other: Recording, names: tuple[str, str], width: int) -> list[Text]:
    """The figures of two recordings side by side, and how the second differs."""
    first = {figure.label: figure for figure in figures(one.summary, tails=True)}
    second = {figure.label: figure for figure in figures(other.summary, tails=True)}
    labels = list(dict.fromkeys([*first, *second]))
    label = max(map(cell_len, labels)) + 2
    column = min(24, (width - label - 8) // 2)
    if names[0].partition("/")[0] == names[1].partition("/")[0]:  # two runs of one script: their times tell them apart
        names = names[0].rpartition("/")[2], names[1].rpartition("/")[2]
    found = [bold(left("", label) + "".join(right(cut(name, column - 2), column) for name in names))]
    nothing = Figure("", None, "–")
    for name in labels:
        a, b = first.get(name, nothing), second.get(name, nothing)
        found.append(
            Text(
                left(name, label)
                + right(a.value, column)
                + right(b.value, column)
                + right(change(a.number, b.number), 8)
            )
        )
    return found


def timeline(recording: Recording, width: int, everything: bool = False) -> list[Text]:
    """A lane for each request, steps from left to right, the use of the KV cache and the queues below."""
    steps, lanes = recording.steps, gantt.spans(recording)
    names = [story.id for story in recording.requests]
    below = [tr("KV blocks", "KV 块"), tr("running", "运行"), tr("waiting", "等待"), tr("request", "请求")]
    label = min(14, max(map(cell_len, [*names[:_LANES], *below])))
    heading = tr("prompt+new", "提示+生成")
    note = 14
    room = width - label - note - 2
    shown = min(len(steps), room)

    found = [_ruler(len(steps), room, label, heading)]
    for place in range(len(lanes) if everything else min(len(lanes), _LANES)):
        text = Text(left(names[place], label) + " ")
        for kind in gantt.columns(lanes[place], len(steps), room):
            text.append(KINDS[kind].letter if kind else " ", style(kind) if kind else "")
        story = recording.requests[place]
        text.append(f" {cut(f'{story.prompt_tokens}+{len(story.outputs)}', note)}", "dim")
        found.append(text)
    if not everything and len(lanes) > _LANES:
        hidden = len(lanes) - _LANES
        found.append(
            Text(tr(f"… and {some(hidden, 'more request')}: --all", f"……另有 {hidden} 个请求：--all"), style="dim")
        )

    usable = recording.header.blocks - 1
    found.append(Text())
    curves = [
        (below[0], [step.used for step in steps], tr(f"peak {{}}/{usable}", f"峰值 {{}}/{usable}")),
        (below[1], [step.running for step in steps], tr("at most {}", "最多 {}")),
        (below[2], [step.waiting for step in steps], tr("at most {}", "最多 {}")),
    ]
    for name, values, what in curves:
        bars = _bars(values, room)
        found.append(
            Text.assemble(left(name, label), " ", (bars, "dim"), " ", (cut(what.format(max(values)), note), "dim"))
        )
    found.append(Text())
    seen = {span.kind for lane in lanes for span in lane}
    found += key([kind for kind in KINDS if kind in seen], width)
    if shown < len(steps):
        each = len(steps) / shown
        found.append(
            Text(
                tr(
                    f"A column is {each:.1f} steps and shows the rarest of what they did.",
                    f"每列 {each:.1f} 个调度步，显示其中最少见的一种。",
                ),
                style="dim",
            )
        )
    return found


def table(recording: Recording, width: int, wanted: range | None = None, everything: bool = False) -> list[Text]:
    """The steps, a line each; of many those in which something happened."""
    lines, layout = steptable.lines(recording), steptable.Table(recording.header, width)
    places = list(wanted or (range(len(lines)) if everything else steptable.choose(lines)))
    found, before = layout.head(), places[0] - 1
    for place in places:
        if skipped := place - before - 1:
            hint = tr(f"    … {some(skipped, 'step')}", f"    ……{skipped} 步")
            found.append(Text(hint, style="dim"))
        found.append(layout.row(lines[place]))
        before = place
    if len(places) < len(lines) and wanted is None:
        hint = tr(
            "All steps: --all, some: --steps 10:40, one in full: --step 7",
            "全部：--all；一段：--steps 10:40；某一步的全貌：--step 7",
        )
        found.append(Text(hint, style="dim"))
    return found


def _ruler(steps: int, room: int, label: int, note: str) -> Text:
    """Numbers of steps over their columns, the same round ones as in the picture."""
    marks, shown = "", min(steps, room)
    unit = tick(steps, max(1, min(8, shown // 6)))
    for number in (1, *(number for number in range(unit, steps + 1, unit) if number - 1 >= unit / 2)):
        column = gantt.column_of(number - 1, steps, room)
        if len(marks) <= column and column + len(str(number)) <= shown:
            marks = f"{marks.ljust(column)}{number} "
    return Text(f"{left(tr('step', '步'), label)} {marks.rstrip().ljust(shown)} {note}", style="dim")


def _bars(values: list[int], room: int) -> str:
    """A sparkline from 0 to the largest value; a column of several steps shows their largest."""
    top = max(values)
    columns = [0] * min(len(values), room)
    for place, value in enumerate(values):
        column = gantt.column_of(place, len(values), room)
        columns[column] = max(columns[column], value)
    return "".join(_BARS[-(-value * len(_BARS) // top) - 1] if value else " " for value in columns)
