"""The model of a recording, as numbers: its architecture, whether its embeddings are tied, bytes per element."""

from pathlib import Path

from workbook import models
from workbook.architecture import Architecture
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.recorder import Recording

_BYTES = {"bfloat16": 2, "float16": 2, "half": 2, "float32": 4, "float": 4}


def architecture(recording: Recording) -> Architecture:
    """From the recording's header. Raises WorkbookError for a model that is no LLaMA: vLLM cuts others differently."""
    numbers = recording.header.architecture
    family = str(numbers.get("class", ""))
    try:
        if not any(name in family.lower() for name in ("llama", "mistral")):
            raise KeyError(family)
        config = {"max_position_embeddings": 0, **numbers, "tie_word_embeddings": bool(tied(recording))}
        return Architecture.from_config(config)
    except KeyError:
        raise WorkbookError(
            tr(
                f"The recording is of {family or 'a model without a name'}, and this picture is of a LLaMA: name another run, "
                "`workbook show` lists them.",
                f"这份录制的模型是 {family or '未知模型'}，而此图只适用于 LLaMA：请指定另一次运行，`workbook show` 会列出。",
            )
        ) from None


def tied(recording: Recording) -> bool | None:
    """Whether lm_head and embed_tokens are one tensor; None where the model is neither here nor known."""
    for name in (recording.header.model, Path(recording.header.model).name):
        try:
            if found := models.architecture(name):
                return found.tied
        except WorkbookError:
            continue
    return None


def name(recording: Recording) -> str:
    """The model's short name."""
    return recording.header.model.rstrip("/").rsplit("/", 1)[-1]


def element_bytes(recording: Recording) -> int:
    """Bytes of one weight, as the header's dtype has it."""
    return _BYTES.get(str(recording.header.architecture.get("dtype")), 2)


def kv_bytes(recording: Recording) -> int | None:
    """Bytes of one element of the KV cache; None for a type that keeps scales beside its numbers."""
    kind = str(recording.header.engine.get("kv_cache_dtype", "auto"))
    if kind in ("auto", *_BYTES):
        return _BYTES.get(kind, element_bytes(recording))
    return 1 if kind in ("fp8", "fp8_e4m3", "fp8_e5m2") else None


def ranks(recording: Recording) -> int:
    """The tensor parallel size."""
    return int(recording.header.engine.get("tensor_parallel_size", 1))


def size(count: float) -> str:
    """Bytes with a unit that suits them."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1024
    return f"{count:,.2f} GiB"
