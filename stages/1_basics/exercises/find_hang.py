"""Exercise of lesson 1.6. Grade it: workbook grade find_hang

第 1.6 课练习。评分：workbook grade find_hang
"""


def find_hang() -> tuple[str, str, str]:
    """Which two functions wait for each other in `workbook run step1_debugging --problem hang`?

    Many threads of the three processes are idle, and all but two would be idle in a good run too. Look at them while the run
    hangs (workbook attach --stack PID), then end it with Ctrl-C, which keeps the stacks for the grader.

    returns   (process, function in which the thread of the engine's loop waits, function in which the thread waits that it
              waits for). The process as py-spy names it after "VLLM::". The functions as "package.module:Class.method": of
              each stack the innermost line that is not Python's own library (threading, queue, selectors).

    Example: a thread whose stack begins "Queue.get (queue.py:171)", "SyncMPClient.get_output (vllm/v1/engine/core_client.py:993)"
    waits in "vllm.v1.engine.core_client:SyncMPClient.get_output".

    Source: vllm.v1.engine.core:EngineCoreProc.run_busy_loop

    在 `workbook run step1_debugging --problem hang` 中，是哪两个函数在互相等待？

    三个进程里有很多空闲的线程，除两个以外，它们在正常运行时同样空闲。请在卡住时查看（workbook attach --stack PID），
    然后按 Ctrl-C 结束；结束时会把调用栈留给评分器。

    返回值    （进程，引擎循环所在线程等待的函数，它所等待的那个线程又在等待的函数）。
              进程名取 py-spy 中 "VLLM::" 之后的部分。函数写成 "包.模块:类.方法"：
              取各自调用栈最内层、且不属于 Python 标准库（threading、queue、selectors）的那一行。

    例：调用栈以 "Queue.get (queue.py:171)"、"SyncMPClient.get_output (vllm/v1/engine/core_client.py:993)" 开头的线程，
    等待的函数是 "vllm.v1.engine.core_client:SyncMPClient.get_output"。
    """
    raise NotImplementedError("find_hang")
