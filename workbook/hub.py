"""Downloads a checkpoint from the Hugging Face hub or ModelScope; says in one sentence why that cannot be done.

The mirror that the user set (``HF_ENDPOINT``) and ``VLLM_USE_MODELSCOPE`` hold here as they do in vLLM.
"""

import os
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.i18n import tr

# Weights in safetensors, configuration, tokenizer. Not the same weights once more in PyTorch's old format.
_PATTERNS = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
_IGNORED = ["original/*", "onnx/*"]


def uses_modelscope() -> bool:
    """vLLM's own switch, read as vLLM reads it (``vllm.envs``)."""
    return os.environ.get("VLLM_USE_MODELSCOPE", "").strip().lower() in ("1", "true")


def cached(hub_id: str, modelscope_id: str) -> Path | None:
    """The folder of an earlier complete download, else None. Asks no network."""
    if uses_modelscope():
        return None  # its own client checks its cache, and asks the hub only for what is missing
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(hub_id, "config.json")
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    return folder if any(folder.glob("*.safetensors")) and not _incomplete(folder) else None


def _incomplete(folder: Path) -> bool:
    """Whether some file named by the index of a split checkpoint is missing."""
    import json

    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return False
    files = set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())
    return any(not (folder / file).is_file() for file in files)


def download(hub_id: str, modelscope_id: str) -> Path:
    """Download a checkpoint, carrying on where an earlier call stopped, and return its folder; raises WorkbookError."""
    if uses_modelscope():
        return _from_modelscope(modelscope_id)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=_PATTERNS, ignore_patterns=_IGNORED))
    except GatedRepoError:
        reason = tr(
            f"{hub_id} is gated: accept its licence on its hub page, then `hf auth login`",
            f"{hub_id} 需要授权：请先在其 Hub 页面接受许可，再运行 `hf auth login`",
        )
    except RepositoryNotFoundError:
        reason = tr(f"The hub knows no model {hub_id} (or it is private)", f"Hub 上没有模型 {hub_id}（或它是私有的）")
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
        reason = tr(
            f"The hub cannot be reached, and {hub_id} is not on this machine", f"无法连接 Hub，本机也没有 {hub_id}"
        )
    raise WorkbookError(_ways_on(reason))


def _ways_on(reason: str) -> str:
    return tr(
        f"{reason}. Three ways on: a downloaded folder (workbook run NAME --model /path/to/folder); VLLM_USE_MODELSCOPE=True; "
        "or a mirror: HF_ENDPOINT=https://hf-mirror.com.",
        f"{reason}。三种办法：使用已下载的目录（workbook run 名称 --model /已下载的/目录）；VLLM_USE_MODELSCOPE=True；"
        "或使用镜像：HF_ENDPOINT=https://hf-mirror.com。",
    )


def _from_modelscope(model_id: str) -> Path:
    try:
        from modelscope.hub.snapshot_download import snapshot_download
    except ImportError:
        raise WorkbookError(
            tr(
                "VLLM_USE_MODELSCOPE is set, but its client is not installed: pip install modelscope",
                "已设置 VLLM_USE_MODELSCOPE，但没有安装它的客户端，请运行：pip install modelscope",
            )
        ) from None
    try:
        return Path(snapshot_download(model_id, allow_patterns=_PATTERNS))
    except Exception as e:  # modelscope raises many kinds, all of them "it did not work"
        first_line = (str(e).splitlines() or [type(e).__name__])[0]
        raise WorkbookError(
            tr(
                f"ModelScope did not give {model_id} ({first_line}): check the id and the network, "
                "or give --model /path/to/a/downloaded/folder.",
                f"无法从 ModelScope 下载 {model_id}（{first_line}）：请检查模型 id 和网络，或用 --model /已下载的/目录。",
            )
        ) from None


def reachable(timeout_s: float = 3.0) -> tuple[str, bool]:
    """The hub that is set here, and whether it answers at all."""
    import requests

    endpoint = "https://modelscope.cn" if uses_modelscope() else os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        requests.head(endpoint, timeout=timeout_s, allow_redirects=True)
    except requests.RequestException:
        return endpoint, False
    return endpoint, True
