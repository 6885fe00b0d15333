"""One browser of a kind for all tests of a worker, and watched visits to the live stack with it."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.browser import browsers
from tests.browser import browsing as visits
from tests.browser.browsing import Browsing
from tests.fixtures.api import LiveStack


@pytest.fixture(scope="session")
async def driver() -> AsyncIterator[Playwright]:
    """What speaks to the browsers."""
    async with async_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
async def chromium(driver: Playwright) -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with browsers.chromium(driver) as browser:
        yield browser


@pytest.fixture(scope="session")
async def firefox(driver: Playwright) -> AsyncIterator[Browser]:
    """Debian's Firefox."""
    async with browsers.firefox(driver) as browser:
        yield browser


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """Both, one after the other."""
    made: Browser = request.getfixturevalue(request.param)
    return made


@pytest.fixture
async def browsing(chromium: Browser, live_stack: LiveStack) -> AsyncIterator[Browsing]:
    """Visits to the live stack's pages with Chromium."""
    async with visits.browsing(chromium, live_stack.stack.api_url) as made:
        yield made
