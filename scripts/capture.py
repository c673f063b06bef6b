"""Draws the pictures of the READMEs and the lessons as SVG: a terminal session from a real run, or a recording.

    .venv/bin/python scripts/capture.py                     makes every picture listed below again
    .venv/bin/python scripts/capture.py first_run           makes one

A session's command runs in a pseudo-terminal, so the picture holds what a learner's terminal shows, colours included.
A recording's picture is what `workbook show RECORDING --svg KIND` draws: no engine is started for it.
"""

import argparse
import html
import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
WIDTH = 90  # columns

# Terminal session → (folder, command as the learner types it, language)
SESSIONS = {
    "first_run": ("stages/1_basics/images", "scripts/run.sh", "en"),
    "first_run.zh": ("stages/1_basics/images", "scripts/run.sh", "zh"),
}
# Picture of a recording, in both languages, NAME.svg and NAME.zh.svg → (folder, recording, options of `workbook show`)
RECORDINGS = {
    "1.1_timeline": ("stages/1_basics/images", "stages/1_basics/recordings/first", ["--svg", "timeline"]),
    "1.1_kv": ("stages/1_basics/images", "stages/1_basics/recordings/first", ["--svg", "kv"]),
    "2.2_shared": (
        "stages/2_core_techniques/images",
        "stages/2_core_techniques/recordings/prefix",
        ["--svg", "blocks", "--step", "66"],
    ),
    "2.3_timeline": (
        "stages/2_core_techniques/images",
        "stages/2_core_techniques/recordings/continuous",
        ["--svg", "timeline"],
    ),
}
# Pictures that a script of their own draws, in both languages → the script, called with the picture's name
DRAWN = {
    "1.2_phases": "scripts/pictures/traces.py",
    "1.3_path": "scripts/pictures/traces.py",
    "1.4_stream": "scripts/pictures/llama.py",
    "1.4_rope": "scripts/pictures/llama.py",
    "1.5_settings": "scripts/pictures/sampling.py",
    "1.6_processes": "scripts/pictures/debugging.py",
    "2.1_same_memory": "scripts/pictures/paging.py",
    "2.1_timemachine": "scripts/pictures/timemachine.py",
    "2.2_queue": "scripts/pictures/prefixes.py",
    "2.3_timemachine": "scripts/pictures/timemachine.py",
    "2.4_gaps": "scripts/pictures/chunks.py",
    "2.4_sweep": "scripts/pictures/chunks.py",
    "2.4_timemachine": "scripts/pictures/timemachine.py",
    "2.5_mlp": "scripts/pictures/ranks.py",
    "2.6_perplexity": "scripts/pictures/kvtypes.py",
    "2.7_drafts": "scripts/pictures/drafts.py",
    "2.9_hosts": "scripts/pictures/two_hosts.py",
    "2.9_rates": "scripts/pictures/two_hosts.py",
}
# Rich's format loads a font from the network, and asks for Latin letters as wide as Chinese ones; a picture must do neither.
FORMAT = re.sub(r"@font-face\s*{{.*?}}|font-variant-east-asian: full-width;", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
CHINESE_FONTS = "Noto Sans Mono CJK SC, PingFang SC, Microsoft YaHei"
FORMAT = FORMAT.replace("Fira Code", f"ui-monospace, Menlo, Consolas, DejaVu Sans Mono, {CHINESE_FONTS}")


def terminal_output(command: str, language: str) -> str:
    """Run ``command`` in a pseudo-terminal of WIDTH columns and return what it wrote, escape sequences included."""
    ours, theirs = pty.openpty()
    # CI: a script asks no predictions of a camera.
    env = {**os.environ, "WORKBOOK_LANG": language, "COLUMNS": str(WIDTH), "TERM": "xterm-256color", "CI": "1"}
    # As in a learner's first terminal, in which nothing is activated.
    ours_not = str(Path(sys.executable).parent)
    env["PATH"] = os.pathsep.join(folder for folder in env["PATH"].split(os.pathsep) if folder != ours_not)
    with subprocess.Popen(command, shell=True, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        output = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says EIO when the last writer has gone
                break
            if not piece:
                break
            output += piece
    os.close(ours)
    return output.decode("utf-8", errors="replace").replace("\r\n", "\n")


def draw(command: str, output: str, path: Path, language: str) -> None:
    """Write the session as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), command))
    text = Text.from_ansi(output.rstrip())
    # Fonts disagree on the width of Chinese characters. A run with a style of its own gets a place of its own in the
    # picture, so the columns stay straight; "overline" is a style that the SVG does not draw. Rich then gives each
    # character one column, where a Chinese one takes two.
    text.highlight_regex(r"[\u2e80-\u9fff\uff00-\uffef]+", "overline")
    console.print(text, end="\n\n")  # the picture cuts the last line's descenders
    path.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title=command, code_format=FORMAT)
    place = r'x="([\d.]+)"([^>]*?) textLength="([\d.]+)"([^>]*)>([^<]+)<'
    svg = re.sub(place, _each_character_in_its_cell, svg)
    if language == "zh":
        svg = svg.replace("<svg ", '<svg xml:lang="zh-CN" ', 1)  # else a browser may choose Japanese forms
    path.write_text(svg, encoding="utf-8")


def _each_character_in_its_cell(match: re.Match[str]) -> str:
    """Chinese is not stretched to a length, which would tear words apart: each character stands where its cell begins.

    A Chinese character is as wide as its font is high; a little less than two cells, so that it fits its line too.
    """
    x, before, length, after, escaped = match.groups()
    text = html.unescape(escaped)
    if cell_len(text) == len(text):
        return match[0]
    cell = float(length) / len(text)
    places = [float(x) + cell * cell_len(text[:n]) for n in range(len(text))]
    return f'x="{" ".join(f"{place:g}" for place in places)}" font-size="{1.9 * cell:.4g}"{before}{after}>{escaped}<'


def draw_recording(name: str) -> None:
    """Write the pictures of a recording, one for each language."""
    folder, recording, options = RECORDINGS[name]
    for language, suffix in (("en", ".svg"), ("zh", ".zh.svg")):
        (ROOT / folder).mkdir(parents=True, exist_ok=True)
        command = [str(Path(sys.executable).parent / "workbook"), "show", recording, *options]
        command += ["--out", f"{folder}/{name}{suffix}"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "WORKBOOK_LANG": language}, check=True)


def main() -> None:
    """Make the pictures that are asked for."""
    known = [*SESSIONS, *RECORDINGS, *DRAWN]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    for name in parser.parse_args().names or known:
        if name in RECORDINGS:
            draw_recording(name)
        elif name in DRAWN:
            subprocess.run([sys.executable, DRAWN[name], name], cwd=ROOT, check=True)
        elif name in SESSIONS:
            folder, command, language = SESSIONS[name]
            path = ROOT / folder / f"{name}.svg"
            draw(command, terminal_output(command, language), path, language)
            print(path.relative_to(ROOT))
        else:
            parser.error(f"there is no picture {name}: choose one of {', '.join(known)}")


if __name__ == "__main__":
    main()
