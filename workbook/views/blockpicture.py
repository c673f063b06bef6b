"""A picture of the pool of KV blocks in one step, and of the block tables that point into it."""

import math

from workbook.i18n import some, tr
from workbook.recorder import Recording
from workbook.views import blockmap
from workbook.views.blockmap import Block, Part
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet, room

_EDGE = 16
_TABLES = 8  # requests
_SHARED = KINDS["shared"].fill
_STRIDE = 84.0  # from one block of a table to the next


def blocks(recording: Recording, step: int) -> str:
    """The pool in step ``step``, a cell for each block, and the block tables. Raises LookupError for no such step."""
    state = recording.state_at(step)
    at = next(one for one in recording.steps if one.number == step)
    pool = blockmap.pool(at, state, recording)
    size = recording.header.block_size
    held = sum(bool(block.holders) for block in pool)
    title = tr(
        f"Step {step}: {held} of {len(pool)} KV blocks are held, {size} tokens each",
        f"第 {step} 步：{len(pool)} 个 KV 块中 {held} 个被占用，每块 {size} 个 token",
    )
    sheet = Sheet(title, tr("The block pool, then each request's block table.", "先是块池，然后是每个请求的块表。"))
    sheet.text(_EDGE, 28, title, SIZE, weight="600")
    y = _pool(sheet, pool, 56.0) + 18
    if _cell_size(pool) - 4 >= 42:
        how = tr(
            "small number: the block · large number: the request that holds it", "小号数字：块 · 大号数字：占用它的请求"
        )
        sheet.text(_EDGE, y - 2, how, SMALL, "dim")
        y += 30
    _counts(sheet, pool, y)
    y = sheet.height + 44
    requests = sorted(state.tables)
    if requests:
        what = tr("Block tables: in which block a request's tokens are", "块表：请求的各段 token 存放在哪个块中")
        sheet.text(_EDGE, y, what, SIZE, weight="600")
        y += 26
        names = {index: tr("request ", "请求 ") + recording.requests[index].id for index in requests[:_TABLES]}
        left = _EDGE + min(240.0, max(map(room, names.values()))) + 14
        tables = {index: blockmap.table(index, state, pool, size) for index in names}
        _heads(sheet, left, y + 10, size, max(map(len, tables.values())))
        y += 26
        for index, name in names.items():
            sheet.text(left - 14, y + 24, name, SIZE, anchor="end")
            _table(sheet, tables[index], size, left, y)
            y += 60
        if len(requests) > _TABLES:
            more = len(requests) - _TABLES
            sheet.text(left, y + 4, tr(f"… and {some(more, 'more request')}", f"……另有 {more} 个请求"), SMALL, "dim")
    return str(sheet)


