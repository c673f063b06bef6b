"""One step in full: its batch, its queues, the pool of blocks, and every block table with the text that it holds."""

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from workbook.i18n import listed, some, tr
from workbook.recorder import Recording
from workbook.recorder.steps import RequestStory, Row, State, Step
from workbook.views import blockmap
from workbook.views.blockmap import Block, Part
from workbook.views.cells import bold, cut, cut_middle, flow, left, right, style
from workbook.views.colours import KINDS
from workbook.views.figures import seconds

_POOL_ROWS = 16
_REQUESTS = 24  # of a batch
_TABLES = 12  # requests whose block tables are shown
_TABLE_ROWS = 6  # blocks of one request; the middle of a longer table is left out


def show(
    console: Console, recording: Recording, step: Step, state: State, texts: dict[int, str], everything: bool = False
) -> None:
    """Print all of it. ``texts``: of the tokens, by id."""
    names = [story.id for story in recording.requests]
    label = min(14, max(cell_len(tr("request", "请求")), *(cell_len(names[row.request]) for row in step.rows), 0))
    width = console.width
    blocks = blockmap.pool(step, state, recording)
    parts = [
        _summary(recording, step, width),
        _batch(recording, step, texts, label, width, everything),
        _queues(recording, step, state, width),
        _pool(blocks, recording, width, everything),
        _tables(recording, state, blocks, texts, label, width, everything),
    ]
    for part in parts:
        if part:
            console.print(*part, Text(), sep="\n")


def _summary(recording: Recording, step: Step, width: int) -> list[Text]:
    since = step.at - min((story.arrived for story in recording.requests), default=0.0)
    total = recording.steps[-1].number
    first = tr(f"Step {step.number} of {total}", f"第 {step.number} 步，共 {total} 步")
    prefill = sum(row.scheduled for row in step.rows if row.phase != "decode")
    facts = [
        tr(f"{seconds(since)} after the first arrival", f"首个请求到达后 {seconds(since)}"),
        tr("not seen to end", "未见结束")
        if step.model_s is None
        else f"{seconds(step.ended_at - step.at)} = schedule {seconds(step.schedule_s)}"
        f" + model {seconds(step.model_s)} + update {seconds(step.update_s)}",
    ]
    budget = tr(
        f"{step.scheduled} of {step.budget} tokens of the budget: {prefill} prefill + {step.scheduled - prefill} decode",
        f"token 预算 {step.budget} 用掉 {step.scheduled}：预填充 {prefill} + 解码 {step.scheduled - prefill}",
    )
    bar = max(0, min(40, width - cell_len(budget) - 3))
    done = round(bar * min(1.0, step.scheduled / step.budget)) if step.budget else 0
    head = [bold(first), *flow([Text(fact, style="dim") for fact in facts], " · ", width)]
    return [*head, Text.assemble(cut(budget, width), "  ", "▓" * done, ("░" * (bar - done), "dim"))]


def _batch(
    recording: Recording, step: Step, texts: dict[int, str], label: int, width: int, everything: bool
) -> list[Text]:
    rows = step.rows if everything else step.rows[:_REQUESTS]
    phases = [KINDS[row.phase].name + (tr(" again", "（重算）") if row.recompute else "") for row in rows]
    phase = max(map(cell_len, [*phases, tr("phase", "阶段")]), default=0)
    drafts = any(row.drafts for row in rows)
    columns = [
        (tr("computed → after", "已算 → 之后"), 14),
        (tr("tokens", "token"), 6),
        (tr("hit", "命中"), 4),
        *([(tr("drafts", "草稿"), 6)] if drafts else []),
    ]
    sizes = [max(size, cell_len(title)) for title, size in columns]
    titles = " ".join(right(title, size) for (title, _), size in zip(columns, sizes, strict=True))
    head = f"{left(tr('request', '请求'), label)} {left(tr('phase', '阶段'), phase + 4)} {titles}"
    found = [bold(cut(f"{head}  {tr('[new blocks] “new text”', '[新块] “新文本”')}", width))]
    for row, what in zip(rows, phases, strict=True):
        values = [f"{row.computed} → {row.computed + row.scheduled}", str(row.scheduled), str(row.hit or "")]
        if drafts:
            values.append(f"{'?' if row.accepted is None else row.accepted}/{len(row.drafts)}" if row.drafts else "")
        cells = " ".join(right(value, size) for value, size in zip(values, sizes, strict=True))
        text = Text(left(recording.requests[row.request].id, label) + " ")
        text.append(f" {KINDS[row.phase].letter} ", style(row.phase)).append(f" {left(what, phase)} {cells}  ")
        found.append(text.append(cut(_result(row, texts), width - text.cell_len)))
    return found + _more(len(step.rows) - len(rows))


