"""Makes the pictures of the main pages in docs/pages: `make screenshots`. Look at them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page, async_playwright

from domain.vocabulary import CustomerKind, DraftKind, Language, Role
from runtime.settings import Address, Settings, Smtp
from runtime.texts import project_root
from starter.services import customer_registrations, drafts, sessions
from starter.services.invitation_checks import draft_of
from starter.services.invitations import create
from starter.stack import Stack, log_to_file, stack
from store.customers import CustomerRelation
from store.users import User
from tests import factories
from tests.browser.browsers import chromium
from tests.browser.browsing import Browsing, browsing

_PICTURES = project_root() / "docs" / "pages"
_PHONE = 390
_DRAFT = {
    "email": "aino.makela@example.com",
    "first_name": "Aino",
    "last_name": "Mäkelä",
    "role": "relation_user",
    "language": "fi",
    "cover_message": "Hei Aino!\n\nTästä näet kotimme sähkönkulutuksen ja laskut.\n\nMaija",
}


async def make_pictures() -> None:
    """All of them, from a stack of their own."""
    _PICTURES.mkdir(exist_ok=True)
    async with (
        _running() as running,
        async_playwright() as driver,
        chromium(driver) as browser,
        browsing(browser, running.api_url) as visits,
    ):
        await _Photographer(running, visits).take_all()


class _Photographer:
    def __init__(self, running: Stack, visits: Browsing) -> None:
        self._running = running
        self._visits = visits

    async def take_all(self) -> None:
        """Maija's pages in Swedish on a desk, Aino's in Finnish on a phone."""
        services, database = self._running.services, self._running.services.database
        home = await factories.make_relation(database, kind=CustomerKind.PRIVATE, name="Maija Virtanen")
        maija = await factories.make_manager(database, home, first_name="Maija", last_name="Virtanen")
        emma = await factories.make_user(
            database, first_name="Emma", last_name="Sjöblom", email="emma.sjoblom@example.com"
        )
        await factories.make_authorization(database, emma, home, role=Role.RELATION_USER)
        draft = await drafts.begin(services, maija, DraftKind.INVITATION, home.id, _DRAFT)
        as_maija = await self._session(maija)

        await self._desk("choice-of-service", "/services", as_maija)
        await self._authorizations(home, as_maija)
        await self._desk("inviting", f"/invitation-drafts/{draft.id}/confirmation", as_maija)
        made = await create(services, maija, home.id, draft_of(_DRAFT), None)
        link = {"invitation": services.keys.invitation_token(made.id, made.generation)}
        await self._desk("invitation", f"/invitations/{made.id}", as_maija, wait_for="#standing .badge")
        await self._phone("link", "/invitations/opened", link)
        aino = await factories.make_user(
            database, first_name="Aino", last_name="Mäkelä", email=_DRAFT["email"], language=Language.FINNISH
        )
        begun = await customer_registrations.begin(
            services, CustomerKind.COMPANY, Language.SWEDISH, "127.0.0.1"
        )
        await self._desk("identification", "/registrations/identification", {"registration": begun.secret})
        await self._phone("to-handle", "/tasks", await self._session(aino), dark=True)

    async def _session(self, user: User) -> Mapping[str, str]:
        return {"session": (await sessions.start_for(self._running.services, user.id, "127.0.0.1")).token}

    async def _authorizations(self, relation: CustomerRelation, cookies: Mapping[str, str]) -> None:
        page = await self._open(f"/relations/{relation.id}/authorizations", cookies, language="sv")
        await page.locator("main details.menu > summary").click()
        await _take(page, "authorizations")

    async def _desk(self, name: str, address: str, cookies: Mapping[str, str], wait_for: str = "h1") -> None:
        page = await self._open(address, cookies, language="sv")
        await page.locator(wait_for).first.wait_for()
        await _take(page, name)

    async def _phone(
        self, name: str, address: str, cookies: Mapping[str, str], *, dark: bool = False
    ) -> None:
        await _take(await self._open(address, cookies, language="fi", width=_PHONE, dark=dark), name)

    async def _open(
        self,
        address: str,
        cookies: Mapping[str, str],
        *,
        language: str,
        width: int = 1120,
        dark: bool = False,
    ) -> Page:
        page = await self._visits(language, width=width, dark=dark)
        await page.context.add_cookies(
            [{"name": name, "value": value, "url": self._visits.origin} for name, value in cookies.items()]
        )
        await page.goto(address)
        await page.wait_for_load_state("networkidle")
        return page


async def _take(page: Page, name: str) -> None:
    # As high as the page: what is out of sight is not painted in a frame.
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": await page.evaluate("innerWidth"), "height": height})
    await page.screenshot(path=_PICTURES / f"{name}.png")


@asynccontextmanager
async def _running() -> AsyncIterator[Stack]:
    with TemporaryDirectory() as directory:
        settings = Settings(
            _env_file=None,
            data_directory=Path(directory),
            api=Address(port=0),
            api_metrics=Address(port=0),
            stack_temporal_port=0,
            stack_temporal_ui_port=0,
            stack_mail_port=0,
            stack_broker_port=0,
            smtp=Smtp(port=0),
        )
        log_to_file(settings)
        async with stack(settings) as running:
            yield running


if __name__ == "__main__":
    asyncio.run(make_pictures())
