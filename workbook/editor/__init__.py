"""VSCode's files: ``.vscode/launch.json`` and ``tasks.json``, made from the lessons' headers, the scripts and the models.

Knows what VSCode and its Python Debugger read; starts nothing.
"""

from workbook.editor.files import stale, write

__all__ = ["stale", "write"]
