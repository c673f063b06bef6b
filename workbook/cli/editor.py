"""``workbook editor``: VSCode's launch.json and tasks.json."""

from typing import Annotated

import typer

from workbook import editor
from workbook.errors import WorkbookError
from workbook.i18n import listed, tr

app = typer.Typer()


@app.command(
    "editor",
    help=tr(
        "Say whether VSCode's launch.json and tasks.json fit the lessons; --write makes them anew, and keeps your own entries.",
        "检查 VSCode 的 launch.json 和 tasks.json 是否与课程一致；--write 重新生成，并保留你自己添加的条目。",
    ),
)
def editor_command(
    write: Annotated[bool, typer.Option("--write", help=tr("Write them.", "写出文件。"))] = False,
) -> None:
    """Print what was written, or is to be."""
    found = listed(f".vscode/{path.name}" for path in (editor.write() if write else editor.stale()))
    if found and not write:
        raise WorkbookError(
            tr(
                f"{found}: not what the lessons ask for; run `workbook editor --write`.",
                f"{found} 与课程不一致：请运行 `workbook editor --write`。",
            )
        )
    done = tr(f"Written: {found}", f"已写出：{found}") if found else tr("Up to date.", "已是最新。")
    print(done)
