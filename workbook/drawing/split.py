"""How tensor parallelism cuts a LLaMA: each weight with the part of each rank, and where the ranks must talk."""

from workbook.architecture import Architecture
from workbook.drawing import model, shards
from workbook.drawing.shards import Weight
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.recorder import Recording
from workbook.views.colours import KINDS
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet, room

_EDGE, _BAR = 16.0, 30.0  # the bar at the left holds together what every layer has
_NAME, _BOX, _BOX_WIDTH, _RIGHT = 42.0, 232.0, 392.0, 640.0
_HEIGHT, _STRIDE = 56.0, 66.0
_SHARED = KINDS["shared"].fill


def degree(recording: Recording) -> tuple[int, str]:
    """How many ranks to draw, and a sentence where they are not the run's own ("" otherwise). Raises WorkbookError."""
    own = model.ranks(recording)
    if own > 1:
        return own, ""
    shape = model.architecture(recording)
    ranks = next((count for count in (2, 3, 4, 5, 6, 7, 8) if shards.fits(shape, count)), None)
    if ranks is None:
        raise WorkbookError(
            tr(
                f"The run had one rank, and {shape.heads} heads with {shape.kv_heads} KV heads divide by none of 2 to 8: run "
                "another model, as with --model tiny --tp 2.",
                f"该运行只有一个 rank，而 {shape.heads} 个头、{shape.kv_heads} 个 KV 头不能平均分给 2 到 8 个 rank："
                "请换一个模型运行，例如加 --model tiny --tp 2。",
            )
        )
    if ranks == 2:
        return 2, tr(
            "The run had one rank; this is how two would share.", "该运行只有一个 rank；图中是两个 rank 时的切分。"
        )
    return ranks, tr(
        f"The run had one rank; this is for {ranks}, because 2 cannot share {shape.heads} heads and {shape.kv_heads} KV heads evenly.",
        f"该运行只有一个 rank；图中按 {ranks} 个 rank 切分，因为 {shape.heads} 个头和 {shape.kv_heads} 个 KV 头无法平分给 2 个。",
    )


def tensor_parallel_split(recording: Recording) -> str:
    """The picture, as SVG. Raises WorkbookError for a model that is no LLaMA, or cannot be cut."""
    ranks, _ = degree(recording)
    shape, element = model.architecture(recording), model.element_bytes(recording)
    tied = model.tied(recording)
    title = tr(
        f"How {ranks} ranks share the weights of {model.name(recording)}",
        f"{ranks} 个 rank 如何分担 {model.name(recording)} 的权重",
    )
    sheet = Sheet(
        title,
        tr(
            "Each weight with each rank's part, top to bottom as a token passes.",
            "按 token 经过的顺序，自上而下列出各权重的切分。",
        ),
    )
    sheet.text(_EDGE, 28, title, SIZE, weight="600")
    how = (
        tr(
            "Drawn as y = x·A: inputs from top to bottom, outputs from left to right.",
            "按 y = x·A 绘制：自上而下是输入，自左而右是输出。",
        ),
        tr(
            "At the right, as PyTorch stores it: a linear layer's A transposed.",
            "右侧是 PyTorch 中的存储形状：线性层的 A 经过转置。",
        ),
    )
    for place, line in enumerate(how):
        sheet.text(_EDGE, 58 + place * 26, line, SMALL, "dim")
    drawing = _Rows(sheet, element, 108.0)
    reduce = tr("all-reduce: the ranks add up their partial sums", "all-reduce：各 rank 的部分和相加")
    drawing.weight(shards.vocabulary(shape, ranks, "embed_tokens"))
    drawing.talk(
        tr("all-reduce: one rank has the row, the others add zeros", "all-reduce：只有一个 rank 有这一行，其余加 0")
    )
    top = drawing.y
    attention, mlp = shards.attention(shape, ranks), shards.mlp(shape, ranks)
    for weight in attention[:3]:
        drawing.weight(weight)
    drawing.quiet(
        tr(
            "attention over own heads, own part of the KV cache: nothing is sent",
            "注意力只用自己的头和自己那部分 KV 缓存：无需通信",
        )
    )
    drawing.weight(attention[3])
    drawing.talk(reduce)
    for weight in mlp[:2]:
        drawing.weight(weight)
    drawing.quiet(tr("SiLU(gate) · up, element by element: nothing is sent", "SiLU(gate) · up，逐元素：无需通信"))
    drawing.weight(mlp[2])
    drawing.talk(reduce)
    _layers(sheet, shape.layers, top, drawing.y - 12)
    drawing.weight(shards.vocabulary(shape, ranks, "lm_head"), _same(tied))
    drawing.talk(
        tr("all-gather: the logits of each rank's tokens, side by side", "all-gather：各 rank 的 logits 拼接起来")
    )
    _sums(sheet, shape, ranks, element, tied, drawing.y + 10)
    return str(sheet)


