"""The Swedish text about registering as a person walks it, in any language and any browser (spec 3.2)."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from urllib.parse import unquote

from playwright.async_api import Browser, expect

from store.customers import Customer
from tests.bank import Person
from tests.browser import browsing as visiting
from tests.browser.browsing import Browsing
from tests.browser.mail import link_in
from tests.browser.walking import Walk, mail_to
from tests.factories import PASSWORD
from tests.fixtures.api import LiveStack

_TERMS = (
    'I have read and accept the <a href="/terms" target="_blank" rel="noopener">terms of use'
    " (version %(version)s, opens in a new tab)</a>."
)


@dataclass(frozen=True)
class Applicant:
    """Somebody at a browser of his own who registers; `address` is his e-mail's, and his username."""

    walk: Walk
    person: Person
    address: str
    has_script: bool = True

    async def begins(self, way: str) -> None:
        """From the log-in page; `way` are the words of the choice."""
        hands = self.walk.hands
        await hands.goto("/login")
        await self.walk.choose_language()
        await self.walk.follow(way)
        await self.walk.sees("Register as a private or a company customer")
        await self.walk.press(way)

    async def identifies(self) -> None:
        """Chooses a bank, is there whom he is, and comes back."""
        walk, page = self.walk, self.walk.hands.page
        await walk.sees("Identify with bank codes or a mobile certificate")
        await walk.hands.press("Nordea")
        await page.get_by_label(walk.word("Personal identity code"), exact=True).wait_for()
        await walk.fill("Personal identity code", self.person.code)
        await walk.fill("First name", self.person.first_name)
        await walk.fill("Last name", self.person.last_name)
        await walk.press("Identify")
        await walk.sees("You have identified as")
        await walk.hands.sees(f"{self.person.first_name} {self.person.last_name}")
        assert self.person.code not in await walk.hands.text()

    async def fills_in_company(self, customer: Customer) -> None:
        """The details that are on the bill."""
        await self.walk.fill("Name of the company", customer.name.lower())
        await self.walk.fill("Business ID", str(customer.business_id).replace("-", ""))
        await self.walk.fill("Customer number", customer.customer_number)
        await self.walk.hands.check(
            self.walk.word("I have the right to see the details of the customers that I represent.")
        )

    async def fills_in_user(self) -> None:
        """Everything about himself; the names are there already."""
        walk = self.walk
        await expect(walk.hands.page.get_by_label(walk.word("First name"), exact=True)).to_have_value(
            self.person.first_name
        )
        await walk.fill("E-mail address", self.address)
        await walk.fill("Username", self.address)
        await walk.fill("Password", PASSWORD)
        await walk.hands.check(walk.word(_TERMS, version="2026-11"))
        await walk.hands.check(walk.word("The details that I give here are correct and up to date."))

    async def confirms_address(self, visits: Browsing, live: LiveStack) -> None:
        """On another device; back at the first one the page knows, by itself where scripts run."""
        walk = self.walk
        await walk.sees("Waiting for you to confirm the address")
        elsewhere = Walk(type(walk.hands)(await visits(walk.language.value)), walk.language)
        await elsewhere.hands.goto(link_in(await mail_to(live, self.address)))
        await elsewhere.press("Confirm")
        await elsewhere.sees("The e-mail address is confirmed")
        if not self.has_script:
            await walk.hands.page.reload()
        await walk.hands.page.locator("#email .badge-success").wait_for()

    async def confirms(self) -> None:
        """The last click."""
        await self.walk.press("Confirm")
        assert "@" not in unquote(self.walk.hands.address())


def with_bank(browser: Browser, live: LiveStack) -> AbstractAsyncContextManager[Browsing]:
    """Watched visits to the live stack, and to its test bank."""
    broker = live.stack.services.settings.identification.broker
    assert broker is not None
    return visiting.browsing(browser, live.stack.api_url, bank=broker.issuer)
