"""Whether a page's layout holds on a desk and on a phone, measured in a real browser.

`python -m tools.page_geometry PAGE` prints what is wrong and exits with 1 where something is; `--screenshots DIR`
also writes what a reader sees: the first three screens and every section, `desktop-*.png` and `phone-*.png`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.browser import NoBrowser, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
DEVICES = {"desktop": DESKTOP, "phone": PHONE}
CHECKER = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
SCREENS = 3
LOADED = """Promise.all([
    ...[...document.images].map((image) => { image.loading = "eager"; return image.decode().catch(() => null); }),
    ...[...document.querySelectorAll("video")].map((film) => film.readyState > 0 || new Promise((done) => {
        film.preload = "metadata";
        film.onloadedmetadata = film.onerror = done;
    })),
])"""
"""Waits for all pictures and films, also for those that fail."""

UNSTICK = """document.querySelectorAll("body *").forEach((each) => {
    if (getComputedStyle(each).position === "sticky" && each.tagName !== "TD" && each.tagName !== "TH")
        each.style.position = "static";
})"""
"""Keeps a bar that follows the reader out of the middle of a section's picture."""


@contextmanager
def opened(browser: Browser, path: Path, size: ViewportSize) -> Iterator[Page]:
    """The page of a file in a window of that size, a phone's where it is as narrow as one; with its pictures loaded."""
    phone = size["width"] <= PHONE["width"]
    context = browser.new_context(viewport=size, has_touch=phone, is_mobile=phone)
    page = context.new_page()
    page.goto(path.resolve().as_uri())
    page.evaluate(LOADED)
    yield page
    context.close()


def faults(page: Page) -> list[str]:
    """What is wrong with the geometry of an open page: as it is loaded, and with all its parts unfolded."""
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    found: list[str] = page.evaluate(CHECKER)
    folded = "[...document.querySelectorAll('details:not([open])')].map((part) => { part.open = true; return part; })"
    parts = page.evaluate_handle(folded)
    page.evaluate(LOADED)
    found += [f"unfolded: {fault}" for fault in page.evaluate(CHECKER) if fault not in found]
    parts.evaluate("parts => parts.forEach((part) => { part.open = false; })")
    return found


def take_screenshots(page: Page, folder: Path, device: str) -> list[Path]:
    """Write the first screens, and every section whole, as `folder`/`device`-NAME.png; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number in range(SCREENS):
        page.evaluate(f"scrollTo({{top: {number} * innerHeight, behavior: 'instant'}})")
        files.append(folder / f"{device}-screen{number + 1}.png")
        page.screenshot(path=files[-1])
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    page.evaluate(UNSTICK)
    for section in page.locator("main > section").all():
        title = section.locator("h2").first.inner_text()
        files.append(folder / f"{device}-{re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')}.png")
        section.screenshot(path=files[-1])
    return files


def check(browser: Browser, path: Path, screenshots: Path | None = None) -> list[str]:
    """What is wrong with a page on each device, in words; its screenshots are written where a folder is given."""
    found = []
    for device, size in DEVICES.items():
        with opened(browser, path, size) as page:
            found += [f"{device}, {size['width']} pixels: {fault}" for fault in faults(page)]
            if screenshots is not None:
                take_screenshots(page, screenshots, device)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the page that the arguments name; returns 1 where something is wrong with it, 2 without a browser."""
    parser = argparse.ArgumentParser(prog="python -m tools.page_geometry", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("page", type=Path, help="HTML file, such as demo/tables/table5/index.html")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="write the screens and sections there")
    asked = parser.parse_args(arguments)
    if not asked.page.is_file():
        parser.error(f"{asked.page}: there is no such file")
    try:
        with chromium() as browser:
            found = check(browser, asked.page, asked.screenshots)
    except NoBrowser as error:
        print(f"{error}.", file=sys.stderr)
        return 2
    print("\n".join(found) or f"{asked.page}: nothing overlaps, sticks out, is empty or falls apart")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
