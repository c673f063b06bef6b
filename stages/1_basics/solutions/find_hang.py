"""A solution of lesson 1.6's exercise find_hang.

第 1.6 课练习 find_hang 的参考解答。
"""


def find_hang() -> tuple[str, str, str]:
    """Which two functions wait for each other in `workbook run step1_debugging --problem hang`?

    在 `workbook run step1_debugging --problem hang` 中，是哪两个函数在互相等待？
    """
    # The script waits for EngineCore, the worker waits for work: both as ever. In EngineCore the loop's thread has the meter's
    # lock (TokenMeter.count) and waits until the line is written; the thread that writes it needs the lock first.
    # 脚本在等 EngineCore，工作进程在等任务：都与平时一样。EngineCore 的循环线程拿着锁（TokenMeter.count），等那一行写完；
    # 而负责写的线程必须先拿到锁。
    return (
        "EngineCore",
        "workbook.problems.metering:TokenMeter._flush",
        "workbook.problems.metering:TokenMeter._append",
    )