def _more(hidden: int) -> list[Text]:
    """The line that says how many requests were left out, if any were."""
    said = tr(f"… and {some(hidden, 'more request')}: --all", f"……另有 {hidden} 个请求：--all")
    return [Text(said, style="dim")] if hidden else []


def _result(row: Row, texts: dict[int, str]) -> str:
    blocks = f"[{listed(map(str, row.new_blocks))}] " if row.new_blocks else ""
    return blocks + (_quote("".join(_text(token, texts) for token in row.sampled)) if row.sampled else "")


def _queues(recording: Recording, step: Step, state: State, width: int) -> list[Text]:
    """Who waits, who came, who lost its blocks, who ends; a line for each that is not empty."""
    names = [story.id for story in recording.requests]
    waiting = [i for i, status in state.status.items() if status == "waiting"]
    out = [i for i, status in state.status.items() if status == "preempted"]
    victims = [f"{names[v.i]} (−{v.computed} token, {len(v.blocks)} {tr('blocks', '块')})" for v in step.preempted]
    found = [
        bold(tr(f"{step.running} running, {step.waiting} waiting", f"运行 {step.running}，等待 {step.waiting}")),
    ]
    for title, entries in (
        (tr("arrived", "到达"), [names[i] for i in step.arrived]),
        (tr("preempted in this step", "本步被抢占"), victims),
        (
            tr("wait, preempted before", "被抢占后等待"),
            [names[i] for i in out if i not in {v.i for v in step.preempted}],
        ),
        (tr("wait, new", "新到等待"), [names[i] for i in waiting]),
        (tr("ended before this step", "本步之前结束"), [f"{names[e.i]} ({e.reason})" for e in step.ended_before]),
        (tr("end with this step", "本步结束"), [f"{names[e.i]} ({e.reason})" for e in step.finished]),
    ):
        if entries:
            found.append(Text(cut(f"  {title}{tr(': ', '：')}{listed(entries)}", width)))
    return found


def _pool(blocks: list[Block], recording: Recording, width: int, everything: bool) -> list[Text]:
    held = [block for block in blocks if block.holders]
    shared = sum(block.kind == "shared" for block in blocks)
    cached = sum(block.kind == "cached" for block in blocks)
    size = recording.header.block_size
    found = [
        bold(
            cut(
                tr(
                    f"KV block pool: {len(blocks)} blocks of {size} tokens, {len(held)} held",
                    f"KV 块池：{len(blocks)} 块 × {size} token，{len(held)} 块被占用",
                ),
                width,
            )
        )
    ]
    edge = len(str(len(blocks))) + 1
    digits = max((len(_owner(block)) for block in blocks), default=1)
    columns = (width - edge - 1) // (digits + 2)
    columns = columns // 8 * 8 or columns
    for row in blockmap.rows(blocks, columns, len(blocks) if everything else _POOL_ROWS):
        if isinstance(row, int):
            found.append(Text(" " * (edge + 1) + tr(f"… {some(row, 'more block')}", f"……另有 {row} 块"), style="dim"))
            continue
        text = Text(right(str(row[0].number), edge) + " ", style="dim")
        for block in row:
            text.append(f"{_owner(block):>{digits}}" + ("+" if block.new else " "), style(block.kind)).append(" ")
        text.rstrip()
        found.append(text)
    legend = [Text(tr("the digit is the request", "数字是请求的序号"), style="dim")]
    if any(block.new for block in held):
        legend.append(Text(tr("+ new in this step", "+ 本步新分配"), style="dim"))
    if shared:
        mark = tr(f" * {shared} shared by several requests", f" * {shared} 块由多个请求共享")
        legend.append(Text(mark, style="dim"))
    if cached:
        legend.append(
            Text(tr(f"c {cached} free, still in the prefix cache", f"c {cached} 块空闲，仍在前缀缓存中"), style="dim")
        )
    if len(blocks) - len(held) - cached:
        free = len(blocks) - len(held) - cached
        legend.append(Text(tr(f"· {free} free", f"· {free} 块空闲"), style="dim"))
    return [*found, *flow(legend, "   ", width)]


