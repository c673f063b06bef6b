"""Blocks and concurrency, against the learner's own engine and those of ``stages/1_basics/kv_engines.json``."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from workbook import paths
from workbook.course.header import Text
from workbook.errors import WorkbookError
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake
from workbook.hops import records as hops
from workbook.hops import startup_path

ENGINES = (
    paths.ROOT / "stages" / "1_basics" / "kv_engines.json"
)  # made by scripts/measure_kv_caches.py from real engines
_PARTS = (Text("blocks", "块数"), Text("concurrency", "并发数"))
_GIVEN = ("block_size", "tensor_parallel_size", "kv_cache_dtype", "max_model_len")


def cases(run: Evidence) -> Iterator[Case]:
    """The learner's engine, then those of other configurations."""
    header = run.recording.header
    try:
        calls = hops.read(run.folder)
    except WorkbookError:
        raise run.lacking("hops-*.jsonl") from None
    said = next((call.left for call in calls if ":get_max_concurrency" in call.at), None)
    if said is None or header.architecture["dtype"] not in ("bfloat16", "float16"):
        raise run.lacking("get_max_concurrency_for_kv_cache_config")
    engine = {**{name: header.engine[name] for name in _GIVEN[1:]}, "block_size": header.block_size}
    if engine["kv_cache_dtype"] in ("auto", "fp8"):
        yield Case(
            (header.architecture, startup_path.memory(calls)[0], engine),
            [header.blocks, float(said)],
            Text("your engine", "你的引擎"),
            parts=_PARTS,
        )
    for other in json.loads(ENGINES.read_text(encoding="utf-8")):
        given = {name: other[name] for name in _GIVEN}
        how = f"{other['model']}, {', '.join(f'{name} {value}' for name, value in given.items())}"
        yield Case(
            (other["config"], other["memory"], given),
            [other["blocks"], other["concurrency"]],
            Text(how, how),
            parts=_PARTS,
        )


def _version(
    heads: Callable[[dict[str, Any], int], int] = lambda c, ranks: c["num_key_value_heads"] // ranks,
    size: Callable[[dict[str, Any]], int] = lambda engine: 1 if engine["kv_cache_dtype"] == "fp8" else 2,
    layers: Callable[[dict[str, Any]], int] = lambda c: c["num_hidden_layers"],
    usable: int = 0,
    request: Callable[[dict[str, Any]], float] = lambda engine: -(-engine["max_model_len"] // engine["block_size"]),
) -> Callable[[dict[str, Any], int, dict[str, Any]], list[float]]:
    """The answer of somebody who errs in one of these."""

    def answer(c: dict[str, Any], memory: int, engine: dict[str, Any]) -> list[float]:
        token = 2 * layers(c) * heads(c, engine["tensor_parallel_size"]) * c["head_dim"] * size(engine)
        blocks = memory // (token * engine["block_size"]) - usable
        return [blocks, blocks / request(engine)]

    return answer


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _version(heads=lambda c, ranks: c["num_key_value_heads"]),
            Text(
                "you gave each rank all KV heads; with tensor parallelism they are shared out.",
                "你让每个 rank 都持有全部 KV 头；张量并行时，它们分给各个 rank。",
            ),
        ),
        Mistake(
            _version(heads=lambda c, ranks: c["num_attention_heads"] // ranks),
            Text(
                "you counted all attention heads; with GQA several share the K and V of one KV head.",
                "你算的是全部注意力头；使用 GQA 时，多个注意力头共用一个 KV 头的 K 和 V。",
            ),
        ),
        Mistake(
            _version(size=lambda engine: 2),
            Text("you took two bytes for a number; fp8 has one.", "你按每个数 2 字节计算；fp8 只有 1 字节。"),
        ),
        Mistake(
            _version(layers=lambda c: 1),
            Text("you counted one layer; a block has room in each.", "你只算了一层；一个块在每一层都占地方。"),
        ),
        Mistake(
            _version(usable=1),
            Text(
                "you left out the null block; vLLM counts it, in both numbers.",
                "你漏掉了占位块（null block）；vLLM 的两个数都把它算在内。",
            ),
        ),
        Mistake(
            _version(request=lambda engine: engine["max_model_len"] / engine["block_size"]),
            Text(
                "you divided tokens by tokens; a request takes whole blocks, so round its blocks up first.",
                "你用 token 数除以 token 数；一个请求占用整数个块，应先把它的块数向上取整。",
            ),
        ),
    ],
)
