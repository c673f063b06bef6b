"""Where the time of a run went, phase by phase, and how large the KV cache is: the table at a script's end.

Sources: the script's own clock (import, engine, generate); vLLM's log (weights, KV cache); vLLM's request
metrics (``RequestOutput.metrics``, a ``vllm.v1.metrics.stats:RequestStateStats``) for prefill and decode.
"""

import re
from typing import Any

from workbook import logfile, titled
from workbook.i18n import some, tr
from workbook.lesson import Run


def report(run: Run, llm: Any, outputs: list[Any]) -> None:
    """Print the table for one ``generate`` call."""
    table = titled.table(tr("Where the time went", "时间花在哪里"))
    table.add_column(tr("phase", "阶段"))
    table.add_column(tr("seconds", "秒"), justify="right")
    table.add_column(tr("what happens", "做了什么"))
    for phase, seconds, what in rows(run, llm, outputs):
        table.add_row(phase, f"{seconds:.2f}" if seconds is not None else "", what)
    run.console.print(table)
    if run.info.debugged:
        line = tr("Under a debugger: the times include your pauses.", "调试运行：时间包含你停下的时间。")
        run.console.print(line, style="dim")


def rows(run: Run, llm: Any, outputs: list[Any]) -> list[tuple[str, float | None, str]]:
    """``(phase, seconds, what happens)`` in the order of the run."""
    log = logfile.tail()
    prefill, decode = generation_seconds(outputs)
    prompt_tokens = sum(len(o.prompt_token_ids) for o in outputs)
    new_tokens = sum(len(o.outputs[0].token_ids) for o in outputs)
    steps = max(len(o.outputs[0].token_ids) for o in outputs) - 1
    per_step = f"{1000 * decode / steps:.1f}" if steps else "–"
    return [
        (
            tr("import", "导入"),
            run.seconds.get("import"),
            tr("Python reads torch and vLLM", "Python 读入 torch 和 vLLM"),
        ),
        (
            tr("engine", "引擎"),
            run.seconds.get("engine"),
            tr("LLM(...): all of it, with the next two", "LLM(...)：全过程，包含下面两项"),
        ),
        (
            tr("  weights", "  权重"),
            logged(log, r"Loading weights took ([\d.]+) seconds"),
            tr("from file into the model", "从文件读入模型"),
        ),
        (
            tr("  KV cache", "  KV 缓存"),
            logged(log, r"init engine \(.*?\) took ([\d.]+) s"),
            kv_cache(run, llm),
        ),
        (
            tr("prefill", "预填充"),
            prefill,
            tr(
                f"{some(prompt_tokens, 'prompt token')} → the first new token of each prompt ({len(outputs)})",
                f"{prompt_tokens} 个提示词 token → {len(outputs)} 个提示词各得到第一个新 token",
            ),
        ),
        (
            tr("decode", "解码"),
            decode,
            tr(
                f"{some(new_tokens - len(outputs), 'more token')}, {per_step} ms per step",
                f"再生成 {new_tokens - len(outputs)} 个 token，每步 {per_step} 毫秒",
            ),
        ),
    ]


def generation_seconds(outputs: list[Any]) -> tuple[float, float]:
    """Prefill: from the first request's scheduling to the last first token. Decode: from there to the last token."""
    metrics = [output.metrics for output in outputs]
    first_scheduled = min(m.scheduled_ts for m in metrics)
    all_prefilled = max(m.first_token_ts for m in metrics)
    return all_prefilled - first_scheduled, max(m.last_token_ts for m in metrics) - all_prefilled


def kv_cache(run: Run, llm: Any) -> str:
    """Blocks, tokens and bytes of the KV cache, from the engine's configuration and the model's numbers."""
    cache = llm.llm_engine.vllm_config.cache_config
    tokens = cache.num_gpu_blocks * cache.block_size
    text = tr(
        f"{cache.num_gpu_blocks:,} blocks of {cache.block_size} tokens = {tokens:,} tokens",
        f"{cache.num_gpu_blocks:,} 块 × {cache.block_size} 个 token = {tokens:,} 个 token",
    )
    element = _element_bytes(llm.llm_engine.vllm_config)
    if run.architecture and element:
        per_token = run.architecture.kv_bytes_per_token(element, run.tensor_parallel_size)
        text += f" = {tokens * per_token / 1024**2:,.1f} MiB"
        if run.tensor_parallel_size > 1:
            text += tr(" on each rank", "（每个 rank）")
    return text


def _element_bytes(config: Any) -> int | None:
    """Bytes of one number in the KV cache; None for a format that keeps scales beside its numbers."""
    kind = str(config.cache_config.cache_dtype)
    if kind in ("fp8", "fp8_e4m3", "fp8_e5m2"):
        return 1
    return int(config.model_config.dtype.itemsize) if kind == "auto" else None


def logged(log: str, pattern: str) -> float | None:
    """The last number that vLLM logged for ``pattern``, None if it did not."""
    found = re.findall(pattern, log)
    return float(found[-1]) if found else None
