"""Blocks that a request holds, pass by pass, against the length of its block table in the recording."""

from collections import Counter
from collections.abc import Iterator

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake


def cases(run: Evidence) -> Iterator[Case]:
    """Every step of every request, until it meets what later lessons are about: a prompt in chunks, a preemption, drafts."""
    recording = run.recording
    passes: Counter[int] = Counter()
    left_out: set[int] = set()
    for step, state in recording.walk():
        for row in step.rows:
            request = recording.requests[row.request]
            if row.phase == "chunk" or row.recompute or row.drafts:
                left_out.add(row.request)
            if row.request in left_out:
                continue
            passes[row.request] += 1
            yield Case(
                (request.prompt_tokens, passes[row.request], recording.header.block_size),
                len(state.tables[row.request]),
                Text(f"step {step.number}, request {request.id}", f"第 {step.number} 步（step），请求 {request.id}"),
            )


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            lambda prompt, k, size: -(-(prompt + k) // size),
            Text(
                "you counted the token that this forward pass samples; its K and V enter the cache in the next one.",
                "你把这次前向计算采样出的 token 也算进去了；它的 K 和 V 要到下一次前向计算才写入缓存。",
            ),
        ),
        Mistake(
            lambda prompt, k, size: (prompt + k - 1) // size + 1,
            Text(
                "you add one to the quotient; where the tokens fill their blocks exactly, that is a block too many: round up instead.",
                "你给商加了 1；token 恰好填满块时，这样会多出一个块：应当向上取整。",
            ),
        ),
        Mistake(
            lambda prompt, k, size: (prompt + k - 1) // size,
            Text(
                "you counted full blocks only; the last one, partly filled, is held as well: round up.",
                "你只数了填满的块；最后一个没有填满的块同样被占用：应当向上取整。",
            ),
        ),
        Mistake(
            lambda prompt, k, size: -(-(prompt + max(0, k - 2)) // size),
            Text(
                "you left out the token that this forward pass takes in; it needs its slot before the pass starts.",
                "你漏掉了这次前向计算输入的 token；前向计算开始之前就要为它准备好槽位。",
            ),
        ),
        Mistake(
            lambda prompt, k, size: -(-prompt // size),
            Text(
                "you counted the prompt only; every decode step adds a token to the cache.",
                "你只算了提示词；每个解码步都会往缓存里再加一个 token。",
            ),
        ),
        Mistake(
            lambda prompt, k, size: prompt + k - 1,
            Text("you counted tokens; divide them into blocks.", "你数的是 token；请换算成块。"),
        ),
        Mistake(
            lambda prompt, k, size: -(-k // size),
            Text(
                "you counted the forward passes only; the first one brings the whole prompt in.",
                "你只数了前向计算的次数；第一次前向计算会输入整个提示词。",
            ),
        ),
    ],
)
