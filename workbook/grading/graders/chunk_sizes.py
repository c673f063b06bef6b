"""The pieces in which a prompt was read, step by step, against what the real scheduler gave it."""

from collections.abc import Callable, Iterator

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader, Mistake
from workbook.recorder import Recording, engines, load
from workbook.recorder.steps import Step


def cases(run: Evidence) -> Iterator[Case]:
    """Every prompt, of every engine of the run, that was read while the same number of others decoded, and nothing else went on."""
    for path in engines(run.folder):
        recording = run.recording if path == run.recording.path else load(path)
        if recording.header.engine.get("enable_chunked_prefill"):
            yield from _of(recording)


def _of(recording: Recording) -> Iterator[Case]:
    reading: dict[int, list[tuple[int, int]]] = {}  # request → (its tokens, others that decode), step by step
    odd: set[int] = set()  # read while something else went on
    for step in recording.steps:
        for row in step.rows:
            if row.phase == "decode":
                continue
            others = [other for other in step.rows if other is not row]
            plain = all(other.phase == "decode" and other.scheduled == 1 for other in others)
            if row.recompute or row.hit or not plain or step.running + step.waiting != len(step.rows):
                odd.add(row.request)
            reading.setdefault(row.request, []).append((row.scheduled, len(others)))
            done = row.computed + row.scheduled == recording.requests[row.request].prompt_tokens
            if done and row.request not in odd and len({number for _, number in reading[row.request]}) == 1:
                yield _case(recording, row.request, step, reading[row.request])


def _case(recording: Recording, index: int, last: Step, reading: list[tuple[int, int]]) -> Case:
    request, header = recording.requests[index], recording.header
    threshold = header.engine.get("long_prefill_token_threshold", 0)
    first = last.number - len(reading) + 1
    steps = Text(f"steps {first} to {last.number}", f"第 {first} 到 {last.number} 步")
    if first == last.number:
        steps = Text(f"step {first}", f"第 {first} 步")
    return Case(
        (request.prompt_tokens, reading[0][1], header.token_budget, threshold),
        [tokens for tokens, _ in reading],
        Text(
            f"{steps.en}, request {request.id}, budget {header.token_budget}, threshold {threshold}",
            f"{steps.zh}，请求 {request.id}，预算 {header.token_budget}，阈值 {threshold}",
        ),
    )


def _pieces(tokens: int, most: int) -> list[int]:
    most = max(1, most)
    return [min(most, tokens - done) for done in range(0, tokens, most)]


def _wrong(most: Callable[[int, int, int, int], int]) -> Callable[..., list[int]]:
    """The pieces of a prompt where each step takes ``most(tokens, decoding, budget, threshold)`` of it."""
    return lambda *given: _pieces(given[0], most(*given))


def _right(tokens: int, decoding: int, budget: int, threshold: int) -> list[int]:
    return _pieces(tokens, min(budget - decoding, threshold) if threshold and decoding else budget - decoding)


def _even(*given: int) -> list[int]:
    count = len(_right(*given))
    return _pieces(given[0], -(-given[0] // count))


GRADER = Grader(
    cases,
    mistakes=[
        Mistake(
            _wrong(lambda n, d, b, t: min(b, t) if t and d else b),
            Text(
                "you give the whole budget to the prompt; each request that decodes takes one token of it, and is served first.",
                "你把整个预算都给了提示词；每个正在解码的请求都先占去一个 token。",
            ),
        ),
        Mistake(
            _wrong(lambda n, d, b, t: b - d),
            Text(
                "you left the threshold out: beside other requests, no step computes more than that of one prompt.",
                "你没有考虑阈值：还有别的请求时，一步里一个提示词最多计算这么多。",
            ),
        ),
        Mistake(
            _wrong(lambda n, d, b, t: min(b - d, t) if t else b - d),
            Text(
                "you apply the threshold also to a prompt that is alone; it protects others, and where there are none it does not count.",
                "只有它一个请求时你也用了阈值；阈值是为了保护别的请求，没有别人时不起作用。",
            ),
        ),
        Mistake(
            _wrong(lambda n, d, b, t: min(b, t) - d if t and d else b - d),
            Text(
                "you take the decoding requests off the threshold; it counts the tokens of this prompt alone, and only the budget is shared.",
                "你从阈值里减去了正在解码的请求；阈值只管这一个提示词的 token，大家共用的只有预算。",
            ),
        ),
        Mistake(
            _wrong(lambda n, d, b, t: t if t and d else b - d),
            Text(
                "the threshold does not replace the budget: of both, the smaller one counts.",
                "阈值不会取代预算：两者取小。",
            ),
            must_differ=False,  # needs a threshold above what the budget leaves, which only one of our recordings has
        ),
        Mistake(
            _even,
            Text(
                "you cut the prompt into even pieces; the scheduler does not look ahead: each step takes what it may, the last one what is left.",
                "你把提示词切成了相等的分块；调度器不会往后看：每一步能拿多少拿多少，最后一步拿剩下的。",
            ),
        ),
        Mistake(
            lambda *given: _right(*given) if len(_right(*given)) == 1 else _right(*given)[:-1],
            Text("the last piece, which is smaller, is missing.", "缺了最后那个较小的分块。"),
        ),
        Mistake(
            lambda *given: [given[0]],
            Text(
                "that is the prompt in one step, as if it fitted the budget.",
                "这是一步读完整个提示词，仿佛预算放得下。",
            ),
        ),
    ],
    shipped=("chunk_64", "chunk_128", "chunk_both"),
)
