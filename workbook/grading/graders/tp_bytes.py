"""Bytes that a rank puts into its collectives, step by step, against what the workers counted."""

from collections.abc import Callable, Iterator
from typing import Any

from workbook import runinfo
from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake
from workbook.ranks import files

_MODEL = ("num_hidden_layers", "hidden_size", "vocab_size")


def cases(run: Evidence) -> Iterator[Case]:
    """Every step that differs from those before it in tokens or requests."""
    info = runinfo.read(run.folder)
    try:
        ranks = files.read(run.folder)
    except WorkbookError:
        raise run.lacking(files.FILE) from None
    if info is None or "element_bytes" not in info.results:
        raise run.lacking(runinfo.FILE)
    model = [run.recording.header.architecture[name] for name in _MODEL]
    seen = set()
    for step, counted in zip(run.recording.steps, ranks[0].steps, strict=False):
        size = {"tokens": sum(row.scheduled for row in step.rows), "requests": len(step.rows)}
        if tuple(size.values()) in seen:
            continue
        seen.add(tuple(size.values()))
        yield Case(
            (*model, size, len(ranks), info.results["element_bytes"]),
            counted.payload,
            Text(f"step {step.number}", f"第 {step.number} 步"),
        )


def _version(
    all_reduces: Callable[[int], int] = lambda layers: 1 + 2 * layers,
    row: Callable[[int, int], int] = lambda hidden, ranks: hidden,
    logits: Callable[[int, dict[str, int], int], int] = lambda words, step, ranks: step["requests"] * words // ranks,
    width: Callable[[dict[str, int]], int] = lambda step: step["tokens"],
    size: Callable[[int], int] = lambda element_bytes: element_bytes,
) -> Callable[..., Any]:
    """The bytes of somebody who errs in one of these."""

    def count(layers: int, hidden: int, vocabulary: int, step: dict[str, int], ranks: int, element_bytes: int) -> int:
        reduced = all_reduces(layers) * width(step) * row(hidden, ranks)
        return (reduced + logits(vocabulary, step, ranks)) * size(element_bytes)

    return count


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _version(all_reduces=lambda layers: 2 * layers),
            Text(
                "one all-reduce is missing: the embedding's, for a rank knows only its own part of the vocabulary.",
                "少了一次 all-reduce：嵌入的那次，因为一个 rank 只有词表的一部分。",
            ),
        ),
        Mistake(
            _version(all_reduces=lambda layers: 1 + layers),
            Text(
                "each layer has two all-reduces: after o_proj and after down_proj.",
                "每层有两次 all-reduce：o_proj 之后和 down_proj 之后。",
            ),
        ),
        Mistake(
            _version(logits=lambda words, step, ranks: 0),
            Text("the all-gather of the logits is missing.", "少了 logits 的 all-gather。"),
        ),
        Mistake(
            _version(logits=lambda words, step, ranks: step["requests"] * words),
            Text(
                "you counted all logits; a rank puts in those of its own part of the vocabulary.",
                "你算的是全部 logits；一个 rank 只放入自己那部分词表的 logits。",
            ),
        ),
        Mistake(
            _version(logits=lambda words, step, ranks: step["tokens"] * words // ranks),
            Text(
                "you counted logits of every token; only the last one of each request has any.",
                "你给每个 token 都算了 logits；其实每个请求只有最后一个 token 需要。",
            ),
        ),
        Mistake(
            _version(row=lambda hidden, ranks: hidden // ranks),
            Text(
                "you cut the all-reduce's tensor; each rank has a partial sum of the full width.",
                "你把 all-reduce 的张量也切了；每个 rank 的部分和都是完整宽度。",
            ),
        ),
        Mistake(
            _version(width=lambda step: step["requests"]),
            Text(
                "you counted one token for each request; in a prefill step all its tokens go through the layers.",
                "你给每个请求只算了一个 token；预填充时，提示词的全部 token 都要经过各层。",
            ),
        ),
        Mistake(
            _version(size=lambda element_bytes: 1),
            Text("you counted numbers; the answer is in bytes.", "你数的是数的个数；应换算成字节。"),
        ),
        Mistake(
            _version(size=lambda element_bytes: 2),
            Text("float32 has four bytes: use element_bytes.", "float32 占四个字节：请用 element_bytes。"),
            must_differ=False,  # a run in bfloat16 cannot refute it; our recording in float32 does
        ),
    ],
    shipped=("tp4_kv2", "float32", "smollm2_tp3"),
)
