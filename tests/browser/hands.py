"""What a person does on a page, by the words that stand on it; the same in every browser.

hands = Hands(await browsing("sv"))
await hands.goto("/login")
await hands.fill("Användarnamn", "maija")
await hands.press("Logga in")
await hands.sees("Välj tjänst")
"""

import re

from playwright.async_api import Locator, Page, expect


class Hands:
    """Everything is found by its whole label or name, as a screen reader would say it.

    What is not there within the page's patience, or is there twice, raises Playwright's error, which says so.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    async def goto(self, address: str) -> None:
        """Open an address; of a path it is the site's."""
        await self.page.goto(address)

    async def fill(self, label: str, text: str) -> None:
        """Write into a field."""
        await self.page.get_by_label(label, exact=True).fill(text)

    async def check(self, label: str) -> None:
        """Tick a check box or choose a radio button."""
        box = self.page.get_by_label(label, exact=True)
        await box.press("Space")  # with the keyboard: a pointer may meet the label in front of it
        await expect(box).to_be_checked()

    async def press(self, name: str) -> None:
        """Press a button; when that leads to another page, wait until it is there."""
        await self._click(self.page.get_by_role("button", name=name, exact=True))

    async def follow(self, name: str) -> None:
        """Follow a link, and wait until its page is there."""
        await self._click(self.page.get_by_role("link", name=name, exact=True))

    async def sees(self, text: str) -> None:
        """Raises AssertionError unless `text` stands on the page, now or soon."""
        await expect(self.page.locator("body")).to_contain_text(text, use_inner_text=True)

    async def text(self) -> str:
        """All that can be read on the page, with white space as single spaces."""
        return re.sub(r"\s+", " ", await self.page.locator("body").inner_text()).strip()

    def address(self) -> str:
        """The page's address from its path on."""
        return re.sub(r"^\w+://[^/]+", "", self.page.url)

    async def _click(self, what: Locator) -> None:
        await what.click()
        await self.page.wait_for_load_state()
