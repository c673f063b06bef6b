"""A block pool, replayed against a recording: block tables, new blocks, free blocks and reference counts, step by step.

The order of events inside a step is the scheduler's: running requests get their blocks in batch order, then waiting ones are
let in, then the model runs, then requests end. A mistake of an allocator shows only after a while, so each wrong version
is replayed beside the engine, and a case says what each of them would have answered.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from workbook.course.header import Text
from workbook.grading.evidence import Evidence
from workbook.grading.grader import Case, Grader


@dataclass(frozen=True)
class Call(Case):
    """A call, and what each wrong version answers, by its name."""

    wrong: dict[str, Any] = field(default_factory=dict)


class Pool:
    """The allocator of somebody who makes the mistake ``name``; "" makes none."""

    def __init__(self, name: str, num_blocks: int) -> None:
        self.name = name
        self.queue = list(range(0 if name == "null block" else 1, num_blocks))
        self.held: Counter[int] = Counter()
        self.tables: dict[str, list[int]] = {}

    def allocate(self, request: str, hit: list[int], new: int) -> list[int]:
        """A request starts."""
        for block in hit:
            if not self.held[block] and block in self.queue and self.name != "left in queue":
                self.queue.remove(block)
            self.held[block] += 1
        self.tables[request] = list(hit)
        self.append(request, new)
        return list(self.tables[request])

    def append(self, request: str, new: int) -> list[int]:
        """It needs more."""
        if self.name == "from the end":
            taken = [self.queue.pop() for _ in range(min(new, len(self.queue)))]
        else:
            taken, self.queue = self.queue[:new], self.queue[new:]
        self.held.update(taken)
        self.tables[request] += taken
        return taken

    def free(self, request: str, cached: int) -> None:
        """It ends."""
        front: list[int] = []
        end: list[int] = []
        blocks = list(enumerate(self.tables.pop(request)))
        for place, block in blocks if self.name == "in order" else reversed(blocks):
            self.held[block] -= 1
            if self.held[block] > 0 and self.name != "no counts":
                continue
            stays = self.name == "all to the end" or (place < cached and self.name != "all to the front")
            (end if stays else front).append(block)
        self.queue = (front[::-1] if self.name == "one by one" else front) + self.queue + end

    def num_free(self) -> int:
        """Blocks in the queue."""
        return len(self.queue)

    def ref_count(self, block: int) -> int:
        """Requests that hold the block."""
        return self.held[block]


MISTAKES = {
    "null block": Text(
        "you hand out block 0; it is the null block, which nobody gets.",
        "你把第 0 块分配出去了；它是占位块（null block），从不分配。",
    ),
    "from the end": Text("you take new blocks from the end of the queue.", "你从队尾取新块；应当从队首取。"),
    "all to the end": Text(
        "you put every freed block at the end; one without content in the prefix cache goes to the front.",
        "你把归还的块全放到了队尾；内容不在前缀缓存里的块应当放到队首。",
    ),
    "all to the front": Text(
        "you put every freed block at the front; one whose content stays in the prefix cache goes to the end.",
        "你把归还的块全放到了队首；内容留在前缀缓存里的块应当放到队尾。",
    ),
    "in order": Text(
        "you give a request's blocks back from the first to the last; it is from the last to the first.",
        "你从第一块到最后一块归还；应当从最后一块到第一块。",
    ),
    "one by one": Text(
        "you put the blocks without content in front one by one, which turns their order around; they go there as a group.",
        "你把没有内容的块逐个插到队首，顺序就反了过来；它们应当作为一组插入。",
    ),
    "no counts": Text(
        "you free a block that another request still holds: count holders, and free at 0.",
        "你归还了仍被其他请求占用的块：要数占用者，减到 0 才归还。",
    ),
    "left in queue": Text(
        "a block that was found in the prefix cache is still in your queue of free blocks: take it out.",
        "在前缀缓存中命中的块还留在你的空闲队列里：要把它取出来。",
    ),
}


def cases(run: Evidence) -> Iterator[Case]:
    """Every event that the recording tells of the pool, until a preemption, which is a later lesson's."""
    recording = run.recording
    if recording.header.kv_groups != 1:
        raise run.lacking("kv_groups=1")
    wrong = {name: Pool(name, recording.header.blocks) for name in MISTAKES}

    def call(method: str, arguments: tuple[Any, ...], expected: Any, at: Text) -> Call:
        answers = {name: getattr(pool, method)(*arguments) for name, pool in wrong.items()}
        for name in [name for name, answer in answers.items() if answer != expected]:
            del wrong[name]  # who makes this mistake has parted from the engine here, and not later
        return Call(arguments, expected, Text(f"{at.en}: {method}", f"{at.zh}：{method}"), method, wrong=answers)

    yield Case((recording.header.blocks,), None, Text("the pool", "块池"), "__init__")
    for step, state in recording.walk():
        if step.preempted:
            return
        at = Text(f"step {step.number}", f"第 {step.number} 步（step）")
        events = False
        for ended in step.ended_before:
            yield call("free", (recording.requests[ended.i].id, ended.cached), None, at)
        for row in step.rows:
            name, table = recording.requests[row.request].id, list(state.tables[row.request])
            if row.admitted:
                hit = table[: len(table) - len(row.new_blocks)]
                yield call("allocate", (name, hit, len(row.new_blocks)), table, at)
            elif row.new_blocks:
                yield call("append", (name, len(row.new_blocks)), row.new_blocks, at)
            events |= row.admitted or bool(row.new_blocks)
        if events or step.ended_before:
            yield call("num_free", (), step.free, at)
            for block, holders in sorted(state.holders.items()):
                if len(holders) > 1:
                    yield call("ref_count", (block,), len(holders), at)
        for ended in step.finished:
            yield call("free", (recording.requests[ended.i].id, ended.cached), None, at)


def reason(case: Case, got: Any) -> Text | None:
    """The mistakes that give what the learner's allocator gives at the first call where it and the engine part; two at most."""
    answers = case.wrong if isinstance(case, Call) else {}
    found = [MISTAKES[name] for name, answer in answers.items() if answer == got][:2]
    return Text(" Or: ".join(one.en for one in found), "或者：".join(one.zh for one in found)) if found else None


GRADER = Grader(cases, reason=reason, shipped=("paging", "paging_uncached"))
