"""Why the KV cache does not hold one request, against vLLM's own numbers in the run that it refused."""

from collections.abc import Iterator
from typing import Any

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader
from workbook.problems import evidence


def cases(run: Evidence) -> Iterator[Case]:
    """One: bytes needed, bytes there, and the argument that makes a token larger than the checkpoint would have it."""
    found = evidence.read(run.folder, "memory")
    if not isinstance(found, evidence.Memory) or found.dtype == found.checkpoint_dtype:
        raise run.lacking(evidence.file_of("memory"))
    yield Case(
        (),
        ["dtype", found.needed, found.available],
        Text("the run that is refused", "被拒绝启动的那次运行"),
        parts=(
            Text("argument of LLM(...)", "LLM(...) 的参数"),
            Text("bytes that one request needs", "一个请求需要的字节数"),
            Text("bytes that are there", "可用的字节数"),
        ),
    )


def reason(case: Case, got: Any) -> Text | None:
    """Remedies that are no causes, and rounded bytes."""
    argument, needed, available = case.expected
    if not isinstance(got, list) or len(got) != 3:
        return Text("three things are due: argument, bytes, bytes.", "应返回三项：参数名、字节数、字节数。")
    said = str(got[0]).partition("=")[0].strip()
    if said in ("max_model_len", "kv_cache_memory_bytes", "gpu_memory_utilization", "kv_tokens"):
        return Text(
            "changing that would make the engine start; but it is as it was while all went well. What makes one token larger?",
            "改它能让引擎启动，但它与一切正常时并无不同。是什么让一个 token 变大了？",
        )
    if said != argument:
        return Text(
            "compare vLLM's log of this run with that of a good one: the line that begins with Initializing a V1 LLM engine.",
            "请把这次运行的 vLLM 日志与正常运行的对比：以 Initializing a V1 LLM engine 开头的那一行。",
        )
    if got[1:] == [available, needed]:
        return Text("the right numbers, the other way round.", "两个数都对，顺序反了。")
    if got[1] == needed // 2:
        return Text(
            "that is what the request needed before, with the checkpoint's dtype; in this run it needs more.",
            "那是以前（用检查点的 dtype 时）一个请求需要的字节数；这次运行需要更多。",
        )
    return Text(
        "the argument is right; the message rounds: stop in the function that compares, and print its two variables.",
        "参数对了；但报错信息里的数是四舍五入的：请停在做比较的那个函数里，打印它的两个变量。",
    )


GRADER = Grader(cases, reason=reason, arguments="--problem memory", file=evidence.file_of("memory"), hidden=True)
