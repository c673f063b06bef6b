"""Where two requests' tokens lie: their block tables above and below the pool of blocks, and a line for each entry."""

from dataclasses import dataclass
from itertools import combinations

from workbook.drawing import model
from workbook.errors import WorkbookError
from workbook.i18n import some, tr
from workbook.recorder import Recording
from workbook.recorder.steps import State
from workbook.views import blockmap
from workbook.views.blockmap import Block, Part
from workbook.views.blockpicture import box
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet, room

_EDGE = 16.0
_BOX, _STRIDE, _HEIGHT = 78.0, 84.0, 54.0  # an entry of a block table
_FIT = int((WIDTH - 2 * _EDGE + 6) // _STRIDE)
_CELL, _COLUMNS = 58.0, 16  # a block of the pool, with the gutter at its right and below
_GUTTER = 12.0  # in its halves the lines run past other blocks
_BLOCK = _CELL - _GUTTER
_ROWS = 7
_GAP = 64.0  # between a table and the pool, for the lines
_LINE = KINDS["finished"].fill
_SHARED = KINDS["shared"].fill


@dataclass(frozen=True)
class Moment:
    """A step worth drawing, and the one or two requests whose tables are shown, by index."""

    step: int
    requests: tuple[int, ...]


def moment(recording: Recording) -> Moment:
    """The most instructive step: two requests that share a block, else two with many blocks; last ones half filled.

    Raises WorkbookError where no step of the recording holds a block.
    """
    best: tuple[tuple[int, ...], Moment] | None = None
    size = recording.header.block_size
    for step, state in recording.walk():
        longest = sorted(state.tables, key=lambda request: len(state.tables[request]), reverse=True)[:8]
        pairs: list[tuple[int, ...]] = [*combinations(sorted(longest), 2)] or [(request,) for request in longest]
        for pair in pairs:
            tables = [state.tables[request] for request in pair]
            shared = len(set(tables[0]).intersection(*tables[1:])) if len(pair) == 2 else 0
            shown = sum(min(len(table), _FIT) for table in tables)
            last = [state.computed.get(request, 0) % size for request in pair]  # slots filled of the last block
            score = (len(pair), min(shared, 1), shown, min(min(filled, size - filled) for filled in last), step.used)
            if best is None or score > best[0]:
                best = (score, Moment(step.number, pair))
    if best is None:
        raise WorkbookError(
            tr(
                "No request of this recording ever held a block: name another run, `workbook show` lists them.",
                "这份录制中没有请求占用过块：请指定另一次运行，`workbook show` 会列出。",
            )
        )
    return best[1]


def memory_layout(recording: Recording) -> str:
    """The picture, as SVG. Raises WorkbookError where there is nothing to draw."""
    at = moment(recording)
    state = recording.state_at(at.step)
    step = next(one for one in recording.steps if one.number == at.step)
    pool = blockmap.pool(step, state, recording)
    size = recording.header.block_size
    tables = [blockmap.table(request, state, pool, size) for request in at.requests]
    title = tr(
        f"Step {at.step}: block tables, and the blocks they point to", f"第 {at.step} 步：块表，以及它们指向的块"
    )
    sheet = Sheet(title, _about(recording, at))
    sheet.text(_EDGE, 28, title, SIZE, weight="600")
    if block := _block_bytes(recording):
        size_that_fits = min(SMALL, SMALL * (WIDTH - 2 * _EDGE) / room(block, SMALL))
        sheet.text(_EDGE, 60, block, size_that_fits, "dim")

    above = _Table(sheet, tables[0], size, 140.0)
    sheet.text(_EDGE, 98, _named(recording, state, at.requests[0]), SIZE, weight="600")
    cells, rest = _pool(sheet, pool, {part.block.number for table in tables for part in table}, above.bottom + _GAP)
    bottom = end = sheet.height
    above.lines(cells, down=True)
    if len(tables) > 1:
        below = _Table(sheet, tables[1], size, bottom + _GAP, heads_below=True)
        end = below.bottom + 20
        sheet.text(_EDGE, end + 26, _named(recording, state, at.requests[1]), SIZE, weight="600")
        below.lines(cells, down=False)
    if rest:  # where no line comes
        sheet.text(WIDTH - _EDGE, end + 26, _more(rest), SMALL, "dim", "end")
    _legend(sheet, pool)
    return str(sheet)


class _Table:
    """A request's block table as a row of boxes; ``lines`` connects each to its block in the pool."""

    def __init__(self, sheet: Sheet, parts: list[Part], size: int, top: float, heads_below: bool = False) -> None:
        self._sheet, self._top, self.bottom = sheet, top, top + _HEIGHT
        shown: list[Part | None] = list(parts) if len(parts) <= _FIT else [*parts[: _FIT - 3], None, *parts[-2:]]
        self._ends: list[tuple[float, int]] = []
        for place, part in enumerate(shown):
            x = _EDGE + place * _STRIDE
            if part is None:
                sheet.text(x + _BOX / 2, top + _HEIGHT / 2, f"+{len(parts) - _FIT + 1}", SIZE, "dim", "middle")
                continue
            head = f"{part.first}–{part.first + size - 1}"
            sheet.text(x + _BOX / 2, self.bottom + 14 if heads_below else top - 12, head, 15, "dim", "middle")
            self._box(part, size, x)
            self._ends.append((x + _BOX / 2, part.block.number))

    def _box(self, part: Part, size: int, x: float) -> None:
        block, top = part.block, self._top
        kind = KINDS[block.phase or block.kind]
        border = _SHARED if block.kind == "shared" else ""
        number = str(block.number)
        if part.filled == size:
            inset = 2 if border else 0
            self._sheet.rect(
                x + inset, top + inset, _BOX - 2 * inset, _HEIGHT - 2 * inset, kind.fill, border=border, tip=number
            )
            self._sheet.text(x + _BOX / 2, top + _HEIGHT / 2, number, SIZE, kind.ink, "middle", "600")
            return
        self._sheet.rect(x, top, _BOX, _HEIGHT, style="none", tip=f"{number}: {part.filled}/{size}")
        self._sheet.rect(x, top + _HEIGHT - 10, max(2.0, _BOX * part.filled / size), 10, kind.fill)
        self._sheet.text(x + _BOX / 2, top + 14, number, SIZE, "", "middle", "600")
        self._sheet.text(x + _BOX / 2, top + 33, f"{part.filled}/{size}", 15, "dim", "middle")

    def lines(self, cells: dict[int, tuple[float, float]], down: bool) -> None:
        """From the edge of each box to its block: straight where nothing lies between, else along the gap beside its column.

        The upper table takes the gaps at the left of the columns, the lower one those at their right.
        """
        start = self.bottom if down else self._top
        rows = [y for _, y in cells.values()]
        facing = min(rows) if down else max(rows)
        side = 1 if down else -1
        for x, number in self._ends:
            if number not in cells:
                continue
            middle, y = cells[number]
            edge = facing if down else facing + _BLOCK
            if y == facing:
                self._sheet.line(x, start, middle, edge, _LINE, 2.5)
                continue
            gap = middle - side * (_BLOCK / 2 + _GUTTER / 4)
            self._sheet.line(x, start, gap, edge, _LINE, 2.5)
            self._sheet.line(gap, edge, gap, y + _BLOCK / 2, _LINE, 2.5)
            self._sheet.line(gap, y + _BLOCK / 2, middle - side * (_BLOCK / 2), y + _BLOCK / 2, _LINE, 2.5)


def _pool(sheet: Sheet, pool: list[Block], wanted: set[int], top: float) -> tuple[dict[int, tuple[float, float]], int]:
    """Draw the rows of the pool that matter. Of each block drawn the middle of its upper edge; how many blocks follow, not drawn."""
    rows = [pool[start : start + _COLUMNS] for start in range(0, len(pool), _COLUMNS)]
    needed = [place for place, row in enumerate(rows) if any(block.number in wanted for block in row)]
    others = [place for place, row in enumerate(rows) if any(block.holders or block.cached for block in row)]
    kept = set(list(dict.fromkeys([*needed, *others]))[:_ROWS])
    places: dict[int, tuple[float, float]] = {}
    y, left_out = top, 0
    for place, row in enumerate(rows):
        if place not in kept:
            left_out += len(row)
            continue
        if left_out:
            sheet.text(WIDTH - _EDGE, y + 12, _more(left_out), SMALL, "dim", "end")
            y, left_out = y + 30, 0
        for column, block in enumerate(row):
            x = _EDGE + _GUTTER / 2 + column * _CELL
            _cell(sheet, block, x, y)
            places[block.number] = (x + _BLOCK / 2, y)
        y += _CELL
    return places, left_out


def _more(count: int) -> str:
    return tr(f"… {some(count, 'more block')}", f"……另有 {count:,} 块")


def _cell(sheet: Sheet, block: Block, x: float, y: float) -> None:
    side = _BLOCK
    tip = f"{block.number}: {', '.join(map(str, block.holders)) or KINDS[block.kind].name}"
    ink = box(sheet, block, x, y, side, tip)
    sheet.text(x + side / 2, y + side / 2, str(block.number), SIZE, ink, "middle", "600")


def _named(recording: Recording, state: State, request: int) -> str:
    story = recording.requests[request]
    computed, blocks = state.computed.get(request, 0), len(state.tables[request])
    return tr(
        f"Request {story.id}: {some(computed, 'token')} in {some(blocks, 'block')}",
        f"请求 {story.id}：{computed} 个 token，占 {blocks} 块",
    )


def _block_bytes(recording: Recording) -> str:
    """The sum behind the size of one block, on one rank; "" where the header does not say."""
    element = model.kv_bytes(recording)
    try:
        shape = model.architecture(recording)
    except WorkbookError:
        return ""
    if element is None:
        return ""
    ranks, tokens = model.ranks(recording), recording.header.block_size
    heads = max(1, shape.kv_heads // ranks)
    total = tokens * shape.kv_bytes_per_token(element, ranks)
    each = tr(" on each rank", "（每个 rank）") if ranks > 1 else ""
    return tr(
        f"One block{each}: {tokens} tokens × {shape.layers} layers × K and V × {heads} KV heads × {shape.head_dim} × {element} bytes "
        f"= {model.size(total)}",
        f"一个块{each}：{tokens} 个 token × {shape.layers} 层 × K 和 V × {heads} 个 KV 头 × {shape.head_dim} × {element} 字节 "
        f"= {model.size(total)}",
    )


def _about(recording: Recording, at: Moment) -> str:
    names = [recording.requests[request].id for request in at.requests]
    return tr(
        f"The block tables of requests {', '.join(names)} and the block pool in step {at.step}.",
        f"第 {at.step} 步中请求 {'、'.join(names)} 的块表和块池。",
    )


def _legend(sheet: Sheet, pool: list[Block]) -> None:
    """The colours that occur."""
    names = {
        "prefill": tr("its request prefills", "其请求正在预填充"),
        "chunk": tr("its request prefills in chunks", "其请求正在分块预填充"),
        "decode": tr("its request decodes", "其请求正在解码"),
        "paused": tr("its request has no token in this step", "其请求本步没有 token"),
        "shared": tr("shared by several requests", "由多个请求共享"),
        "cached": KINDS["cached"].about,
        "free": KINDS["free"].about,
    }
    kinds = {block.kind for block in pool} | {block.phase for block in pool}
    entries = [
        (f"border {_SHARED}" if name == "shared" else KINDS[name].fill, text)
        for name, text in names.items()
        if name in kinds
    ]
    sheet.swatches(entries, _EDGE, sheet.height + 34)
