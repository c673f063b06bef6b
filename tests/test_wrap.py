"""Chinese in lines of a given width, by hand and inside a table of rich."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbook.wrap import Prose, wrap

TEXT = "→ 只有下载新模型时才需要：可用本地目录、VLLM_USE_MODELSCOPE=True 或 HF_ENDPOINT=https://hf-mirror.com（镜像）。"


def printed(what: object, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    table = Table.grid()
    table.add_column()
    table.add_row(what)  # type: ignore[arg-type]
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", range(36, 90))
def test_lines_fit_and_words_stay_whole(width: int) -> None:
    lines = wrap(TEXT, width)
    assert "".join(lines).replace(" ", "") == TEXT.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)
    for word in ("VLLM_USE_MODELSCOPE=True", "HF_ENDPOINT=https://hf-mirror.com"):
        assert any(word in line for line in lines)
    assert not any(line[0] in "，。、：）" or line[-1] in "（→" for line in lines)
    assert printed(Prose(TEXT), width) == lines


def test_a_line_is_filled_to_its_end() -> None:
    assert wrap("152 个：每个 token 经过模型一次", 20) == ["152 个：每个 token", "经过模型一次"]
    assert wrap("每个 token 经过模型一次，只有最后一个除外", 16) == [
        "每个 token 经过",
        "模型一次，只有最",
        "后一个除外",
    ]


def test_a_path_wider_than_the_column_is_cut_between_its_folders() -> None:
    path = "/root/.cache/vllm-workbook/models/smollm2"
    assert wrap(path, 20) == [path]
    assert printed(Prose(path), 20) == ["/root/.cache/", "vllm-workbook/", "models/smollm2"]
    assert printed(Prose("abcdefghij"), 4) == ["abcd", "efgh", "ij"]
    assert all(cell_len(line) <= 3 for line in printed(Prose(TEXT), 3))


def test_lines_and_styles_of_a_text_are_kept() -> None:
    console = Console(file=io.StringIO(), width=8, record=True, force_terminal=True)
    console.print(Prose(Text.assemble("第一行\n", ("第二行很长", "bold"))))
    assert console.export_text(styles=True) == "第一行\n\x1b[1m第二行很\x1b[0m\n\x1b[1m长\x1b[0m\n"
