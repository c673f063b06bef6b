"""NVIDIA cards as the driver describes them (NVML): memory, compute capability, and how they are joined.

NVML needs no CUDA context, so looking takes milliseconds and no memory on the cards. Knows nothing of vLLM.
"""

import contextlib
import os
from itertools import combinations
from typing import Any

import msgspec


class Driver(msgspec.Struct):
    """``cuda`` is the newest CUDA version that the driver runs, for example "13.0"."""

    version: str
    cuda: str


class Gpu(msgspec.Struct):
    """One card; memory in bytes. ``visible`` is False where CUDA_VISIBLE_DEVICES hides it."""

    index: int
    name: str
    memory_total: int
    memory_free: int
    capability: tuple[int, int]
    visible: bool = True


class Link(msgspec.Struct):
    """How two cards are joined. ``p2p``: each can read the other's memory over that way."""

    a: int
    b: int
    nvlink: bool
    p2p: bool


def detect() -> tuple[Driver | None, list[Gpu], list[Link]]:
    """Ask NVML. Returns ``(None, [], [])`` where there is no NVIDIA driver."""
    import pynvml as nvml

    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None, [], []
    try:
        cuda = nvml.nvmlSystemGetCudaDriverVersion_v2()
        driver = Driver(nvml.nvmlSystemGetDriverVersion(), f"{cuda // 1000}.{cuda % 1000 // 10}")
        handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
        cards = [_card(nvml, i, handle) for i, handle in enumerate(handles)]
        links = [
            Link(a, b, _p2p(nvml, handles[a], handles[b], "NVLINK"), _p2p(nvml, handles[a], handles[b], "READ"))
            for a, b in combinations(range(len(handles)), 2)
        ]
        return driver, cards, links
    finally:
        nvml.nvmlShutdown()


def visible_devices(cards: list[str]) -> set[int]:
    """Indices that CUDA_VISIBLE_DEVICES leaves, given the cards' UUIDs. As CUDA does, stops at the first unknown one."""
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return set(range(len(cards)))
    chosen: set[int] = set()
    for part in value.split(","):
        name = part.strip()
        matches = [i for i, uuid in enumerate(cards) if name == str(i) or (name and uuid.startswith(name))]
        if not matches:
            break
        chosen.add(matches[0])
    return chosen


def _card(nvml: Any, index: int, handle: Any) -> Gpu:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    uuids = [nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByIndex(i)) for i in range(nvml.nvmlDeviceGetCount())]
    return Gpu(
        index=index,
        name=nvml.nvmlDeviceGetName(handle),
        memory_total=memory.total,
        memory_free=memory.free,
        capability=tuple(nvml.nvmlDeviceGetCudaComputeCapability(handle)),
        visible=index in visible_devices(uuids),
    )


def _p2p(nvml: Any, a: Any, b: Any, kind: str) -> bool:
    """Whether P2P of one kind (READ over any way, or NVLINK) works between two cards; False where the driver cannot say."""
    with contextlib.suppress(nvml.NVMLError):
        status = nvml.nvmlDeviceGetP2PStatus(a, b, getattr(nvml, f"NVML_P2P_CAPS_INDEX_{kind}"))
        return bool(status == nvml.NVML_P2P_STATUS_OK)
    return False
