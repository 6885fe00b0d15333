"""Visits to one site with a real browser, watched: whatever a page does wrong fails the test.

async with browsing(browser, "http://127.0.0.1:8000") as visit:
    page = await visit("fi", width=390, dark=True)     # a new visitor: no cookies, nothing cached
    await page.goto("/login")
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, WebError

_HEIGHT = 800
_PATIENCE = 20_000
"""How many milliseconds an element may take to be there, on a machine shared with other tests."""

# What Chromium says of every answer >= 400, also of a refused form's. The answers are judged themselves.
_ANSWERED = "Failed to load resource: the server responded with a status of"


class Browsing:
    """Opens pages of the site at `origin`, each for a new visitor, and notes what goes wrong on any of them.

    Wrong are: a request to another origin, an error in the console, an uncaught error of a script, a violated
    Content-Security-Policy (Chromium calls it the one, Firefox the other), an answer >= 500, and a style
    sheet, script, picture or font that is answered >= 400.
    """

    def __init__(self, browser: Browser, origin: str, bank: str | None = None) -> None:
        """`bank`: the origin where people go to identify, and come back from."""
        self.origin = origin
        self._ours = tuple(f"{each}/" for each in (origin, bank) if each is not None)
        self._browser = browser
        self._is_firefox = browser.browser_type.name == "firefox"
        self._contexts: list[BrowserContext] = []
        self._faults: list[str] = []

    async def __call__(
        self, language: str = "sv", *, javascript: bool = True, width: int = 1280, dark: bool = False
    ) -> Page:
        """An empty page of a new visitor, who prefers `language`; addresses without origin are the site's.

        Firefox cannot be told to be dark or without JavaScript: ValueError.
        """
        if self._is_firefox and (dark or not javascript):
            raise ValueError("only Chromium can be dark or without JavaScript")
        context = await self._browser.new_context(
            base_url=self.origin,
            locale=language,
            timezone_id="Europe/Helsinki",
            viewport={"width": width, "height": _HEIGHT},
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            # Nothing fades, which costs a picture every 16 ms. Firefox cannot be asked.
            reduced_motion="no-preference" if self._is_firefox else "reduce",
            service_workers="block",
        )
        self._contexts.append(context)
        context.set_default_timeout(_PATIENCE)
        self._watch(context)
        return await context.new_page()

    async def check(self) -> None:
        """Raises AssertionError with everything that went wrong so far."""
        for context in self._contexts:
            for page in context.pages:
                await page.wait_for_load_state()
                await page.evaluate("0")  # what was reported before this answer has been noted
        if self._faults:
            raise AssertionError("The browser met:\n" + "\n".join(self._faults))

    async def close(self) -> None:
        """Ends all visits."""
        for context in self._contexts:
            await context.close()

    def _watch(self, context: BrowserContext) -> None:
        context.on("request", self._note_request)
        context.on("response", self._note_response)
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((*self._ours, "data:", "blob:", "about:")):
            self._faults.append(f"a request to another origin: {request.method} {request.url}")

    def _note_response(self, response: Response) -> None:
        is_a_part = response.request.resource_type not in {"document", "fetch", "xhr"}
        if response.status >= 500 or (response.status >= 400 and is_a_part):
            self._faults.append(f"an answer {response.status}: {response.request.method} {response.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_ANSWERED):
            self._faults.append(f"an error in the console: {message.text} (at {message.location['url']})")

    def _note_error(self, error: WebError) -> None:
        self._faults.append(f"an uncaught error: {error.error}")


@asynccontextmanager
async def browsing(browser: Browser, origin: str, bank: str | None = None) -> AsyncIterator[Browsing]:
    """Visits while the block runs. Raises AssertionError at its end when anything went wrong on a page."""
    visits = Browsing(browser, origin, bank)
    try:
        yield visits
        await visits.check()
    finally:
        await visits.close()
