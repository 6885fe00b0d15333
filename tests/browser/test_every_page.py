"""Every page: accessible, light, and at home on a small phone."""

from itertools import groupby

import pytest
from playwright.async_api import Page, ViewportSize

from tests.browser.accessibility import axe
from tests.browser.browsing import Browsing
from tests.browser.every_page import all_patterns, every_page
from tests.browser.weight import weight_of
from tests.fixtures.api import LiveStack

_PARTS = 4
_HEAVIEST = 100_000
_USUAL = ViewportSize(width=1280, height=800)
# The smallest phone (WCAG 2.2, 1.4.10), a usual screen enlarged twice (1.4.4), a tablet on its side.
_WIDTHS = (320, 640, 1024)
_TOO_WIDE = """[...document.querySelectorAll('main *, header *, footer *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .filter(each => each.checkVisibility() && !each.closest('.unseen'))
    .map(each => each.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("part", range(_PARTS))
async def test_every_page(live_stack: LiveStack, browsing: Browsing, part: int) -> None:
    """In Finnish, which has the longest words."""
    pages = await every_page(live_stack.stack.services, live_stack.frontend.database)
    assert all_patterns() <= {each.pattern for each in pages}, "a page that nobody looks at"
    faults = []
    pages = pages[len(pages) * part // _PARTS : len(pages) * (part + 1) // _PARTS]
    page = await browsing("fi")
    for cookies, shown in groupby(pages, key=lambda each: each.cookies):
        await page.context.clear_cookies()
        await page.context.add_cookies(
            [{"name": name, "value": value, "url": browsing.origin} for name, value in cookies.items()]
        )
        for each in shown:
            await page.goto(each.address)
            assert page.url == f"{browsing.origin}{each.address}"
            faults += await _faults(page)
    assert not faults, "\n".join(faults)


async def _faults(page: Page) -> list[str]:
    found = []
    for judge in (axe, is_light, fits):
        try:
            await judge(page)
        except AssertionError as fault:
            found.append(str(fault))
    return found


async def is_light(page: Page) -> None:
    """With all that it needs, on the first visit."""
    weight = await weight_of(page)
    assert 20_000 < weight < _HEAVIEST, f"{page.url} weighs {weight}"


async def fits(page: Page) -> None:
    """Nothing sticks out at the right, on narrow screens either."""
    found = []
    for width in _WIDTHS:
        await page.set_viewport_size(ViewportSize(width=width, height=700))
        wide = await page.evaluate(_TOO_WIDE)
        if wide or await page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{page.url} at {width}: {wide}")
    await page.set_viewport_size(_USUAL)
    assert not found, "\n".join(found)
