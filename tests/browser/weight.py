"""What a page weighs: the bytes of all its parts as they are sent, to a visitor who has nothing cached."""

from playwright.async_api import Page

# The browser remembers the size of what it took from its cache, too.
_PACKED = """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


async def weight_of(page: Page) -> int:
    """Bytes of the bodies of the page as it stands and of all that it has loaded, as they were encoded."""
    return int(await page.evaluate(_PACKED))
