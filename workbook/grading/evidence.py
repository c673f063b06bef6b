"""A run of a lesson's script as evidence: what the engine recorded, allocated and computed there."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from workbook import runinfo
from workbook.errors import WorkbookError
from workbook.i18n import tr
from workbook.recorder import Recording, load, workers
from workbook.recorder.recording import FILE as RECORDING
from workbook.recorder.workers import Cache

if TYPE_CHECKING:
    from workbook.capture import Captured


class LackingError(WorkbookError):
    """The run does not hold what the exercise is graded against."""


@dataclass(frozen=True)
class Evidence:
    """One run's folder."""

    folder: Path

    @property
    def name(self) -> str:
        """As the other commands call it: SCRIPT/TIME."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def recording(self) -> Recording:
        """The engine's steps. Raises WorkbookError."""
        if not (self.folder / RECORDING).is_file():
            raise self.lacking(RECORDING)
        return load(self.folder)

    @cached_property
    def caches(self) -> list[Cache]:
        """The KV cache that each worker allocated."""
        found = workers.read(self.folder)
        if not found:
            raise self.lacking(workers.FILE)
        return found

    @cached_property
    def captured(self) -> "Captured":
        """What the hooked modules saw, as NumPy arrays: ``captured("model.norm", 0, "in.0")``."""
        from workbook import capture  # here, for most exercises need no NumPy

        try:
            return capture.read(self.folder)
        except WorkbookError:
            raise self.lacking(capture.FILE) from None

    def lacking(self, what: str) -> LackingError:
        """The error for a file that is not there or cannot be read."""
        return LackingError(
            tr(
                f"The run {self.name} has no whole {what}: run it again with `workbook run {self.folder.parent.name}`.",
                f"运行 {self.name} 没有完整的 {what}：请用 `workbook run {self.folder.parent.name}` 重新运行。",
            )
        )


def runs(script: str, wanted: str | None = None, arguments: str = "", file: str | None = None) -> list[Evidence]:
    """The script's whole runs, newest first; or the one that the learner ``wanted``, whole or not. Raises WorkbookError.

    With ``file``, those with this file in their folder, however they ended; ``arguments``: how the script makes such a run.
    """
    if wanted is not None:
        from workbook.views import runs as named

        folder = named.find(wanted).parent
        info = runinfo.read(folder)
        if (info.script if info else folder.parent.name) != script:
            raise WorkbookError(
                tr(
                    f"{wanted} is no run of {script}, which this exercise is graded against: `workbook show` lists the runs.",
                    f"{wanted} 不是 {script} 的运行，而本练习要与后者对比：`workbook show` 会列出所有运行。",
                )
            )
        return [Evidence(folder)]
    folders = runinfo.runs_of(script, whole=file is None)
    found = [Evidence(folder) for folder in folders if file is None or (folder / file).is_file()]
    if not found:
        command = f"{script} {arguments}".strip()
        raise WorkbookError(
            tr(
                f"There is no whole run of {command} to compare with; run it first: workbook run {command}",
                f"还没有可供对比的完整 {command} 运行；请先运行：workbook run {command}",
            )
        )
    return found