def _owner(block: Block) -> str:
    if block.kind == "shared" or not block.holders:
        return KINDS[block.kind].letter
    return str(block.holders[0])


def _tables(
    recording: Recording,
    state: State,
    blocks: list[Block],
    texts: dict[int, str],
    label: int,
    width: int,
    everything: bool,
) -> list[Text]:
    size = recording.header.block_size
    number, tokens = len(str(len(blocks))), 2 * max((len(str(c)) for c in state.computed.values()), default=1) + 1
    number = max(number, cell_len(tr("block", "块")))
    tokens = max(tokens, cell_len(tr("tokens", "token")))
    head = f"{left(tr('request', '请求'), label)} {right(tr('block', '块'), number)} {right(tr('tokens', 'token'), tokens)}"
    found = [bold(cut(f"{head}  {tr('block tables: what each block holds', '块表：每块存放的内容')}", width))]
    requests = sorted(state.tables)
    for request in requests if everything else requests[:_TABLES]:
        parts = blockmap.table(request, state, blocks, size)
        story = recording.requests[request]
        for place, part in enumerate(parts):
            if not everything and len(parts) > _TABLE_ROWS and 2 <= place < len(parts) - 3:
                if place == 2:
                    more = len(parts) - 5
                    found.append(
                        Text(" " * (label + 1) + tr(f"… {some(more, 'more block')}", f"……另有 {more} 块"), style="dim")
                    )
                continue
            text = Text(left(story.id if place == 0 else "", label) + " ")
            digits = str(part.block.number)
            text.append(" " * (number - len(digits))).append(digits, style(part.block.kind)).append(" ")
            text.append(right(f"{part.first}–{part.first + part.filled - 1}" if part.filled else "–", tokens) + "  ")
            remark = _remark(part, size)
            room = max(0, width - text.cell_len - cell_len(remark) - 1)
            text.append(left(_quote(_content(story, part, texts), room), room)).append(" " + remark, style="dim")
            text.rstrip()
            found.append(text)
    if not requests:
        return []
    return found + _more(0 if everything else max(0, len(requests) - _TABLES))


def _remark(part: Part, size: int) -> str:
    said = [f"{part.filled}/{size}"] if part.filled < size else []
    if len(part.block.holders) > 1:
        said.append(tr(f"×{len(part.block.holders)} shared", f"×{len(part.block.holders)} 共享"))
    if part.block.cached:
        said.append(tr("cached", "已缓存"))
    if part.block.new:
        said.append(tr("new", "新"))
    return listed(said)


def _content(story: RequestStory, part: Part, texts: dict[int, str]) -> str:
    if len(story.prompt) < story.prompt_tokens:  # given as embeddings: there are no token ids
        return ""
    return "".join(_text(token, texts) for token in story.tokens[part.first : part.first + part.filled])


def _text(token: int, texts: dict[int, str]) -> str:
    return texts.get(token, f"<{token}>" if token >= 0 else "<?>")


def _quote(text: str, room: int | None = None) -> str:
    """The text on one line, in quotation marks, its middle left out where there is no room for it."""
    text = "".join(letter if letter.isprintable() else "⏎" if letter == "\n" else " " for letter in text)
    if not text:
        return ""
    return f"“{text if room is None else cut_middle(text, max(1, room - 2))}”"
