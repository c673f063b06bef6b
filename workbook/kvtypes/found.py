"""What one type gave, compared with others; and which types a machine can store."""

import math
from typing import Any, get_args

import msgspec

from workbook.errors import WorkbookError
from workbook.i18n import listed, tr
from workbook.lesson import Run

FLOAT8 = {"fp8": "float8_e4m3fn", "fp8_e4m3": "float8_e4m3fn", "fp8_e5m2": "float8_e5m2"}  # → torch's name
INT8 = "int8_per_token_head"
SIMULATED = ("fp8", "fp8_e5m2", INT8)
UNQUANTISED = ("auto", "float16", "bfloat16")


class Found(msgspec.Struct):
    """What one type gave. ``choices``: the likeliest next token at each place of the text; ``tokens``: that fit, in blocks."""

    name: str
    blocks: int = 0
    tokens: int = 0
    bytes_per_token: float = 0
    perplexity: float = 0
    choices: list[int] = []
    stories: list[list[int]] = []

    def read(self, output: Any) -> None:
        """Take perplexity and choices from ``vllm.outputs:RequestOutput`` of a prompt with ``prompt_logprobs=1``."""
        places = output.prompt_logprobs[1:]  # none for the first token: nothing stands before it
        given = [place[token].logprob for token, place in zip(output.prompt_token_ids[1:], places, strict=True)]
        self.perplexity = math.exp(-sum(given) / len(given))
        self.choices = [next(token for token, one in place.items() if one.rank == 1) for place in places]

    def agree(self, other: "Found") -> float:
        """The share of the text's places at which both choose the same next token."""
        return sum(a == b for a, b in zip(self.choices, other.choices, strict=True)) / len(self.choices)

    def same_for(self, other: "Found") -> list[int]:
        """For each story, how many tokens are the same before the first that differs."""
        pairs = [list(zip(a, b, strict=True)) for a, b in zip(self.stories, other.stories, strict=True)]
        return [next((n for n, (a, b) in enumerate(pair) if a != b), len(pair)) for pair in pairs]


def results(found: list[Found]) -> list[dict[str, Any]]:
    """For run.json: a row for each, compared with the first, without the texts themselves."""
    first = found[0]
    return [
        {
            "name": one.name,
            "blocks": one.blocks,
            "tokens": one.tokens,
            "bytes_per_token": one.bytes_per_token,
            "perplexity": one.perplexity,
            "agree": one.agree(first),
            "same_for": one.same_for(first),
        }
        for one in found
    ]


def chosen(run: Run, asked: list[str] | None, garbage: bool) -> list[str]:
    """The types to build engines for; ``asked`` or what this machine can store. Raises WorkbookError for one that it cannot."""
    import torch
    from vllm.config.cache import CacheDType
    from vllm.v1.attention.backends.cpu_attn import CPUAttentionBackend

    on_card = run.machine.build == "cuda"
    float8 = on_card or torch.cpu._is_avx512_supported() or torch.cpu._is_amx_tile_supported()
    names = asked or ["auto", *(("fp8", "fp8_e5m2") if float8 else ()), *((INT8,) if on_card else ())]
    if garbage:
        names = [*names, INT8]
    for name in names:
        if name not in get_args(CacheDType):
            known = listed([*UNQUANTISED, *SIMULATED])
            raise WorkbookError(
                tr(
                    f"vLLM has no kv_cache_dtype {name}: give --types some of {known}; INT8 is called {INT8}.",
                    f"vLLM 没有 {name} 这种 kv_cache_dtype：请在 --types 后给出 {known} 中的几个；INT8 叫作 {INT8}。",
                )
            )
        if not on_card and name in FLOAT8 and not float8:
            raise WorkbookError(
                tr(
                    f"vLLM stores {name} on CPUs with AVX-512 or AMX only, which this one lacks: run with --simulate instead.",
                    f"vLLM 只在带 AVX-512 或 AMX 的 CPU 上存储 {name}，本机没有：请改用 --simulate 运行。",
                )
            )
        allowed = garbage or name in (*UNQUANTISED, *CPUAttentionBackend.supported_kv_cache_dtypes)
        if not on_card and not allowed:
            raise WorkbookError(
                tr(
                    f"On a CPU vLLM accepts {name} and spoils the cache without a word: "
                    "run with --simulate for what it would cost, or with --show-garbage to see that.",
                    f"在 CPU 上 vLLM 会接受 {name}，却会悄悄写坏缓存：用 --simulate 看它本来的代价，或用 --show-garbage 看写坏的结果。",
                )
            )
    return list(dict.fromkeys(["auto", *names]))  # what the others are compared with comes first
