"""The text after each token, against what the engine streamed."""

import codecs
from collections.abc import Iterator

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake
from workbook.recorder import streams


def cases(run: Evidence) -> Iterator[Case]:
    """Every request that the script streamed."""
    found = streams.read(run.folder)
    if not found:
        raise run.lacking(streams.FILE)
    for number, stream in enumerate(found, 1):
        parts = tuple(Text(f"token {n}, {p!r}", f"第 {n} 个 token，{p!r}") for n, p in enumerate(stream.pieces, 1))
        yield Case((stream.pieces,), stream.texts, Text(f"stream {number}", f"第 {number} 个流"), parts=parts)


def _waiting(pieces: list[bytes], flush: bool) -> list[str]:
    texts, waiting = [], b""
    for piece in pieces:
        waiting += piece
        text = waiting.decode("utf-8", "replace")
        done = not text.endswith("\ufffd")
        texts.append(text if done else "")
        waiting = b"" if done else waiting
    if flush and waiting:
        texts[-1] = waiting.decode("utf-8", "replace")
    return texts


def _eager(pieces: list[bytes]) -> list[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return [decoder.decode(piece) for piece in pieces]


def _so_far(pieces: list[bytes]) -> list[str]:
    texts = _waiting(pieces, flush=False)
    return ["".join(texts[: place + 1]) for place in range(len(texts))]


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            lambda pieces: [piece.decode("utf-8", "replace") for piece in pieces],
            Text(
                "you decoded each token alone; a character that is spread over several tokens becomes U+FFFD several times.",
                "你单独解码了每个 token；跨越多个 token 的字符因此变成了好几个 U+FFFD。",
            ),
        ),
        Mistake(
            lambda pieces: [piece.decode("utf-8", "ignore") for piece in pieces],
            Text(
                "you dropped bytes that are no character by themselves; they are the beginning or the rest of one: keep them.",
                "你丢掉了单独不成字符的字节；它们是某个字符的开头或后续，应当保留。",
            ),
        ),
        Mistake(
            _eager,
            Text(
                "you sent whole characters that stand before a broken one; the engine holds back everything since it last sent something.",
                "你把残缺字符之前的完整字符先送出了；引擎会把上次送出之后的全部内容一起扣住。",
            ),
        ),
        Mistake(
            lambda pieces: _waiting(pieces, flush=True),
            Text(
                "you sent what was left over at the end; the engine does not: bytes that never became a character are lost.",
                "你在结束时补送了剩余内容；引擎不会这样做：没能成为字符的字节就此丢失。",
            ),
        ),
        Mistake(
            _so_far,
            Text(
                "you gave all of the text so far; what is sent is only what is new.",
                "你给出的是到目前为止的全部文本；送出的只是新增部分。",
            ),
        ),
    ],
)
