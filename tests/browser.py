"""A real Chromium for tests of pages: Debian's, driven by Playwright; nothing is downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1300, "height": 900}


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; skips the test, saying what is missing, where there is none."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium` lets the tests of pages run")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: install the extra `dev`")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()
