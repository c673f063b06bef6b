"""Adds to lesson 2.6's recording what its run cannot show: vLLM's other kernels on the keys and values that the run kept.

    python scripts/kv_kernels.py          needs triton (pip install triton) and a CPU with AVX-512

fp8 with a scale that is not 1.0, by the CPU kernel; INT8 per token and head, by vLLM's kernel for cards, word for word, in
Triton's interpreter: vLLM's CPU build does not use it.
"""

import ast
import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Any

os.environ["TRITON_INTERPRET"] = "1"  # read when triton is imported

import torch
import vllm
from safetensors.torch import load_file, save_file
from vllm import _custom_ops

from workbook import kvtypes, paging, paths
from workbook.capture import FILE

PATH = paths.STAGES / "2_core_techniques" / "recordings" / "kv_types" / FILE
SCALE = 0.05
TOKENS = 16
KERNEL = "_reshape_cache_per_token_head"


def kernel(folder: str) -> Any:
    """The function KERNEL of the installed vLLM, in a module of its own."""
    source = Path(vllm.__file__).parent / "v1/attention/ops/triton_reshape_and_cache_flash.py"
    text = source.read_text(encoding="utf-8")
    (node,) = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) and n.name == KERNEL)
    module_path = Path(folder, "kernel.py")
    head = "import triton\nimport triton.language as tl\n\n\n@triton.jit\n"
    module_path.write_text(head + str(ast.get_source_segment(text, node)) + "\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("kernel", module_path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, KERNEL)


def int8(key: torch.Tensor, value: torch.Tensor) -> list[torch.Tensor]:
    """Keys, values, and the scales of both, as the kernel writes them into a cache of one block."""
    tokens, heads, width = key.shape
    key_cache, value_cache = torch.zeros(2, 1, tokens, heads, width, dtype=torch.int8)
    key_scales, value_scales = torch.zeros(2, 1, tokens, heads)
    caches, scales = (key_cache, value_cache), (key_scales, value_scales)
    strides = [s for t in (key, value) for s in t.stride()[:2]]
    strides += [s for t in caches for s in t.stride()[:3]] + [s for t in scales for s in t.stride()]
    with tempfile.TemporaryDirectory() as folder:
        kernel(folder)[(tokens, heads)](
            *(key, value, *caches, *scales, torch.arange(tokens), *strides),
            block_size=tokens,
            head_size=width,
            head_size_v=width,
            HEAD_SIZE_PADDED=width,  # a power of 2 already
            QUANT_MAX=127.0,
            QUANT_MIN=-128.0,
            IS_INT_QUANT=True,
        )
    return [tensor[0] for tensor in (*caches, *scales)]


def fp8(key: torch.Tensor, value: torch.Tensor) -> list[torch.Tensor]:
    """Keys and values as the CPU kernel writes them into a cache of one block, with SCALE for both."""
    tokens, heads, width = key.shape
    cache = torch.zeros(1, heads, tokens, 2 * width, dtype=torch.uint8)
    halves = cache.view(1, heads, 2 * tokens, width).chunk(2, dim=2)
    slots = torch.arange(tokens)
    _custom_ops.cpu_attn_reshape_and_cache(key, value, *halves, slots, "vec", SCALE, SCALE, "fp8")
    return [half[0].contiguous().view(torch.float8_e4m3fn) for half in paging.blocks(cache, [0])]


def main() -> None:
    """Read the run's keys and values, and write the file again with the kernels' results."""
    kept = {key: tensor[:TOKENS].clone() for key, tensor in load_file(PATH).items()}  # a recording is kept small
    given = {which: kept[f"fp8/0/given_{which}"] for which in ("key", "value")}
    key, value = (tensor.bfloat16() for tensor in given.values())  # without loss: that is what the layer gave
    *stored, key_scales, value_scales = int8(key, value)
    scales = {"key": key_scales, "value": value_scales}
    for which, codes, eight in zip(given, stored, fp8(key, value), strict=True):
        kept[f"{kvtypes.INT8}/0/given_{which}"] = given[which].clone()
        kept[f"{kvtypes.INT8}/0/stored_{which}"] = codes.float()
        kept[f"{kvtypes.INT8}/0/scales_{which}"] = scales[which].clone()
        kept[f"fp8/1/given_{which}"] = given[which].clone()
        kept[f"fp8/1/stored_{which}"] = eight.float()
    kept["fp8/1/scale"] = torch.tensor([SCALE])
    save_file(kept, PATH)


if __name__ == "__main__":
    main()