class _Rows:
    """From top to bottom: weights, and what happens between them. ``y`` is where the next one begins."""

    def __init__(self, sheet: Sheet, element: int, top: float) -> None:
        self._sheet, self._element, self.y = sheet, element, top

    def weight(self, weight: Weight, note: str = "") -> None:
        """A weight, cut; at the right what one rank stores."""
        sheet, y = self._sheet, self.y
        sheet.text(_NAME, y + 16, weight.name, SIZE, weight="600")
        sheet.text(_NAME, y + 42, _cut(weight), SMALL, "dim")
        ranks = len(weight.parts)
        # Outputs run to the right, so a cut by outputs stands upright; the vocabulary is embed_tokens' input, lm_head's output.
        upright = weight.cut == "column" or weight.name == "lm_head"
        height = _HEIGHT if upright else max(_HEIGHT / ranks, 20.0)
        for rank in range(ranks):
            width = _BOX_WIDTH / ranks if upright else _BOX_WIDTH
            x, top = (_BOX + rank * width, y) if upright else (_BOX, y + rank * height)
            inset = 2 if weight.replicated else 1
            sheet.rect(
                x + inset,
                top + inset,
                width - 2 * inset,
                height - 2 * inset,
                style="none" if rank % 2 else "held",
                border=_SHARED if weight.replicated else "",
                tip=f"rank {rank}: {_range(weight, rank)}",
            )
            self._label(weight, rank, x + width / 2, top + height / 2, width, height)
        outputs, inputs = weight.shape(0)
        sheet.text(_RIGHT, y + 16, tr(f"a rank: {outputs:,} × {inputs:,}", f"每 rank：{outputs:,} × {inputs:,}"), SIZE)
        text = model.size(outputs * inputs * self._element) + (f" · {note}" if note else "")
        sheet.text(_RIGHT, y + 42, text, SMALL, "dim")
        self.y += _STRIDE if upright else max(_STRIDE, ranks * height + 10)

    def _label(self, weight: Weight, rank: int, x: float, y: float, width: float, height: float) -> None:
        size = min(SMALL, height * 0.75)
        for text in (
            f"rank {rank}: {_range(weight, rank)}",
            f"{rank}: {_range(weight, rank)}",
            f"rank {rank}",
            str(rank),
        ):
            if room(text, size) + 8 <= width:
                self._sheet.text(x, y, text, size, anchor="middle")
                return

    def talk(self, what: str) -> None:
        """Here every rank waits for every other."""
        self._sheet.rect(_BOX, self.y, WIDTH - _EDGE - _BOX, 34, style="open")
        self._sheet.line(_BOX, self.y, _BOX, self.y + 34, "mark", 8)
        self._sheet.text(_BOX + 18, self.y + 17, what, SMALL, weight="600")
        self.y += 50

    def quiet(self, what: str) -> None:
        """Here no rank needs another."""
        self._sheet.text(_BOX, self.y + 10, what, SMALL, "dim")
        self.y += 34


def _cut(weight: Weight) -> str:
    return {
        "column": tr("column parallel", "列并行"),
        "row": tr("row parallel", "行并行"),
        "vocabulary": tr("by tokens", "按词表切分"),
    }[weight.cut]


def _range(weight: Weight, rank: int) -> str:
    """What the rank has, in the unit that one thinks in."""
    if weight.heads:
        first, last = weight.heads[rank]
        kind = tr("KV head", "KV 头") if weight.name in ("k_proj", "v_proj") else tr("head", "头")
        return _span(kind, first, last - 1)
    first, last = weight.parts[rank]
    return f"{first:,}–{last - 1:,}"


def _span(kind: str, first: int, last: int) -> str:
    if first == last:
        return f"{kind} {first}"
    return f"{kind}{tr('s', '')} {first}–{last}"


def _same(tied: bool | None) -> str:
    if tied:
        return tr("it is embed_tokens", "即 embed_tokens")
    return tr("own, unless tied", "独立存储（除非共享）") if tied is None else ""


def _layers(sheet: Sheet, layers: int, top: float, bottom: float) -> None:
    sheet.line(_BAR, top, _BAR, bottom, "mark", 3)
    sheet.line(_BAR, top, _BAR + 8, top, "mark", 3)
    sheet.line(_BAR, bottom, _BAR + 8, bottom, "mark", 3)
    sheet.text(_NAME, bottom - 20, tr(f"× {layers} layers", f"× {layers} 层"), SIZE, weight="600")


def _sums(sheet: Sheet, shape: Architecture, ranks: int, element: int, tied: bool | None, y: float) -> None:
    one = model.size(shards.elements(shape, ranks, 0, bool(tied)) * element)
    whole = model.size(shards.elements(shape, 1, 0, bool(tied)) * element)
    row = model.size(shape.hidden * element)
    lines = [
        tr(
            f"Each rank stores {one}, the norms whole; one rank alone would store {whole}.",
            f"每个 rank 存储 {one}（归一化层各存一份）；只有一个 rank 时要存 {whole}。",
        ),
        tr(
            f"Each step: 1 + 2 × {shape.layers} = {1 + 2 * shape.layers} all-reduces of {row} a token, and one all-gather.",
            f"每步：1 + 2 × {shape.layers} = {1 + 2 * shape.layers} 次 all-reduce，每个 token {row}；另有一次 all-gather。",
        ),
    ]
    padding = shards.vocabulary(shape, ranks, "embed_tokens").padding
    if padding:
        lines.append(
            tr(
                f"{padding} rows of embed_tokens and lm_head are padding: {shape.vocab:,} filled up to a multiple of 64.",
                f"embed_tokens 和 lm_head 各有 {padding} 行填充：词表大小 {shape.vocab:,} 补齐到 64 的倍数。",
            )
        )
    if any(weight.replicated for weight in shards.attention(shape, ranks)):
        lines.append(
            tr(
                f"Orange: {ranks} ranks and {shape.kv_heads} KV heads, so every {ranks // shape.kv_heads} ranks hold the same one.",
                f"橙色：{ranks} 个 rank 而只有 {shape.kv_heads} 个 KV 头，每 {ranks // shape.kv_heads} 个 rank 持有同一个头。",
            )
        )
    for place, line in enumerate(lines):
        sheet.text(_EDGE, y + place * 28, line, SMALL)
