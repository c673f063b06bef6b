"""A small course without a fault, written into a folder: what the tests then spoil, one fault at a time."""

import shutil
from pathlib import Path

from conftest import ROOT

from workbook import lint

LESSON = """\
---
lesson: "1.1"
title: {en: The first block, zh: 第一个块}
minutes: 30
week: 1
script: step1_blocks
stops:
  - at: vllm.v1.core.sched.scheduler:Scheduler.schedule
    look: {en: The waiting queue holds two requests., zh: 等待队列里有两个请求。}
    when: len(self.waiting) > 0
    expect: len(self.waiting) == 2
predictions:
  - id: blocks
    ask: {en: "How many blocks?", zh: "多少个块？"}
    answer: sum(len(row.new_blocks) for step in recording.steps for row in step.rows)
    why: {en: "{measured} of them, you said {yours}.", zh: "共 {measured} 个，你答的是 {yours}。"}
    wrong:
      - when: yours == measured - 1
        say: {en: "The last block is not full.", zh: "最后一块没有写满。"}
  - id: kind
    ask: {en: "Which?", zh: "哪一个？"}
    answer: "0 if run.ended == 'ok' else 1"
    choices: [{en: one, zh: 一}, {en: two, zh: 二}]
    why: {en: It ended., zh: 它结束了。}
exercises: [count_blocks]
checkpoints:
  - box: w01-first-run
    ask: {en: "Why two?", zh: "为什么是两个？"}
proves:
  w01-first-run: [run, predictions, exercise count_blocks]
papers:
  - title: Efficient Memory Management
    url: https://arxiv.org/abs/2309.06180
    section: "4"
    symbol: vllm.v1.core.block_pool:BlockPool
code:
  - vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots
---

# 1.1 The first block

The pool is `vllm.v1.core.block_pool:BlockPool`. The run has 5<!-- from few: len(recording.requests) --> requests.

## Run

```bash
workbook run step1_blocks   # a real run
```

<!-- transcript: workbook where vllm.v1.core.block_pool:BlockPool -->
```text
…block_pool.py…
```

![Blocks](images/blocks.svg)

Then [run it again](#run).
"""

CHINESE = """\
# 1.1 第一个块

块池是 `vllm.v1.core.block_pool:BlockPool`。这次运行共有 5<!-- from few: len(recording.requests) --> 个请求。

## 运行

```bash
workbook run step1_blocks   # 真实运行
```

<!-- transcript: workbook where vllm.v1.core.block_pool:BlockPool -->
```text
…block_pool.py…
```

![块](images/blocks.zh.svg)

然后[再运行一次](#运行)。
"""

COMMAND = "workbook where vllm.v1.core.block_pool:BlockPool"
TASK = '    """Blocks for so many tokens. Source: ``vllm.v1.core.kv_cache_manager:KVCacheManager.allocate_slots``."""\n'
STARTER = f'''\
"""How many blocks a request needs."""


def count_blocks(tokens: int, block_size: int) -> int:
{TASK}    raise NotImplementedError
'''
SOLUTION = '''\
"""How many blocks a request needs."""


def count_blocks(tokens: int, block_size: int) -> int:
    """Rounded up."""
    return -(-tokens // block_size)
'''

ORDER_TEXT = """\
- week: 1
  title: {en: in, zh: 入口}
  read:
    - plan: vllm/v1/core/scheduler.py
      note: {en: the scheduler, zh: 调度器}
      symbols:
        - vllm.v1.core.sched.scheduler:Scheduler.schedule
"""
MOVED_TEXT = """\
- older: "`vllm/v1/core/scheduler.py`"
  kind: path
  now: "`vllm.v1.core.sched.scheduler:Scheduler`"
  why: {en: a folder of its own, zh: 有了自己的目录}
  fails: [{path: vllm/v1/core/scheduler.py}]
  holds: [{symbol: "vllm.v1.core.sched.scheduler:Scheduler"}]
"""

PAGE, ZH = "stages/1_basics/1.1_blocks.md", "stages/1_basics/1.1_blocks.zh.md"
EXERCISE, ANSWER = "stages/1_basics/exercises/count_blocks.py", "stages/1_basics/solutions/count_blocks.py"
HINTS, GRADER = "stages/1_basics/exercises/count_blocks.hints.yaml", "workbook/grading/graders/count_blocks.py"
ORDER, MOVED = "stages/reading_order.yaml", "stages/what_moved.yaml"
SCRIPT, BOXES = "my_debug_scripts/step1_blocks.py", "notes/templates/progress.md"
RECORDING = "stages/1_basics/recordings/few"

FILES = {
    PAGE: LESSON,
    ORDER: ORDER_TEXT,
    MOVED: MOVED_TEXT,
    ZH: CHINESE,
    EXERCISE: STARTER,
    ANSWER: SOLUTION,
    HINTS: "".join(f"- {{en: hint {n}, zh: 提示 {n}}}\n" for n in range(3)),
    GRADER: '"""Grades."""\n',
    SCRIPT: '"""Lesson 1.1. Stops in ``vllm.v1.core.sched.scheduler:Scheduler.schedule``."""\n',
    BOXES: "- [ ] Run it · 运行 <!-- id: w01-first-run -->\n",
    "stages/1_basics/images/blocks.svg": "<svg/>",
    "stages/1_basics/images/blocks.zh.svg": "<svg/>",
    "my_debug_scripts/llama_debug.py": '"""Shared."""\n',
    "pyproject.toml": 'cpu = ["vllm==0.32.0"]\n',
}


def write(root: Path) -> Path:
    """Write the tree below ``root``, with a recording of the real engine."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    lint.write(root)  # the pages of what moved
    shutil.copytree(ROOT / "tests" / "recordings" / "prefix", root / RECORDING)
    return root


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Replace a piece of text where it stands first; it must be there."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text, (name, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
