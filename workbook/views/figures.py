"""The headline figures of a recording in words and units: what a report would quote. Knows summaries, not drawing."""

from dataclasses import dataclass

from workbook.i18n import some, tr
from workbook.recorder.summary import Percentiles, Summary


@dataclass(frozen=True)
class Figure:
    """A figure: ``number`` is the Summary's own (None: there is none), ``value`` says it, ``note`` what is behind it."""

    label: str
    number: float | None
    value: str
    note: str = ""


def seconds(value: float) -> str:
    """A time with a unit that suits it."""
    if abs(value) < 1e-3:
        return f"{value * 1e6:.0f} µs"
    if abs(value) < 1:
        return f"{value * 1e3:.1f} ms"
    return f"{value:.2f} s"


def percent(value: float) -> str:
    """A rate between 0 and 1."""
    return f"{value:.1%}" if value < 0.1 else f"{value:.0%}"


def figures(summary: Summary, tails: bool = False) -> list[Figure]:
    """All of them, in the order in which one asks; ``tails`` gives each latency's p99 a figure of its own."""
    s = summary
    found = [
        Figure(
            tr("throughput", "吞吐量"),
            s.throughput,
            f"{s.throughput:,.1f} tokens/s",
            tr(
                f"{some(s.generated_tokens, 'token')} generated in {seconds(s.duration)}",
                f"{seconds(s.duration)} 内生成 {s.generated_tokens:,} 个 token",
            ),
        ),
        *_latency(tr("time to first token", "首 token 延迟 TTFT"), s.ttft, tails),
        *_latency(tr("inter-token latency", "token 间延迟 ITL"), s.itl, tails),
        Figure(
            tr("steps", "调度步"),
            s.steps,
            f"{s.steps:,}",
            tr(
                f"mean batch {s.mean_batch:.1f} · {percent(s.budget_use)} of the token budget",
                f"平均批大小 {s.mean_batch:.1f} · 用掉 token 预算的 {percent(s.budget_use)}",
            ),
        ),
        Figure(
            tr("KV cache, peak", "KV 缓存峰值"),
            s.peak_use,
            percent(s.peak_use),
            tr(f"{some(s.peak_blocks, 'block')} in use", f"使用 {s.peak_blocks:,} 块"),
        ),
    ]
    if s.hit_rate is not None:
        found.append(
            Figure(
                tr("prefix cache hits", "前缀缓存命中"),
                s.hit_rate,
                percent(s.hit_rate),
                tr(
                    f"{s.cache_hits:,} of {some(s.cache_queries, 'prompt token')}",
                    f"{s.cache_queries:,} 个提示词 token 中 {s.cache_hits:,} 个",
                ),
            )
        )
    if s.acceptance_rate is not None:
        found.append(
            Figure(
                tr("drafts accepted", "草稿接受率"),
                s.acceptance_rate,
                percent(s.acceptance_rate),
                tr(f"{s.accepted:,} of {some(s.drafts, 'token')}", f"{s.drafts:,} 个 token 中 {s.accepted:,} 个"),
            )
        )
    found.append(
        Figure(
            tr("preemptions", "抢占"),
            s.preemptions,
            f"{s.preemptions:,}",
            tr(f"{some(s.recomputed_tokens, 'token')} computed again", f"重算 {s.recomputed_tokens:,} 个 token")
            if s.preemptions
            else "",
        )
    )
    return found


def change(before: float | None, after: float | None) -> str:
    """How ``after`` differs from ``before``: a percentage, or nothing where there is nothing to divide by."""
    if not before or after is None:
        return ""
    return f"{after / before - 1:+.0%}"


def _latency(label: str, of: Percentiles | None, tails: bool) -> list[Figure]:
    if of is None:
        return [Figure(label, None, "–")]
    median = tr("median", "中位数")
    note = f"{median} · p90 {seconds(of.p90)} · p99 {seconds(of.p99)}"
    tail = Figure(f"{label}{tr(', p99', '，p99')}", of.p99, seconds(of.p99))
    return [Figure(label, of.p50, seconds(of.p50), note), *([tail] if tails else [])]
