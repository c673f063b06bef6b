"""The course itself: no finding, and quickly; its transcripts are what the commands print today."""

import os
import shlex
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, run

from workbook.lint import check, transcripts
from workbook.lint.course import Course
from workbook.lint.transcripts import Transcript


def test_no_finding_in_a_few_seconds() -> None:
    start = time.process_time()  # its own, whatever else runs here
    found = [str(finding) for finding in check()]
    seconds = time.process_time() - start
    assert found == []
    assert seconds < 10


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands on pages are typed there."""
    monkeypatch.chdir(ROOT)


def by_page() -> list[tuple[Path, list[Transcript]]]:
    found = ((path, transcripts.transcripts(page)) for path, page in Course(ROOT).pages.items())
    return [(path, several) for path, several in found if several]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], str]:
    """What commands printed: each distinct one runs once in a language, and those of one page in their order."""
    return {}


def outputs(several: list[Transcript], printed: dict[tuple[str, ...], str], notes: Path) -> list[str]:
    """The output of each transcript's command. ``workbook show last`` follows the page's runs, so it is told apart by them."""
    found: list[str] = []
    for number, transcript in enumerate(several):
        before = [t.command for t in several[:number]] if "last" in transcript.command.split() else []
        key = ("zh" if transcript.chinese else "en", *before, transcript.command)
        if key not in printed:
            words = shlex.split(transcript.command)
            script = [] if words[0] == "workbook" else ["run"]
            arguments = words[1:] if words[0] == "workbook" else words
            env = {"WORKBOOK_LANG": key[0], "WORKBOOK_NOTES": str(notes), "COLUMNS": "100"}
            env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            result = run(sys.executable, "-c", "from workbook.cli import main; main()", *script, *arguments, **env)
            printed[key] = result.stdout + result.stderr
        found.append(printed[key])
    return found


def compare(several: list[Transcript], real: list[str]) -> None:
    for transcript, output in zip(several, real, strict=True):
        parted = transcripts.difference(transcript.fence.content, output)
        if parted:
            where = f"{transcript.page.path.relative_to(ROOT)}:{transcript.fence.line + parted.line}"
            pytest.fail(f"{where}: the page has {parted.block!r}, `{transcript.command}` prints {parted.output!r}")


PAGES = by_page()
QUICK = [(path, found) for path, several in PAGES if (found := [t for t in several if not t.needs_engine])]
ENGINE = [(path, several) for path, several in PAGES if any(t.needs_engine for t in several)]


@pytest.mark.parametrize(("path", "several"), QUICK, ids=[path.name for path, _ in QUICK])
def test_transcripts_without_engine(
    path: Path, several: list[Transcript], printed: dict[tuple[str, ...], str], tmp_path: Path
) -> None:
    compare(several, outputs(several, printed, tmp_path))


@pytest.mark.engine
@pytest.mark.parametrize(("path", "several"), ENGINE, ids=[path.name for path, _ in ENGINE])
def test_transcripts_of_runs(
    path: Path, several: list[Transcript], printed: dict[tuple[str, ...], str], tmp_path: Path
) -> None:
    compare(several, outputs(several, printed, tmp_path))
