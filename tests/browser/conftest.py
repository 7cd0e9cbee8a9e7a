"""A real browser, skipped where there is none.

Debian's is enough (apt-get install chromium), and so is playwright's own (playwright install chromium).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    why = "playwright is not installed: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=why)
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with playwright.sync_playwright() as driver:
        try:
            started = driver.chromium.launch(executable_path=path)
        except playwright.Error as error:
            pytest.skip(f"no Chromium could be started: apt-get install chromium ({str(error).splitlines()[0]})")
        yield started
        started.close()
