"""What happens when an armed function is called: count, ask the condition, tell the learner, stop.

Every armed function begins with ``if _workbook_stop_(symbol): breakpoint()``. A function whose stops have all been reached gets its own code back.
"""

import builtins
import multiprocessing
import sys
import types
from collections.abc import Sequence
from types import FrameType

from workbook.i18n import tr
from workbook.stops import arming, debugger
from workbook.stops.spec import Stop


class _Armed:
    """One function, its own code, and what is still to be reached in this process."""

    def __init__(self, function: types.FunctionType, stops: Sequence[Stop]) -> None:
        self.function = function
        self.code = function.__code__
        self.conditions = {stop: stop.condition() for stop in stops}
        self.left = {stop: stop.hit for stop in stops}
        self.failed: set[Stop] = set()
        self.asking = False  # a condition may call the function itself

    def reached(self, frame: FrameType) -> list[Stop]:
        """Count this call for every stop, and return those whose turn it is."""
        if self.asking:
            return []
        due: list[Stop] = []
        for stop in list(self.left):
            if self._holds(stop, frame):
                self.left[stop] -= 1
                if self.left[stop] == 0:
                    due.append(stop)
                    del self.left[stop]
        if not self.left:
            self.function.__code__ = self.code
        return due

    def _holds(self, stop: Stop, frame: FrameType) -> bool:
        condition = self.conditions[stop]
        if condition is None:
            return True
        self.asking = True
        try:
            # One dictionary: generator expressions inside eval() see globals only.
            return bool(eval(condition, {**frame.f_globals, **frame.f_locals}))
        except Exception as error:
            if stop not in self.failed:
                self.failed.add(stop)
                what = f"{type(error).__name__}: {error}"
                debugger.say(
                    tr(
                        f"The condition {stop.when!r} at {stop.at} failed and counts as false ({what}): use the function's arguments.",
                        f"{stop.at} 的条件 {stop.when!r} 求值出错，按不成立处理（{what}）：请使用函数的参数。",
                    )
                )
            return False
        finally:
            self.asking = False


_armed: dict[str, _Armed] = {}


def arm(module: types.ModuleType, stops: Sequence[Stop]) -> None:
    """Arm the stops of a module that has been imported. One that cannot be is a sentence, and the run goes on."""
    for symbol in dict.fromkeys(stop.at for stop in stops):
        own = [stop for stop in stops if stop.at == symbol]
        try:
            function = arming.function(module, own[0].name)
            armed = _Armed(function, own)
            function.__code__ = arming.with_stop(function, symbol)
        except (arming.CannotArmError, SyntaxError, ValueError) as error:
            debugger.cannot(symbol, str(error))
        else:
            _armed[symbol] = armed
            setattr(builtins, arming.HOOK, _stop)


def _stop(symbol: str) -> bool:
    """Called by an armed function; True: ``breakpoint()`` follows there."""
    if not debugger.attached():
        return False
    frame = sys._getframe(1)
    due = _armed[symbol].reached(frame)
    if not due:
        return False
    text = "\n".join(map(words, due))
    if debugger.in_terminal():
        from workbook.stops import terminal  # pdb is a heavy import

        terminal.stop(text, frame)  # the last call here: from now on every call and line is traced
        return False
    debugger.note(text)
    return True


def words(stop: Stop) -> str:
    """The note at a stop: where one is, in which process, and what to look at."""
    process = multiprocessing.current_process().name
    where = stop.name if process == "MainProcess" else f"{stop.name} · {process}"
    lines = [f"{stop.title or tr('Stop', '停点')} · {where}"]
    if stop.look:
        lines.append(tr("Look at: ", "看这里：") + stop.look)
    return "\n".join(lines)
