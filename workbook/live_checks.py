"""The checks that only this very machine can answer: may models be written, does the hub answer."""

import os
import sys
from typing import Literal

from workbook import hub, models
from workbook.check import Check
from workbook.i18n import tr


def live_checks(model: str) -> list[Check]:
    """Checks of this very machine: where models are kept, and the hub (one request, three seconds at most)."""
    return [_models_folder(), *_path(), _hub(model)]


def _models_folder() -> Check:
    folder = models.root()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    # access() knows read-only file systems, also for root
    writable = os.access(existing, os.W_OK)
    return Check(
        tr("models", "模型目录"),
        "ok" if writable else "fail",
        str(folder),
        ""
        if writable
        else tr(
            "cannot be written to: mend its permissions, or set WORKBOOK_MODELS",
            "不可写：请修改权限，或设置 WORKBOOK_MODELS",
        ),
    )


def _path() -> list[Check]:
    """vllm.platforms.cpu preloads torch's OpenMP by LD_PRELOAD, which splits at spaces."""
    if " " not in sys.prefix:
        return []
    found = tr("its path holds a space", "路径中有空格")
    remedy = tr(
        "everything runs; with --tp the log has harmless lines of ld.so, as vLLM cannot preload OpenMP from here",
        "不影响运行；用 --tp 时日志里会有 ld.so 的提示行，因为 vLLM 无法从这里预加载 OpenMP",
    )
    return [Check(tr("environment", "环境"), "warn", found, remedy)]


def _hub(model: str) -> Check:
    here = models.find(model) is not None or (model in models.KNOWN and models.KNOWN[model].hub_id is None)
    endpoint, reached = hub.reachable()
    ways = tr(
        "a folder (--model /path), VLLM_USE_MODELSCOPE=True, or HF_ENDPOINT=https://hf-mirror.com",
        "本地目录（--model 目录）、VLLM_USE_MODELSCOPE=True 或 HF_ENDPOINT=https://hf-mirror.com",
    )
    remedy = (
        tr(f"needed only for models that are not here yet: {ways}", f"只有下载新模型时才需要：可用{ways}")
        if here
        else tr(
            f"{model} is not on this machine and must be downloaded: use {ways}",
            f"本机没有 {model}，需要下载：可用{ways}",
        )
    )
    status: Literal["ok", "warn", "fail"] = "ok" if reached else "warn" if here else "fail"
    found = f"{endpoint} " + (tr("answers", "可访问") if reached else tr("cannot be reached", "无法访问"))
    return Check("hub", status, found, "" if reached else remedy)
