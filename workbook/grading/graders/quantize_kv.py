"""Quantised keys and values, against what vLLM's kernels put into a cache for what a layer of SmolLM2 gave to it.

Of the learner's own run come the two fp8 kinds with the scale 1.0. What it cannot show is in our recording, made by
``scripts/kv_kernels.py`` from the same keys and values: fp8 with another scale, and INT8 by vLLM's kernel for cards.
"""

from collections.abc import Callable, Iterator

import numpy as np

from workbook import kvtypes, paths
from workbook.capture import Captured
from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake, Tolerance

Array = np.ndarray
OURS = "kv_types"
MOST = {"fp8": 448.0, "fp8_e5m2": 57344.0}
MANTISSA = {"fp8": (3, -6), "fp8_e5m2": (2, -14)}  # bits, and the smallest exponent of a normal number


def cases(run: Evidence) -> Iterator[Case]:
    """Keys and values of the run's own kinds, then what only our recording has."""
    ours = Evidence(paths.STAGES / "2_core_techniques" / "recordings" / OURS).captured
    try:
        own: Captured | None = run.captured
    except WorkbookError:  # a card, or a processor whose kernel packs its blocks in another way
        own = None
    for kind in MOST:
        for which in ("key", "value"):
            has = own is not None and f"{kind}/0/stored_{which}" in own.keys
            yield _case(own if own is not None and has else ours, kind, 0, which)
    for key in ours.keys:
        kind, call, name = key.split("/")
        if name.startswith("stored_") and (int(call) or kind == kvtypes.INT8):
            yield _case(ours, kind, int(call), name.removeprefix("stored_"))


def _case(captured: Captured, kind: str, call: int, which: str) -> Case:
    given, stored = (captured(kind, call, f"{what}_{which}") for what in ("given", "stored"))
    if f"{kind}/{call}/scales_{which}" in captured.keys:
        scale, scales = 1.0, captured(kind, call, f"scales_{which}")
    else:
        scale = float(captured(kind, call, "scale")[0]) if call else 1.0
        scales = np.full(given.shape[:2], scale, np.float32)
    names = {"key": "键", "value": "值"}
    return Case(
        (given, kind, scale),
        [stored, scales],
        Text(f"{which}s, {kind}, scale {scale:g}", f"{names[which]}，{kind}，缩放因子 {scale:g}"),
        parts=(Text("stored", "stored"), Text("scales", "scales")),
    )


def to_fp8(x: Array, kind: str, rounding: Callable[[Array], Array]) -> Array:
    """Each value as a number of the kind: a whole multiple of the step at its exponent."""
    bits, smallest = MANTISSA[kind]
    _, exponent = np.frexp(x)
    step = np.exp2(np.maximum(exponent - 1, smallest) - bits)
    found: Array = np.clip(rounding(x / step) * step, -MOST[kind], MOST[kind])
    return found


def _version(
    rounding: Callable[[Array], Array] = np.trunc,
    over: tuple[int, ...] = (-1,),
    most: float = 127.0,
    whole: Callable[[Array], Array] = lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    power: int = -1,
    swapped: bool = False,
    own_scale: bool = True,
) -> Callable[..., list[Array]]:
    """The answer of somebody who rounds, scales or mixes up in this way. ``power``: -1 divides by the scale, 1 multiplies."""

    def answer(kv: Array, kind: str, scale: float) -> list[Array]:
        if kind == kvtypes.INT8:
            scales = np.maximum(np.abs(kv).max(axis=over, keepdims=True) / np.float32(most), np.float32(1e-6))
            scales = np.broadcast_to(scales if own_scale else np.float32(scale), (*kv.shape[:2], 1)).astype(np.float32)
            stored = np.clip(whole(kv * (np.float32(1) / scales)), -128, 127)
            return [stored.astype(np.float32), np.ascontiguousarray(scales[..., 0])]
        if swapped:
            kind = next(other for other in MOST if other != kind)
        x = kv * np.float32(scale) ** np.float32(power)
        return [to_fp8(x, kind, rounding).astype(np.float32), np.full(kv.shape[:2], scale, np.float32)]

    return answer


def _read_back(kv: Array, kind: str, scale: float) -> list[Array]:
    stored, scales = _version()(kv, kind, scale)
    return [stored * scales[..., None], scales]


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _version(rounding=np.round),
            Text(
                "fp8: you take the nearest number, as `.to()` and a card do; the CPU kernel takes the one nearer to zero.",
                "fp8：你取了最近的数，`.to()` 和显卡也是这样；而 CPU 内核取靠近零的那个。",
            ),
        ),
        Mistake(
            _version(over=(-1, -2)),
            Text(
                "int8: one scale for all heads of a token; each head has its own.",
                "int8：你给一个 token 的所有头用了同一个缩放因子；每个头应有自己的。",
            ),
        ),
        Mistake(
            _version(over=(0, -1)),
            Text(
                "int8: one scale for all tokens of a head; each token has its own, so that none written later changes it.",
                "int8：你给一个头的所有 token 用了同一个缩放因子；每个 token 应有自己的，这样之后写入的 token 不会改变它。",
            ),
        ),
        Mistake(
            _version(most=128.0),
            Text(
                "int8: the largest value is 127, not 128: divide the largest |value| by 127.",
                "int8：最大值是 127，不是 128：用最大的 |值| 除以 127。",
            ),
        ),
        Mistake(
            _version(whole=np.trunc),
            Text(
                "int8: you cut the fraction off; this kernel rounds to the nearest integer.",
                "int8：你舍去了小数部分；这个内核舍入到最近的整数。",
            ),
        ),
        Mistake(
            _version(own_scale=False),
            Text(
                "int8: you use the scale that was given; this kind makes its own from the values.",
                "int8：你用了传入的缩放因子；这种类型要从数值自己算出来。",
            ),
        ),
        Mistake(
            _version(power=1),
            Text(
                "fp8: you multiply by the scale; what is stored is kv divided by it, and reading multiplies.",
                "fp8：你乘了缩放因子；存的是除以它的结果，读取时才相乘。",
            ),
        ),
        Mistake(
            _version(power=0),
            Text("fp8: you forgot the scale.", "fp8：你忘了缩放因子。"),
        ),
        Mistake(
            _version(swapped=True),
            Text(
                "fp8 is e4m3, torch.float8_e4m3fn; fp8_e5m2 is torch.float8_e5m2. You have them the other way round.",
                "fp8 是 e4m3，即 torch.float8_e4m3fn；fp8_e5m2 是 torch.float8_e5m2。你把两者弄反了。",
            ),
        ),
        Mistake(
            _read_back,
            Text(
                "you gave what is read, stored · scales; stored is what the 8 bits stand for, before any scale.",
                "你给出的是读到的 stored · scales；stored 应是 8 个比特所表示的数，未乘缩放因子。",
            ),
        ),
    ],
    tolerance=Tolerance(relative=1e-6, absolute=0.0),
    shipped=(OURS,),
)
