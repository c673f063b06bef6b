"""Screenshots of the time machine for lessons, of a real recording in headless Chromium, in both languages.

    .venv/bin/python scripts/pictures/timemachine.py 2.1_timemachine

Needs `pip install playwright` and a chromium (Debian: apt-get install chromium).
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from workbook.recorder import load
from workbook.views import timemachine

ROOT = Path(__file__).parent.parent.parent
STAGE = ROOT / "stages" / "2_core_techniques"
# Picture → (recordings, one or two; step to stand on; height in pixels)
PICTURES: dict[str, tuple[list[str], int, int]] = {
    "2.1_timemachine": (["paging"], 9, 760),
    "2.3_timemachine": (["continuous", "static"], 40, 1550),
    "2.4_timemachine": (["chunk_off", "chunk_128"], 5, 1540),
}
BY_TIME = {"2.4_timemachine"}  # pictures whose horizontal axis is time and not steps
SUFFIX = {"en": ".png", "zh": ".zh.png"}


def main() -> None:
    """Make the picture that is asked for."""
    name = sys.argv[1]
    recordings, step, height = PICTURES[name]
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": height}, color_scheme="light")
        for language, suffix in SUFFIX.items():
            os.environ["WORKBOOK_LANG"] = language
            path = Path(folder) / f"{language}.html"
            timemachine.write(path, [load(STAGE / "recordings" / recording) for recording in recordings])
            page.goto(f"{path.as_uri()}#step={step}")
            if name in BY_TIME:
                page.select_option("#axis", "time")
                page.keyboard.press("ArrowRight")  # from where both begin step 5 to the next step of either
            page.screenshot(path=STAGE / "images" / f"{name}{suffix}")
            print(f"images/{name}{suffix}")
        browser.close()


if __name__ == "__main__":
    main()
