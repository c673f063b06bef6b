"""Says in one sentence why the learner's code did not come to its end, and what to do."""

import signal
from typing import TYPE_CHECKING

from workbook.grading import sandbox
from workbook.grading.compare import cut
from workbook.grading.messages import Raised
from workbook.grading.sandbox import Outcome
from workbook.i18n import tr

if TYPE_CHECKING:
    from workbook.grading.grade import Result


def explain(result: "Result", outcome: Outcome, time_limit: float) -> None:
    """Fill in ``what``, ``line`` and, for a function that is not written, the verdict."""
    name = result.exercise.name
    result.line = outcome.line or (outcome.raised.line if outcome.raised else None) or result.line
    if outcome.raised:
        if "NotImplementedError" in outcome.raised.bases:
            own = outcome.raised.beside is None
            result.verdict = "not started" if own and result.agreed == 0 else "failed"
        result.what = _raised(name, outcome.raised, outcome.line)
    elif outcome.changed:
        argument = _parameter(result, outcome.changed.argument)
        result.what = tr(
            f"{name} changes its argument {argument}: work on a copy, the caller still needs it.",
            f"{name} 修改了它的参数 {argument}：调用者还要用它，请在副本上操作。",
        )
    else:
        result.what = _ended(name, outcome, time_limit)


def _parameter(result: "Result", index: int) -> str:
    whole = result.case is not None and result.case.method is None
    return f"`{result.parameters[index]}`" if whole and index < len(result.parameters) else f"{index + 1}"


def _raised(name: str, raised: Raised, crashed: int | None) -> str:
    text = cut(raised.text, 160)
    said = f"{raised.type}: {text}" if text else raised.type
    if raised.type == "SystemExit":
        return tr(
            f"{name} calls sys.exit({text}), which ends the program: `return` the value instead.",
            f"{name} 调用了 sys.exit({text})，程序因此结束：请用 `return` 返回结果。",
        )
    if raised.type == "NotImplementedError":
        if raised.beside:
            return tr(
                f"A `raise NotImplementedError` is still reached in {raised.beside}, which {name} uses: write that one first.",
                f"{name} 用到的 {raised.beside} 里仍会执行到 `raise NotImplementedError`：请先写好它。",
            )
        return tr(
            "A `raise NotImplementedError` is still reached: write what belongs there.",
            "仍会执行到 `raise NotImplementedError`：请写出那里该有的代码。",
        )
    if raised.type == "EOFError":
        return tr(
            f"{name} reads from the keyboard, which a graded function does not have: take everything from the arguments.",
            f"{name} 要从键盘读取输入，而评分时没有键盘：所需的一切都在参数里。",
        )
    if "MemoryError" in raised.bases or "can't allocate memory" in raised.text:
        return _memory(name)
    if raised.type == "RecursionError":
        return tr(
            f"{name} calls itself without end: give the recursion a case in which it stops.",
            f"{name} 无限递归：请给递归一个终止条件。",
        )
    if "ImportError" in raised.bases:
        return tr(f"An import fails ({said}): mend it.", f"导入失败（{said}）：请修正。")
    if raised.index < 0:
        return tr(f"The file cannot be imported ({said}): mend it.", f"文件无法导入（{said}）：请修正。")
    where = tr(f" in {raised.beside}", f"（位于 {raised.beside}）") if raised.beside else ""
    return tr(f"{name} raises {said}{where}", f"{name} 抛出 {said}{where}")


def _ended(name: str, outcome: Outcome, time_limit: float) -> str:
    if outcome.end == "time":
        return tr(
            f"No result after {time_limit:g} seconds: does the loop come to an end? If it only needs longer: --time-limit {3 * time_limit:g}",
            f"{time_limit:g} 秒后仍没有结果：循环会结束吗？如果只是需要更久，请加 --time-limit {3 * time_limit:g}",
        )
    if outcome.end == "output":
        limit = sandbox.OUTPUT // 1024**2
        return tr(
            f"{name} printed more than {limit} MiB and was stopped: take out the print, or print less.",
            f"{name} 打印了超过 {limit} MiB 的内容，已被终止：请去掉 print，或少打印一些。",
        )
    if outcome.end == "returned":
        return tr(
            f"{name} returned more than {sandbox.RETURNED // 1024**3} GiB: return what the docstring asks for, no more.",
            f"{name} 返回了超过 {sandbox.RETURNED // 1024**3} GiB 的数据：只返回 docstring 要求的内容。",
        )
    if outcome.end == "signal":
        number = -outcome.code
        if number == signal.SIGKILL:
            return _memory(name)
        return tr(
            f"The process crashed ({signal.Signals(number).name}) while {name} ran: look at what it calls outside Python, as ctypes or a kernel.",
            f"运行 {name} 时进程崩溃（{signal.Signals(number).name}）：请检查它在 Python 之外调用了什么，例如 ctypes 或 kernel。",
        )
    return tr(
        f"{name} ended the process (exit code {outcome.code}): take out os._exit, and `return` the value.",
        f"{name} 结束了整个进程（退出码 {outcome.code}）：请去掉 os._exit，改用 `return` 返回结果。",
    )


def _memory(name: str) -> str:
    limit = sandbox.MEMORY // 1024**3
    return tr(
        f"{name} ran out of memory (the limit is {limit} GiB): build less at once.",
        f"{name} 内存不足（上限 {limit} GiB）：请不要一次构造这么多数据。",
    )
