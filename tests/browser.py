"""The browser of `tools.browser` for tests of pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tools.browser import NoBrowser
from tools.browser import chromium as running_chromium
from tools.page_geometry import DESKTOP, PHONE

__all__ = ["DESKTOP", "PHONE", "chromium"]


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; skips the test, saying what is missing, where there is none."""
    try:
        with running_chromium() as browser:
            yield browser
    except NoBrowser as error:
        pytest.skip(f"{error}; then the tests of pages run")
