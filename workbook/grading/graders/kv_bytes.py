"""Bytes of KV cache for a token and in all, against the tensors that the worker allocated: in the learner's run and in ours."""

from collections.abc import Callable, Iterator
from typing import Any

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake

_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}


def cases(run: Evidence) -> Iterator[Case]:
    """One: the cache of the one worker. With several ranks, or a quantised cache, there is none (later lessons)."""
    header = run.recording.header
    cache = run.caches[0]
    if len(run.caches) > 1 or cache.dtype != header.architecture["dtype"]:
        return
    config = {name: value for name, value in header.architecture.items() if name != "class"}
    yield Case(
        (config, header.block_size, header.blocks),
        [cache.bytes // (header.blocks * header.block_size), cache.bytes],
        Text(f"the cache of {_model(header.model)}", f"{_model(header.model)} 的缓存"),
        parts=(
            Text("bytes for one token", "一个 token 的字节数"),
            Text("bytes of the whole cache", "整个缓存的字节数"),
        ),
    )


def _model(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _version(
    per_token: Callable[[dict[str, Any]], int], blocks: Callable[[int, int], int] = lambda size, blocks: size * blocks
) -> Callable[[dict[str, Any], int, int], list[int]]:
    """The answer of somebody who takes these for the bytes of a token, and for the tokens of the cache."""
    return lambda config, size, count: [per_token(config), per_token(config) * blocks(size, count)]


def _right(c: dict[str, Any]) -> int:
    return int(2 * c["num_hidden_layers"] * c["num_key_value_heads"] * c["head_dim"] * _BYTES[c["dtype"]])


GRADER = Grader(
    cases,
    shipped=("tiny", "llama"),  # one run has one cache, whose bytes a constant gives as well
    mistakes=[
        Mistake(
            _version(lambda c: _right(c) * c["num_attention_heads"] // c["num_key_value_heads"]),
            Text(
                "you counted all attention heads; with GQA several of them share the K and V of one KV head.",
                "你算的是全部注意力头；使用 GQA 时，多个注意力头共用一个 KV 头的 K 和 V。",
            ),
            must_differ=False,  # a model without GQA cannot refute it
        ),
        Mistake(
            _version(lambda c: _right(c) // 2),
            Text("you counted K or V; the cache holds both.", "你只算了 K 或 V 中的一个；缓存里两者都有。"),
        ),
        Mistake(
            _version(lambda c: _right(c) // c["num_hidden_layers"]),
            Text("you counted one layer; each has a cache of its own.", "你只算了一层；每一层都有自己的缓存。"),
        ),
        Mistake(
            _version(lambda c: _right(c) // c["head_dim"]),
            Text("a head's K is a vector of head_dim numbers.", "每个头的 K 是一个有 head_dim 个数的向量。"),
        ),
        Mistake(
            _version(lambda c: _right(c) // c["num_key_value_heads"]),
            Text("you counted one KV head; there are several.", "你只算了一个 KV 头；KV 头不止一个。"),
            must_differ=False,  # as above, of a model with one KV head
        ),
        Mistake(
            _version(lambda c: _right(c) // _BYTES[c["dtype"]] * 4),
            Text(
                "you took four bytes for a number; look at dtype: the cache is not kept in float32.",
                "你按每个数 4 字节计算；请看 dtype：缓存并不是用 float32 保存的。",
            ),
            must_differ=False,  # of a model in float32
        ),
        Mistake(
            _version(lambda c: _right(c) // _BYTES[c["dtype"]]),
            Text("you counted numbers; each takes several bytes.", "你数的是元素个数；每个元素占多个字节。"),
        ),
        Mistake(
            _version(_right, lambda size, blocks: size * (blocks - 1)),
            Text(
                "you left out the null block; no request gets it, yet it is allocated like the others.",
                "你漏掉了占位块（null block）；它不会分给请求，但同样占用内存。",
            ),
        ),
        Mistake(
            _version(_right, lambda size, blocks: blocks),
            Text("a block has room for block_size tokens.", "一个块能放 block_size 个 token。"),
        ),
    ],
)
