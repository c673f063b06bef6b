"""Tokens a second over a slow link, against the seconds that a request took between two hosts: in the learner's run and in ours."""

from collections.abc import Callable, Iterator
from typing import Any

from workbook import runinfo
from workbook.course.header import Text
from workbook.grading.evidence import Evidence, LackingError
from workbook.grading.grader import Case, Grader, Mistake, Tolerance
from workbook.i18n import tr
from workbook.twohosts import measure, model
from workbook.wire import Collectives, collectives

_WITHIN = 0.15
_SLOW = 20_000_000  # bits a second; above, the wire is too small a part of the time to prove anything
_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}


def cases(run: Evidence) -> Iterator[Case]:
    """One host, and each slow link of the run. A run in which a request was held up by something else is refused."""
    info = runinfo.read(run.folder)
    results = info.results if info else {}
    slow = [row for row in results.get("rates", []) if row["bits_per_s"] <= _SLOW]
    if not slow:
        raise LackingError(
            tr(
                f"The run {run.name} has no link of 20 Mbit/s or less: workbook run step2_two_hosts --rates 10mbit,5mbit",
                f"运行 {run.name} 里没有 20 Mbit/s 或更慢的链路：workbook run step2_two_hosts --rates 10mbit,5mbit",
            )
        )
    held_up = [row for row in slow if abs(row["predicted_s"] / row["measured_s"] - 1) > _WITHIN]
    if held_up:
        raise LackingError(
            tr(
                f"In the run {run.name} something else held the requests up ({held_up[0]['shown']}): close other programs "
                "and run it again: workbook run step2_two_hosts",
                f"运行 {run.name} 中请求受到了其他程序的干扰（{held_up[0]['shown']}）：请关闭其他程序后重新运行：workbook run step2_two_hosts",
            )
        )
    config = {name: value for name, value in run.recording.header.architecture.items() if name != "class"}
    step_s = results["one_host"]["step_s"]
    yield Case((config, 1, slow[0]["bits_per_s"], step_s, 0.0), 1 / step_s, Text("one host", "一台主机"))
    broadcast = measure.broadcast(results["counted"])
    for row in slow:
        yield Case(
            (config, 2, row["bits_per_s"], row["free_s"] / row["tokens"], broadcast),
            row["tokens"] / row["measured_s"],
            Text(f"a link of {row['shown']}", f"{row['shown']} 的链路"),
        )


def _asked(config: dict[str, Any], tp: int) -> Collectives:
    layers, hidden, vocabulary = (config[name] for name in ("num_hidden_layers", "hidden_size", "vocab_size"))
    return collectives(layers, hidden, vocabulary, tokens=1, tp=tp, element_bytes=_BYTES[config["dtype"]])


def _version(
    sent: Callable[[Collectives], float], bits: int = 8, steps: int = 1
) -> Callable[[dict[str, Any], int, int, float, float], float]:
    """The answer of somebody who takes this for the bytes of a step."""
    return lambda config, tp, rate, step, broadcast: (
        1 / (steps * step + bits * (sent(_asked(config, tp)) + broadcast) / rate)
    )


def _framed(asked: Collectives) -> float:
    return model.traffic(asked).bytes


GRADER = Grader(
    cases,
    shipped=("two_hosts",),
    tolerance=Tolerance(relative=_WITHIN),
    mistakes=[
        Mistake(
            _version(_framed, bits=1),
            Text(
                "the link is in bits a second, and a byte has eight.", "链路速率的单位是比特每秒，而一个字节有 8 比特。"
            ),
        ),
        Mistake(
            _version(lambda asked: 2 * _framed(asked)),
            Text(
                "you sent both directions one after the other; each has the link's rate to itself.",
                "你把两个方向先后相加了；每个方向各有一份链路速率。",
            ),
        ),
        Mistake(
            _version(_framed, steps=0),
            Text(
                "you left the step's own time out; while it computes, nothing is sent.",
                "你漏掉了这一步本身的时间；计算的时候没有数据在传。",
            ),
            must_differ=False,  # on the slowest links it hardly matters
        ),
        Mistake(
            _version(lambda asked: asked.payload),
            Text(
                "you counted the tensors; gloo's announcements and 66 bytes of headers for each frame travel as well.",
                "你只算了张量；gloo 的预告消息和每帧 66 字节的帧头也要传。",
            ),
        ),
        Mistake(
            _version(lambda asked: asked.all_reduces * asked.all_reduce),
            Text(
                "you left out the all-gather of the logits, which is the largest of all here.",
                "你漏掉了 logits 的 all-gather，它在这里是最大的一项。",
            ),
        ),
        Mistake(
            _version(lambda asked: _framed(asked) + asked.all_gather),
            Text(
                "you gathered all of the logits; a rank sends its own half, and has that already.",
                "你把全部 logits 都传了一遍；每个 rank 只发送自己的那一半。",
            ),
        ),
    ],
)
