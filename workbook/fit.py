"""Does a model fit on a machine? The sum is shown, so that the learner can do it for the next model.

Weights in bf16, the processes, and what is left for the KV cache; tensor parallelism divides weights and heads.
"""

from collections.abc import Iterator

from workbook.architecture import Architecture
from workbook.check import GIB, Check
from workbook.i18n import some, tr
from workbook.machine import Machine

PROCESS_BYTES = 2 * GIB  # what one process takes that has imported torch and vLLM (seen: 1.5 to 2)
GPU_UTILIZATION = 0.92  # default of LLM(gpu_memory_utilization=...)


def memory(m: Machine, model: str, a: Architecture | None, tp: int) -> Check:
    """Weights against GPU memory, or weights, processes and KV cache against free RAM."""
    on_gpu = bool(m.gpus) and m.build != "cpu"
    name = tr(f"memory for {model}", f"{model} 所需{'显存' if on_gpu else '内存'}")
    if a is None:
        return Check(name, "warn", tr("size not known before the download", "下载前无法得知大小"))
    weights = 2 * a.parameters / tp
    per_token = a.kv_bytes_per_token(tensor_parallel_size=tp)
    share = f" ÷ {tp}" if tp > 1 else ""
    sizes = tr("weights", "权重") + f" {a.parameters / 1e9:.2f} G × 2 B{share}"
    if on_gpu:
        card = min(g.memory_total for g in m.gpus) / GIB
        left = GPU_UTILIZATION * card * GIB - weights
        terms = f"{GPU_UTILIZATION} × {card:.1f} GiB − {weights / GIB:.2f} GiB"
        found = tr(
            f"{terms} ({sizes}) = {left / GIB:.1f} GiB, less the activations, for KV at {per_token / 1024:.1f} KiB a token: at most "
            f"{max(0, left) / per_token:,.0f} tokens ({GPU_UTILIZATION} is vLLM's default gpu_memory_utilization; the scripts take 0.5)",
            f"{terms}（{sizes}）= {left / GIB:.1f} GiB，再扣除激活值，其余用于 KV 缓存，每 token {per_token / 1024:.1f} KiB：至多 "
            f"{max(0, left) / per_token:,.0f} 个 token（{GPU_UTILIZATION} 是 vLLM 的 gpu_memory_utilization 默认值；本项目的脚本用 0.5）",
        )
        enough = left > 0
    else:
        processes = 1 if tp == 1 else tp + 2
        kv = 4096 * per_token
        needed = weights * tp + processes * PROCESS_BYTES + kv * tp
        ranks = f"{tp} × " if tp > 1 else ""
        parts = (
            f"{ranks}{weights / GIB:.2f} GiB",
            f"{processes} × {PROCESS_BYTES / GIB:.0f} GiB",
            f"{ranks}{kv / GIB:.2f} GiB",
        )
        found = tr(
            "weights {} + processes {} + KV for 4,096 tokens {}", "权重 {} + 进程 {} + 4,096 个 token 的 KV {}"
        ).format(*parts)
        found += tr(
            f" = {needed / GIB:.1f} of {m.ram_available / GIB:.1f} GiB free",
            f" = {needed / GIB:.1f} GiB，空闲 {m.ram_available / GIB:.1f} GiB",
        )
        enough = needed < m.ram_available
    remedy = tr("too little: choose a smaller --model, or more --tp", "不足：请选择更小的 --model，或更大的 --tp")
    return Check(name, "ok" if enough else "fail", found, "" if enough else remedy)


def tensor_parallel(m: Machine, model: str, a: Architecture | None, tp: int) -> Iterator[Check]:
    """Do the heads divide, and are there enough cards? Nothing for one rank."""
    if tp == 1 or a is None:
        return
    fits = a.tensor_parallel_fits(tp)
    cards = len([g for g in m.gpus if g.visible]) if m.build == "cuda" else tp
    found = tr(
        f"{some(a.heads, 'head')}, {some(a.kv_heads, 'KV head')} on {some(tp, 'rank')}",
        f"{a.heads} 个头、{a.kv_heads} 个 KV 头分给 {tp} 个 rank",
    )
    remedy = ""
    if not fits:
        sizes = ", ".join(str(n) for n in range(1, 9) if a.tensor_parallel_fits(n))
        remedy = tr(f"{model} can use a size of {sizes}", f"{model} 可用的并行度：{sizes}")
    elif cards < tp:
        remedy = tr(
            f"{some(cards, 'GPU')} visible: lower --tp or widen CUDA_VISIBLE_DEVICES",
            f"只有 {cards} 张 GPU 可见：请减小 --tp，或让 CUDA_VISIBLE_DEVICES 包含更多显卡",
        )
    yield Check(tr("tensor parallel", "张量并行"), "fail" if remedy else "ok", found, remedy)
