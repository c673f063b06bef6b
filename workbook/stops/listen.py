"""A script to which a debugger can connect while it runs. From this machine only: whoever connects can run any code."""

import os

from workbook import guard
from workbook.i18n import tr
from workbook.stops import debugger

VARIABLE = "WORKBOOK_LISTEN"  # the port; "5678 wait" holds the script until a debugger has connected
ADDRESS = "127.0.0.1"
PORT = 5678  # that of the configuration in launch.json


def listen_if_asked() -> None:
    """Open the port in $WORKBOOK_LISTEN. The script's children are found through it, and open none."""
    asked = os.environ.get(VARIABLE, "").split()
    if not asked or guard.in_child() or debugger.pydevd() is not None:
        return
    if not asked[0].isdigit() or not 1024 <= int(asked[0]) < 65536:
        debugger.say(
            tr(
                f"{VARIABLE}={asked[0]} is no port: give a number from 1024 to 65535; the run goes on without it.",
                f"{VARIABLE}={asked[0]} 不是端口号：请给出 1024 到 65535 之间的数；程序继续运行。",
            )
        )
        return
    # Else a warning about Python's frozen modules, which nobody steps through, stands on the learner's terminal.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    import debugpy

    port = int(asked[0])
    try:
        debugpy.listen((ADDRESS, port))
    except RuntimeError:
        debugger.say(
            tr(
                f"Port {port} is taken by another program: choose another, as {VARIABLE}={port + 1}; the run goes on without it.",
                f"端口 {port} 已被其他程序占用：请换一个，例如 {VARIABLE}={port + 1}；程序继续运行。",
            )
        )
        return
    if "wait" not in asked:
        debugger.say(
            tr(
                f"A debugger can connect to {ADDRESS}:{port}: `workbook attach` says how.",
                f"调试器可以连接到 {ADDRESS}:{port}：用法见 `workbook attach`。",
            )
        )
        return
    debugger.say(
        tr(
            f"Waiting for a debugger on {ADDRESS}:{port}: `workbook attach` in another terminal says how to connect.",
            f"正在 {ADDRESS}:{port} 等待调试器连接：连接方法请在另一个终端运行 `workbook attach` 查看。",
        )
    )
    try:
        debugpy.wait_for_client()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