def _pool(sheet: Sheet, pool: list[Block], top: float) -> float:
    """Draw the cells; large where they are few. The lower edge is returned."""
    cell = _cell_size(pool)
    columns = int((WIDTH - 2 * _EDGE) // cell)
    y = top
    for row in blockmap.rows(pool, columns, 28):
        if isinstance(row, int):
            sheet.text(_EDGE, y + 15, tr(f"… {some(row, 'more block')}", f"……另有 {row} 块"), SMALL, "dim")
            y += 32
            continue
        for place, block in enumerate(row):
            _cell(sheet, block, _EDGE + place * cell, y, cell - 4)
        y += cell
    return y


def _cell_size(pool: list[Block]) -> float:
    return max(14.0, min(58.0, math.sqrt(900 * 300 / max(1, len(pool)))))


def box(sheet: Sheet, block: Block, x: float, y: float, side: float, tip: str) -> str:
    """Draw a block's square in the colour of its kind; returns the ink for what is written on it."""
    kind = KINDS[block.kind]
    if block.kind == "free":
        sheet.rect(x + 1, y + 1, side - 2, side - 2, style="open", tip=tip)
    elif block.kind == "shared":
        sheet.rect(x + 2, y + 2, side - 4, side - 4, KINDS[block.phase].fill, border=kind.fill, tip=tip)
    else:
        sheet.rect(x, y, side, side, kind.fill, tip=tip)
    return "dim" if block.kind == "free" else KINDS[block.phase or block.kind].ink


def _cell(sheet: Sheet, block: Block, x: float, y: float, side: float) -> None:
    kind = KINDS[block.kind]
    holders = ", ".join(map(str, block.holders)) or kind.name
    tip = tr(f"block {block.number}: {holders}", f"块 {block.number}：{holders}")
    ink = box(sheet, block, x, y, side, tip)
    if side < 26:
        return
    label = f"×{len(block.holders)}" if len(block.holders) > 1 else str(block.holders[0]) if block.holders else ""
    numbered = side >= 42
    if numbered:
        sheet.text(x + 6, y + 12, str(block.number), 14, ink)
    if label:
        sheet.text(
            x + side / 2, y + side * (0.64 if numbered else 0.5), label, min(SIZE, side * 0.5), ink, "middle", "600"
        )


def _counts(sheet: Sheet, pool: list[Block], y: float) -> None:
    """How many blocks there are of each kind: the key and the figures in one."""
    does = {
        "prefill": tr("held: its request prefills", "被占用：请求正在预填充"),
        "chunk": tr("held: its request prefills in chunks", "被占用：请求正在分块预填充"),
        "decode": tr("held: its request decodes", "被占用：请求正在解码"),
        "paused": tr("held: its request pauses", "被占用：请求本步暂停"),
        "shared": tr("shared by several requests", "由多个请求共享"),
    }
    counts = {name: sum(block.kind == name for block in pool) for name in KINDS}
    sheet.swatches(
        [
            (
                KINDS[name].fill if name != "shared" else f"border {KINDS[name].fill}",
                tr(f"{count} ", f"{count} 块") + does.get(name, KINDS[name].about),
            )
            for name, count in counts.items()
            if count
        ],
        _EDGE,
        y,
    )


def _heads(sheet: Sheet, left: float, y: float, size: int, columns: int) -> None:
    """Over the columns of the tables: which tokens are there."""
    for place in range(min(columns, _fit(left))):
        if columns > _fit(left) and place >= _fit(left) - 3:
            break
        label = f"{place * size}–{place * size + size - 1}"
        sheet.text(left + place * _STRIDE + (_STRIDE - 8) / 2, y, label, 15, "dim", "middle")


def _fit(left: float) -> int:
    return int((WIDTH - _EDGE - left) // _STRIDE)


def _table(sheet: Sheet, parts: list[Part], size: int, left: float, y: float) -> None:
    """The blocks of one request in order; the unfilled part of the last one stays empty, the middle of many is left out."""
    fit = _fit(left)
    shown: list[Part | None] = list(parts) if len(parts) <= fit else [*parts[: fit - 3], None, *parts[-2:]]
    for place, part in enumerate(shown):
        x, width = left + place * _STRIDE, _STRIDE - 8
        if part is None:
            sheet.text(x + width / 2, y + 24, f"+{len(parts) - fit + 1}", SIZE, "dim", "middle")
            continue
        block, full = part.block, part.filled == size
        kind = KINDS[block.phase or block.kind]
        border = _SHARED if block.kind == "shared" else ""
        tip = tr(f"{part.filled} of {size} tokens", f"{part.filled}/{size} token")
        if full:
            inset = 2 if border else 0
            sheet.rect(x + inset, y + inset, width - 2 * inset, 46 - 2 * inset, kind.fill, border=border, tip=tip)
        else:
            sheet.rect(x, y, width, 46, style="none", tip=tip)
            sheet.rect(x, y + 36, max(2.0, width * part.filled / size), 10, kind.fill)
        sheet.text(
            x + width / 2, y + (23 if full else 18), str(block.number), SIZE, kind.ink if full else "", "middle", "600"
        )
