"""Runs the learner's code: ``python -m workbook.grading.runner JOB REPORTS TRACE``, three open file descriptors.

This process gets arguments and never what is expected of them. Whatever happens in it, the grader's process learns
of it by a frame, by an exit code, or by the clock (:mod:`workbook.grading.sandbox`).
"""

import ctypes
import faulthandler
import importlib.util
import os
import resource
import signal
import sys
import types
from pathlib import Path
from typing import Any

import msgspec

from workbook.grading import messages, values

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_SHOWN = 300  # characters of an exception's text


def main(job_file: int, reports: int, trace: int) -> None:
    """Import the file, make every call, and leave without a farewell: threads and exit handlers do not matter any more."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    faulthandler.enable(trace)  # a segfault leaves its line there
    faulthandler.register(signal.SIGUSR1, trace, all_threads=False)  # and so does a call that took too long
    with os.fdopen(job_file, "rb") as source:
        job = msgspec.msgpack.decode(messages.read_frame(source) or b"", type=messages.Job)
        calls = []
        while (data := messages.read_frame(source)) is not None:
            calls.append(msgspec.msgpack.decode(data, type=messages.Call))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if job.memory:
        resource.setrlimit(resource.RLIMIT_DATA, (job.memory, job.memory))

    index = -1
    try:
        _send(reports, messages.Started())
        target = getattr(_import(Path(job.file)), job.name)
        _send(reports, messages.Ready())
        subject: Any = None
        for index, call in enumerate(calls):
            arguments = [values.decode(one, job.device) for one in call.arguments]
            if call.method is None:
                value = target(*arguments)
            elif call.method == "__init__":
                subject, value = target(*arguments), None
            else:
                value = getattr(subject, call.method)(*arguments)
            _send(reports, messages.Value(index, values.encode(value)))
            if not job.may_change:
                after = [values.encode(one) for one in arguments]
                for place, (before, now) in enumerate(zip(call.arguments, after, strict=True)):
                    if before != now:
                        _send(reports, messages.Changed(index, place))
                        raise _ArgumentChangedError
        _send(reports, messages.Done())
    except _ArgumentChangedError:
        pass
    except BaseException as error:  # SystemExit and KeyboardInterrupt as well
        _send(reports, _raised(error, index, job.file))
    sys.stdout.flush()
    os._exit(0)


class _ArgumentChangedError(Exception):
    pass


def _import(path: Path) -> types.ModuleType:
    sys.path.append(str(path.parent))  # last: an exercise may bear the name of a library
    spec = importlib.util.spec_from_file_location("exercise", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as dataclasses and pickle expect
    spec.loader.exec_module(module)
    return module


def _raised(error: BaseException, index: int, file: str) -> messages.Raised:
    line, beside, step = None, None, error.__traceback__
    while step is not None:
        source = Path(step.tb_frame.f_code.co_filename)
        if str(source) == file:
            line = step.tb_lineno
        beside = source.name if source.parent == Path(file).parent and str(source) != file else None
        step = step.tb_next
    try:
        text = str(error)[:_SHOWN]
    except Exception:
        text = ""
    if isinstance(error, SyntaxError) and error.filename:  # of a file that the learner's imports
        text = f"{text} ({Path(error.filename).name})"
    return messages.Raised(
        index, type(error).__name__, text, line, [base.__name__ for base in type(error).__mro__], beside
    )


def _send(descriptor: int, message: msgspec.Struct) -> None:
    data = memoryview(messages.frame(message))
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
