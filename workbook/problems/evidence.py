"""What a run shows of its fault, kept in its folder: ``hang.json``, ``shape.json``, ``memory.json``.

Nothing here knows the answers. Stacks are those that a watchdog dumped in the hanging process; shapes are those that the modules gave
out; bytes are vLLM's own, from the frames of the exception that it raised.
"""

import contextlib
import re
import signal
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import msgspec

from workbook import paths
from workbook.course import definitions

DUMP = "stacks.txt"  # of the process EngineCore
QUIET_S = 5.0  # without a step, until the stacks are dumped

_FRAME = re.compile(r'File "(?P<path>.+)", line (?P<line>\d+) in ')


class Hang(msgspec.Struct):
    """The process that made no step, and each of its threads as symbols, innermost first: "threading:Event.wait"."""

    process: str
    threads: list[list[str]]


class Shape(msgspec.Struct):
    """``noticed``: the module in whose call the error was raised; ``outputs``: what each module gave before, in order."""

    error: str
    noticed: str
    outputs: dict[str, list[int]]


class Memory(msgspec.Struct):
    """Bytes that one request of max_model_len needs, and that there are; the dtypes of engine and checkpoint."""

    needed: int
    available: int
    max_model_len: int
    dtype: str
    checkpoint_dtype: str


Evidence = Hang | Shape | Memory


def file_of(problem: str) -> str:
    """The evidence's name in the run's folder."""
    return f"{problem}.json"


@contextlib.contextmanager
def kept(problem: str | None, folder: Path | None, limit_s: float) -> Iterator[None]:
    """Keep what a run shows of its fault when it ends, by an error, by Ctrl-C, or after ``limit_s`` seconds; the error goes on."""
    if problem is None or folder is None:
        yield
        return
    # Into the main thread: a signal to this process may wake another one.
    main = threading.main_thread().ident or 0
    clock = threading.Timer(limit_s, signal.pthread_kill, [main, signal.SIGINT])
    clock.daemon = True
    clock.start()
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        found = _hang(folder) if problem == "hang" else _from_frames(problem, error)
        if found is not None:
            text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
            paths.write_atomically(folder / file_of(problem), text + "\n")
        raise
    finally:
        clock.cancel()


def _hang(folder: Path) -> Hang | None:
    """The last dump of the watchdog, as symbols."""
    try:
        text = (folder / DUMP).read_text(encoding="utf-8")
    except OSError:
        return None
    process, _, rest = text.partition("\n")
    last = rest.rpartition("Timeout (")[2]
    threads = [
        [_symbol(_path(frame["path"]), int(frame["line"])) for frame in _FRAME.finditer(thread)]
        for thread in re.split(r"^Thread ", last, flags=re.MULTILINE)[1:]
    ]
    return Hang(process, threads) if threads else None


def _path(dumped: str) -> Path:
    r"""The path in a dump: faulthandler writes ASCII alone, and 课 as \u8bfe."""
    return Path(dumped.encode("ascii", "backslashreplace").decode("unicode_escape"))


def read(folder: Path, problem: str) -> Evidence | None:
    """What a run of this problem left; None where there is nothing, or it cannot be read."""
    kind = {"hang": Hang, "shape": Shape, "memory": Memory}[problem]
    try:
        found: Evidence = msgspec.json.decode((folder / file_of(problem)).read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None
    return found


def _symbol(path: Path, line: int) -> str:
    """The function around a line: "package.module:Qual.name"."""
    module = path.stem
    for package in (path.parent, *path.parents):
        if not (package / "__init__.py").is_file():
            module = ".".join(path.relative_to(package).with_suffix("").parts)
            break
    try:
        name = max(
            (node.lineno, name)
            for name, node in definitions.names(path)
            if isinstance(node, definitions.Function) and node.lineno <= line <= (node.end_lineno or 0)
        )[1]
    except (OSError, SyntaxError, ValueError):
        name = "?"
    return f"{module}:{name}"


def _from_frames(problem: str, error: BaseException) -> Shape | Memory | None:
    """From the local variables of the frames through which the error came."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if problem == "shape":
        return _shape(error, frames)
    refusal = next((f.f_locals for f in reversed(frames) if "needed_memory" in f.f_locals), None)
    config = next((f.f_locals["vllm_config"].model_config for f in frames if "vllm_config" in f.f_locals), None)
    if refusal is None or config is None:
        return None
    checkpoint = msgspec.json.decode((Path(config.model) / "config.json").read_bytes())
    return Memory(
        needed=int(refusal["needed_memory"]),
        available=int(refusal["available_memory"]),
        max_model_len=int(config.max_model_len),
        dtype=str(config.dtype).removeprefix("torch."),
        checkpoint_dtype=str(checkpoint.get("dtype") or checkpoint.get("torch_dtype")),
    )


def _shape(error: BaseException, frames: list[FrameType]) -> Shape | None:
    """The innermost object that knows its own place in the model is where the error was noticed."""
    from workbook.problems import shapes  # imports torch

    owners = [frame.f_locals.get(name) for name in ("self", "layer") for frame in reversed(frames)]
    noticed = next((str(prefix) for owner in owners if (prefix := getattr(owner, "prefix", ""))), None)
    if noticed is None:
        return None
    return Shape(str(error).strip().splitlines()[0], noticed, dict(shapes.outputs))
