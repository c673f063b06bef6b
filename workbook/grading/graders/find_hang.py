"""The two functions of a hanging run that wait for each other, against the stacks that the run itself dumped."""

from collections.abc import Iterator
from typing import Any

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader
from workbook.problems import evidence

_LOOP = "vllm.v1.engine.core:EngineCoreProc.run_busy_loop"


def cases(run: Evidence) -> Iterator[Case]:
    """One: the thread with the engine's loop stands in a function; another thread stands in the same module."""
    found = evidence.read(run.folder, "hang")
    if not isinstance(found, evidence.Hang):
        raise run.lacking(evidence.file_of("hang"))
    ours = [list(filter(_own, thread)) for thread in found.threads]
    loop = next((own for own, thread in zip(ours, found.threads, strict=True) if _LOOP in thread), [])
    modules = [_module(own[0]) if own else "" for own in ours]
    others = [
        own for own, name in zip(ours, modules, strict=True) if own is not loop and loop and name == _module(loop[0])
    ]
    if not loop or not others:
        raise run.lacking(evidence.file_of("hang"))
    yield Case(
        (),
        [found.process, loop[0], others[0][0]],
        Text("the run that hangs", "卡住的那次运行"),
        parts=(
            Text("process", "进程"),
            Text("where the thread of the engine's loop waits", "引擎循环所在线程等待的函数"),
            Text("where the thread waits that it waits for", "它所等待的线程又在等待的函数"),
        ),
    )


def _own(symbol: str) -> bool:
    """Not a function of Python's library, which a waiting thread is always in."""
    return "." in symbol.partition(":")[0] and not symbol.startswith(
        ("multiprocessing.", "zmq.", "tqdm.", "concurrent.")
    )


def _module(symbol: str) -> str:
    return symbol.partition(":")[0]


def reason(case: Case, got: Any) -> Text | None:
    """Those that wait as well, but for this one, or for work."""
    said = [str(part) for part in got] if isinstance(got, list) else []
    answer = case.expected
    if len(said) != 3:
        return Text("three texts are due: process, function, function.", "应返回三个字符串：进程、函数、函数。")
    if said[1:] == [answer[2], answer[1]]:
        return Text("the right two, the other way round.", "两个函数都对，顺序反了。")
    if any(part.startswith(("threading:", "queue:", "selectors:")) or ":" not in part for part in said[1:]):
        return Text(
            "below Event.wait or Queue.get stands the function that called it: name that one, as package.module:Class.method.",
            "Event.wait、Queue.get 下面那一行才是调用它的函数：请写那个函数，格式为 包.模块:类.方法。",
        )
    if any("get_output" in part for part in said[1:]):
        return Text(
            "the script waits there for EngineCore's answer, in every run: look at what EngineCore itself does.",
            "脚本在那里等 EngineCore 的结果，每次运行都是如此：请看 EngineCore 自己在做什么。",
        )
    if any(name in part for part in said[1:] for name in ("MessageQueue", "SpinCondition", "worker_busy_loop")):
        return Text(
            "the worker waits there for work, as it does between any two steps: nobody has sent it a step.",
            "工作进程在那里等待任务，任何两步之间都是如此：没有人给它发送新的一步。",
        )
    if any("sockets" in part or "monitor" in part.lower() for part in said[1:]):
        return Text(
            "that thread waits for messages, also in a run that works; compare with a stack of a good run.",
            "这个线程是在等消息，正常运行时也这样；请与正常运行的调用栈比较。",
        )
    if _module(said[1]) == _module(answer[1]):
        return Text(
            "that function has called the one that waits: take the innermost one that is not Python's library.",
            "这个函数调用了正在等待的函数：请取最内层、且不属于 Python 标准库的那个。",
        )
    return None


GRADER = Grader(cases, reason=reason, arguments="--problem hang", file=evidence.file_of("hang"), hidden=True)
