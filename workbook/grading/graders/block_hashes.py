"""Hashes of a prompt's full blocks, against those that the engine's request had."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from workbook import runinfo
from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake
from workbook.i18n import tr


def asked(run: Evidence) -> dict[str, Any]:
    """What the script kept of its requests, in run.json."""
    info = runinfo.read(run.folder)
    if info is None or "stream" not in info.results:
        raise run.lacking(runinfo.FILE)
    if not info.results["first_parent"]:  # with prefix caching off nothing is hashed
        raise run.lacking(tr("block hash", "块哈希"))
    return info.results


def cases(run: Evidence) -> Iterator[Case]:
    """Every request of the stream that fills a block."""
    kept = asked(run)
    first_parent, size = bytes.fromhex(kept["first_parent"]), run.recording.header.block_size
    for number, one in enumerate(kept["stream"]):
        expected = [bytes.fromhex(digits) for digits in one["hashes"]]
        parts = tuple(Text(f"block {n}", f"第 {n} 块") for n in range(1, len(expected) + 1))
        yield Case(
            (run.recording.requests[number].prompt, size, first_parent, one["salt"]),
            expected,
            Text(f"request {number}", f"请求 {number}"),
            parts=parts,
        )


def chain(tokens: list[int], size: int, first_parent: bytes, salt: str | None, wrong: str = "") -> list[bytes]:
    """The hashes as vLLM makes them, or with one thing ``wrong``."""
    found: list[bytes] = []
    parent = first_parent
    end = len(tokens) if wrong == "part" else len(tokens) - size + 1
    for start in range(0, end, size):
        salted = salt and wrong != "no salt" and (start == 0 or wrong == "salt everywhere")
        nothing = () if wrong == "empty" else None
        part = tokens[start : start + size]
        value = (parent, part if wrong == "list" else tuple(part), (("cache_salt", salt),) if salted else nothing)
        found.append(hashlib.sha256(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)).digest())
        parent = first_parent if wrong == "no chain" else found[-1]
    return found


def reason(case: Case, got: Any) -> Text | None:
    """Of two mistakes at once, the one that shows in the first hash."""
    if isinstance(got, list) and got[:1] != case.expected[:1]:
        found = (one.say for one in GRADER.mistakes if got[:1] == one.function(*case.arguments)[:1])
        return next(found, None)
    return None


def _with(wrong: str) -> Callable[..., list[bytes]]:
    return partial(chain, wrong=wrong)


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _with("no chain"),
            Text(
                "every block has first_parent as its parent; with that, a block would be found behind any beginning: chain them.",
                "你让每个块都以 first_parent 为父哈希；那样无论前文是什么，这个块都会命中：应当逐块相连。",
            ),
        ),
        Mistake(
            _with("part"),
            Text(
                "you hashed the last, partly filled block as well; only full blocks have a hash.",
                "你把最后没有装满的块也算了哈希；只有满块才有哈希。",
            ),
        ),
        Mistake(
            _with("list"),
            Text(
                "you hashed the token ids as a list; a pickle tells it from a tuple: tuple(...).",
                "你对 token id 的列表求了哈希；pickle 区分列表和元组：请用 tuple(...)。",
            ),
        ),
        Mistake(
            _with("empty"),
            Text(
                "an empty tuple stands where there are no extra keys; vLLM puts None there.",
                "没有附加键时你放了空元组；vLLM 放的是 None。",
            ),
        ),
        Mistake(
            _with("no salt"),
            Text(
                "you left out the cache_salt; it is an extra key of the first block.",
                "你漏掉了 cache_salt；它是第一个块的附加键。",
            ),
        ),
        Mistake(
            _with("salt everywhere"),
            Text(
                "you put the cache_salt into every block; the first one is enough, the others have it through their parents.",
                "你把 cache_salt 放进了每个块；放在第一个块就够了，后面的块通过父哈希得到它。",
            ),
        ),
    ],
    reason=reason,
    shipped=("prefix_128",),
)
