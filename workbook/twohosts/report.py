"""The tables of lesson 2.9's script: the wire's bytes term by term, seconds by rate, two ways to use two hosts, other links."""

from typing import Any

from rich.console import Console
from rich.table import Table

from workbook import titled
from workbook.architecture import Architecture
from workbook.i18n import tr
from workbook.twohosts import measure, model
from workbook.twohosts.rates import Rate
from workbook.wire import Collectives, collectives

LLAMA_8B = Architecture(32, 4096, 32, 8, 128, 14336, 128256, 131072, False)  # Llama-3.1-8B's config.json
PROMPT = 2048  # tokens of the prefill that the last table is about
# Bytes a second in each direction, by their specifications: PCIe 4.0 × 16 lanes, 16 GT/s, 128 bits of 130; Ethernet's own name.
PCIE, ETHERNET_10G, ETHERNET_1G = 16e9 * 16 * 128 / 130 / 8, 10e9 / 8, 1e9 / 8
CARD_MEMORY = 1008e9  # bytes a second that an RTX 4090 D reads from its memory


def text(console: Console, results: dict[str, Any]) -> None:
    """Whether two hosts say what one says."""
    steps = results["counted"]["steps"]
    line = (
        tr(f"Over two hosts the same {steps} tokens as on one.", f"两台主机生成的 {steps} 个 token 与单机完全相同。")
        if results["same_text"]
        else tr(
            f"Over two hosts other tokens than on one, of {steps}.", f"两台主机生成的 {steps} 个 token 与单机不同。"
        )
    )
    console.print(f"\n{line}\n")


def terms(asked: Collectives, counted: dict[str, Any]) -> Table:
    """What host1 sent: by the formula, and counted, for each step."""
    steps = counted["steps"]
    wire = model.traffic(asked)
    rows = [
        (tr(f"{asked.all_reduces} all-reduces × {asked.all_reduce:,} B", f"{asked.all_reduces} 次 all-reduce × {asked.all_reduce:,} B"),
         asked.all_reduces * asked.all_reduce, None),
        (tr("1 all-gather: half the logits", "1 次 all-gather：一半 logits"), asked.all_gather, None),
        (tr("gloo's preambles, 48 B each", "gloo 的消息头，每个 48 B"), wire.preambles, None),
        (tr("= what gloo gives to TCP", "= gloo 交给 TCP 的"), wire.gloo, counted["gloo"] / steps),
        (tr("the scheduler's broadcast, counted alone", "调度器的广播（只有计数）"), None, counted["scheduler"] / steps),
        (tr("66 B of headers a frame", "每帧 66 B 帧头"), model.HEADERS * (wire.frames + wire.acknowledgements), model.HEADERS * counted["frames"] / steps),
        (tr("= what the interface counts", "= 网卡计数"), round(wire.bytes + measure.broadcast(counted)), counted["sent"] / steps),
    ]  # fmt: skip
    shown = titled.table(
        tr("host1 → host2, bytes for each step", "host1 → host2，每步字节数"),
        tr("what", "项目"),
        tr("formula", "公式"),
        tr("counted", "计数"),
    )
    for name, formula, count in rows:
        shown.add_row(name, "" if formula is None else f"{formula:,}", "" if count is None else f"{count:,.0f}")
    return shown


def rates(rows: list[dict[str, Any]]) -> Table:
    """Seconds of a request at each rate: without limit right before, measured, predicted."""
    shown = titled.table(
        tr("The same request over a slower link", "同一请求，链路变慢"),
        tr("link", "链路"),
        tr("no limit, s", "不限速，秒"),
        tr("bytes alone, s", "仅传字节，秒"),
        tr("predicted, s", "预测，秒"),
        tr("measured, s", "实测，秒"),
        tr("off by", "偏差"),
        tr("tokens/s", "token/秒"),
    )
    for row in rows:
        off = f"{100 * (row['predicted_s'] / row['measured_s'] - 1):+.0f} %"
        seconds = [row["free_s"], row["predicted_s"] - row["free_s"], row["predicted_s"], row["measured_s"]]
        shown.add_row(
            row["shown"], *(f"{value:.2f}" for value in seconds), off, f"{row['tokens'] / row['measured_s']:.1f}"
        )
    return shown


def cuts(found: dict[str, dict[str, float]], slowest: list[Rate]) -> Table:
    """Two requests at a time, by the way in which the hosts share the work."""
    shown = titled.table(
        tr("Two requests at a time", "同时两个请求"),
        tr("two hosts as", "两台主机"),
        tr("bytes for each token", "每个 token 的字节"),
        tr("tokens/s", "token/秒"),
        *(tr(f"tokens/s over {rate}", f"token/秒（{rate}）") for rate in slowest),
    )
    for name, one in found.items():
        speeds = (one[key] for key in ("free", "slow") if key in one)
        shown.add_row(name, f"{one['bytes']:,.0f}", *(f"{speed:.1f}" for speed in speeds))
    return shown


def elsewhere() -> Table:
    """By arithmetic alone: Llama-3.1-8B on RTX 4090 Ds, what a step's bytes cost at least, by cut and link."""
    a = LLAMA_8B

    def ring(tokens: int, tp: int) -> float:
        return collectives(a.layers, a.hidden, a.vocab, tokens, tp).ring

    def stage(tokens: int, tp: int) -> float:  # hidden states and residual, from one pipeline stage to the next
        return tokens * 2 * a.hidden * 2

    weights_ms = 1000 * a.parameters * 2 / 4 / CARD_MEMORY
    shown = titled.table(
        tr(
            f"Llama-3.1-8B on RTX 4090 Ds: ms for the bytes, at least (for the weights, TP=4: {weights_ms:.1f} ms)",
            f"RTX 4090 D 上的 Llama-3.1-8B：传字节至少需要的毫秒（读权重，TP=4：{weights_ms:.1f} 毫秒）",
        ),
        tr("cut, and its slowest link", "切法，以及最慢的链路"),
        tr("one token, bytes", "一个 token，字节"),
        tr("ms", "毫秒"),
        tr(f"prompt of {PROMPT:,}, bytes", f"{PROMPT:,} token 的提示词，字节"),
        tr("ms", "毫秒"),
    )
    for name, count, tp, speed in (
        (tr("TP=4, PCIe 4.0 × 16", "TP=4，PCIe 4.0 × 16"), ring, 4, PCIE),
        (tr("TP=8 over 10 Gbit/s Ethernet", "TP=8，10 Gbit/s 以太网"), ring, 8, ETHERNET_10G),
        (tr("TP=8 over 1 Gbit/s Ethernet", "TP=8，1 Gbit/s 以太网"), ring, 8, ETHERNET_1G),
        (tr("PP=2 × TP=4 over 10 Gbit/s", "PP=2 × TP=4，10 Gbit/s"), stage, 4, ETHERNET_10G),
        (tr("PP=2 × TP=4 over 1 Gbit/s", "PP=2 × TP=4，1 Gbit/s"), stage, 4, ETHERNET_1G),
    ):
        cells = []
        for tokens in (1, PROMPT):
            sent = count(tokens, tp)
            cells += [
                f"{sent:,.0f}",
                f"{1000 * sent / speed:,.2f}" if 1000 * sent / speed < 10 else f"{1000 * sent / speed:,.0f}",
            ]
        shown.add_row(name, *cells)
    return shown
