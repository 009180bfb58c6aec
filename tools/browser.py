"""A real Chromium, the system's own, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


class NoBrowser(Exception):
    """There is no Chromium on this machine, or no Playwright; the text says what to install."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser; raises NoBrowser where there is none."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        raise NoBrowser("no Chromium on this machine; `apt-get install chromium`")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NoBrowser("no playwright; install the extra `dev`") from error
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()
