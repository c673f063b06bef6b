"""Draws lesson 1.6's picture: which part of the engine lives in which process, by the way it was started.

.venv/bin/python scripts/pictures/debugging.py 1.6_processes        both languages; `scripts/capture.py` calls it too

The processes are those that step1_debugging (CPU, and one H100) and llama_debug --tp 2 list.
"""

from pathlib import Path

from languages import write

from workbook.i18n import tr
from workbook.views.svg import SIZE, SMALL, WIDTH, Sheet

IMAGES = Path(__file__).parents[2] / "stages" / "1_basics" / "images"
LEFT, ROW, BOX, GAP = 24.0, 128.0, 78.0, 26.0


def processes() -> str:
    """A row for each way to start, a box for each process, a line for each wait."""
    script, front = tr("script", "脚本"), tr("LLM, tokenizer", "LLM、分词器")
    scheduler, model = tr("scheduler", "调度器"), tr("model", "模型")
    everything = tr("LLM, tokenizer, scheduler, model", "LLM、分词器、调度器、模型")
    rows: list[tuple[str, list[tuple[str, str, float]]]] = [  # process, what it holds, how wide
        (tr("in-process (F5 on a lesson)", "单进程（课程的 F5）"), [(script, everything, 3.0)]),
        (
            tr("default, one GPU", "默认，一张 GPU"),
            [(script, front, 1.0), ("EngineCore", f"{scheduler}{tr(', ', '、')}{model}", 1.5)],
        ),
        (
            tr("default, CPU", "默认，CPU"),
            [(script, front, 1.0), ("EngineCore", scheduler, 1.0), ("Worker", model, 1.0)],
        ),
        (
            "tensor_parallel_size=2",
            [
                (script, front, 1.0),
                ("EngineCore", scheduler, 1.0),
                ("Worker_TP0", tr("half of the model", "一半模型"), 1.0),
                ("Worker_TP1", tr("half of the model", "一半模型"), 1.0),
            ],
        ),
    ]
    title = tr("Where the parts of the engine live", "引擎的各部分在哪个进程里")
    about = tr(
        "In-process: one. Default: two on a GPU, three on CPU. Tensor parallel size 2: four.",
        "单进程：1 个。默认：GPU 上 2 个，CPU 上 3 个。张量并行度 2：4 个。",
    )
    sheet = Sheet(title, about)
    unit = (WIDTH - 2 * LEFT - 3 * GAP) / 4
    for number, (name, columns) in enumerate(rows):
        y = 22 + number * ROW
        sheet.text(LEFT, y, name, SMALL, "dim")
        x = LEFT
        for place, (process, holds, share) in enumerate(columns):
            if place:
                sheet.line(x - GAP + 3, y + 20 + BOX / 2, x - 3, y + 20 + BOX / 2, "mark", 3)
            width = unit * share + GAP * (share - 1)
            sheet.rect(x, y + 20, width, BOX, style="none")
            sheet.text(x + 12, y + 44, process, SIZE, weight="bold")
            sheet.text(x + 12, y + 76, holds, SMALL)
            x += width + GAP
    return str(sheet)


DRAWN = {"1.6_processes": processes}

if __name__ == "__main__":
    write(IMAGES, DRAWN)
