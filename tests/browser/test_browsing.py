"""The tests' own eyes: a visit notices what goes wrong. (That it notices nothing else, the walks show.)"""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser.accessibility import axe
from tests.browser.browsing import browsing
from tests.browser.sample_site import sample_site
from tests.browser.weight import weight_of


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[str]:
    async with sample_site() as origin:
        yield origin


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/elsewhere", "another origin: GET http://localhost"),
        ("/inline-script", "script-src"),
        ("/inline-style", "style-src"),
        ("/logged", "console: logged by a script"),
        ("/thrown", "uncaught error: .*thrown by a script"),
        ("/broken", "an answer 500: GET"),
        ("/missing-picture", "an answer 404: GET .*/nowhere.png"),
    ],
)
async def test_what_goes_wrong_on_a_page_fails_the_test(
    chromium: Browser, site: str, path: str, fault: str
) -> None:
    with pytest.raises(AssertionError, match=fault):
        async with browsing(chromium, site) as visit:
            await (await visit()).goto(path)


async def test_in_firefox_too(firefox: Browser, site: str) -> None:
    with pytest.raises(AssertionError, match=r"(?s)script-src.*thrown by a script"):
        async with browsing(firefox, site) as visit:
            page = await visit()
            await page.goto("/inline-script")
            await page.goto("/thrown")


@pytest.mark.parametrize(
    ("path", "violation"),
    [
        ("/unnamed-field", r"label \(critical, light\).*\n.*<input name=\"name\">"),
        ("/pale-when-light", r"color-contrast \(serious, light\).*\n.*<p class=\"pale\">"),
        ("/grey-when-dark", r"color-contrast \(serious, dark\).*\n.*<p class=\"grey\">"),
        ("/small-targets", r"target-size \(serious, light\)"),
    ],
)
async def test_axe_names_rule_scheme_and_element(
    chromium: Browser, site: str, path: str, violation: str
) -> None:
    async with browsing(chromium, site) as visit:
        page = await visit()
        await page.goto(path)
        with pytest.raises(AssertionError, match=violation):
            await axe(page)


async def test_a_page_is_weighed_with_its_parts_cached_or_not(chromium: Browser, site: str) -> None:
    async with browsing(chromium, site) as visit:
        page = await visit()
        await page.goto("/form")
        parts = [await page.request.get(part) for part in ("/form", "/style.css", "/script.js", "/picture")]
        packed = sum(int(part.headers["content-length"]) for part in parts)
        assert packed - 100 < await weight_of(page) <= packed  # the icon may not be fetched yet
        await page.goto("/form")
        assert packed - 100 < await weight_of(page) <= packed
