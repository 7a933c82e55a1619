"""Take the pictures of the documentation from a demo that is kept open.

    mam demo                                    # in one terminal; wait for the report
    pip install playwright pillow               # in an environment of its own: neither belongs to the project
    python docs/images/take.py http://127.0.0.1:3000 http://127.0.0.1:8000

Needs Chromium at /usr/bin/chromium (Debian: `apt install chromium`). Writes lineage.png, asset.png, run.png,
health.png, the pages of four more assets and the plots of two of them beside this file. Look at each before it is
committed.
"""

import json
import sys
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
COLOURS = 256
SETTLE_MILLISECONDS = 6000
KNOWING = ("book_metadata", "series_gaps", "author_gaps", "genre_top10")
OVER_TIME = ("book_metadata", "series_gaps")  # the demo runs the others once: a plot of one point shows nothing
A_RUN = '{runsOrError(filter: {pipelineName: "library_import", statuses: [SUCCESS]}) {... on Runs {results {runId}}}}'


def main(ui: str, api: str) -> None:
    """Take all. ``ui`` and ``api`` are the addresses that the demo printed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 2400, "height": 1750})
        lineage(page, ui)
        page.set_viewport_size({"width": 1500, "height": 1400})
        page.goto(f"{ui}/assets/books?view=overview")
        page.get_by_role("button", name="Plots").click()
        keep(page, "asset")
        for asset in KNOWING:
            page.set_viewport_size({"width": 1900, "height": 2600})
            page.goto(f"{ui}/assets/{asset}?view=overview")
            page.get_by_role("button", name="Plots").wait_for()
            keep(page, asset)
        page.set_viewport_size({"width": 1500, "height": 1400})
        for asset in OVER_TIME:
            page.goto(f"{ui}/assets/{asset}?view=overview")
            page.get_by_role("button", name="Plots").click()
            keep(page, f"{asset}_plots")
        page.set_viewport_size({"width": 1500, "height": 1000})
        page.goto(f"{ui}/runs/{first_run(ui)}")
        keep(page, "run")
        page.set_viewport_size({"width": 1100, "height": 1000})
        page.goto(f"{api}/health")
        keep(page, "health", full_page=True)
        browser.close()


def lineage(page: Page, ui: str) -> None:
    """The global lineage, every group opened and the whole of it in view."""
    page.goto(f"{ui}/asset-groups")
    page.get_by_text("Materialize all").wait_for()
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    page.get_by_text("Hide navigation").click()
    page.mouse.click(1600, 1500)
    page.keyboard.press("Alt+KeyE")
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    page.reload()  # only a fresh page fits the opened groups into the window
    page.get_by_text("Materialize all").wait_for()
    keep(page, "lineage", box=(372, 112, 2356, 1520))


def first_run(ui: str) -> str:
    """The oldest run that read the library: the one with the most to show."""
    request = urllib.request.Request(
        f"{ui}/graphql", json.dumps({"query": A_RUN}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["data"]["runsOrError"]["results"][-1]["runId"])


def keep(page: Page, name: str, *, box: tuple[int, int, int, int] | None = None, full_page: bool = False) -> None:
    """Wait until the page stands still, and save it with few colours, cut to ``box`` (left, top, right, bottom)."""
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    file = HERE / f"{name}.png"
    page.screenshot(path=file, full_page=full_page)
    with Image.open(file) as picture:
        cut = picture.convert("RGB").crop(box) if box else picture.convert("RGB")
    cut.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
