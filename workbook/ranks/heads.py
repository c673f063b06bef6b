"""A model with fewer KV heads than its checkpoint has: what several ranks then share."""

from typing import Any

import msgspec

from workbook import engine_setup
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr
from workbook.lesson import Run


def override(run: Run, kv_heads: int | None) -> dict[str, Any]:
    """``hf_overrides`` of ``LLM(...)`` for the first ``kv_heads`` KV heads; none for None. Raises WorkbookError.

    vLLM loads as many rows of k_proj and v_proj as it asks for, from the top. ``run.architecture`` becomes that of the
    smaller model.
    """
    if kv_heads is None or run.architecture is None:
        return {}
    model = run.architecture
    possible = [n for n in range(1, model.kv_heads + 1) if model.heads % n == 0]
    if kv_heads not in possible:
        raise WorkbookError(
            tr(
                f"{run.model_name} cannot do with {kv_heads} KV heads: give --kv-heads {listed(map(str, possible))}.",
                f"{run.model_name} 不能用 {kv_heads} 个 KV 头：--kv-heads 可以是 {listed(map(str, possible))}。",
            )
        )
    run.architecture = msgspec.structs.replace(model, kv_heads=kv_heads)
    engine_setup.check(run.machine, run.model_name, run.architecture, run.tensor_parallel_size)
    return {"num_key_value_heads": kv_heads}
