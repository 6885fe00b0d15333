"""Somebody who registers as a customer at the pages, in a browser without scripts.

maija = await Visitor.sits_down(registering, frontend, customer_number="700101")
await maija.begins()
await maija.identifies()
answer = await maija.submits()
"""

from dataclasses import dataclass, replace
from typing import Any

import httpx2

from domain.vocabulary import CustomerKind, Language
from runtime.texts import translate
from starter.services import customer_registrations
from starter.services.registration_details import Typed
from store.registrations import Registration
from tests.bank import Person, new_person, state_of
from tests.frontend import Frontend
from tests.registering import Registering, details_of
from tests.web.browsing import sent
from tests.web.identifying import comes_back
from tests.web.visiting import page

CHOICE = "/registrations"
NEXT = "/registrations/next"
IDENTIFICATION = "/registrations/identification"
DETAILS = "/registrations/details"
CHECKING = "/registrations/checking"
REVIEW = "/registrations/review"
CONFIRM = "/registrations/confirm"
EMAIL = "/registrations/email"
COMPLETED = "/registrations/completed"
CANCEL = "/registrations/cancel"
ENDED = "/registrations/ended"
HELP = "/registrations/help"
_CHECKS = ("declared_accurate", "declared_right_to_see")


@dataclass
class Visitor:
    """A person at a browser, with what he types."""

    registering: Registering
    frontend: Frontend
    browser: httpx2.AsyncClient
    person: Person
    typed: Typed

    @classmethod
    async def sits_down(
        cls,
        registering: Registering,
        frontend: Frontend,
        kind: CustomerKind = CustomerKind.COMPANY,
        *,
        person: Person | None = None,
        registered: bool = False,
        **typed: Any,
    ) -> "Visitor":
        """Has not begun yet."""
        await registering.harness.now()
        person = person or new_person("Maija", "Virtanen")
        browser = frontend.client()
        browser.headers["Accept-Language"] = "en"
        details = details_of(kind, person, registered=registered, **typed)
        return cls(registering, frontend, browser, person, details)

    async def gets(self, address: str) -> httpx2.Response:
        """A page, as time stands."""
        await self.registering.harness.now()
        return await self.browser.get(address)

    async def goes(self, address: str) -> httpx2.Response:
        """The page where an address leads in the end."""
        await self.registering.harness.now()
        return await self.browser.get(address, follow_redirects=True)

    async def sends(self, shown: httpx2.Response, action: str, **fields: str) -> httpx2.Response:
        """A form of a page that is shown."""
        await self.registering.harness.now()
        return await sent(self.browser, shown, action, **fields)

    async def begins(self, kind: CustomerKind = CustomerKind.COMPANY) -> httpx2.Response:
        """Chooses."""
        shown = await self.gets(CHOICE)
        return await self.sends(shown, CHOICE, kind=kind.value)

    async def identifies(self, person: Person | None = None) -> httpx2.Response:
        """Goes to the bank and comes back."""
        shown = await self.gets(IDENTIFICATION)
        left = await self.sends(shown, IDENTIFICATION, means="nordea")
        assert left.status_code == 200, left.headers.get("location")
        address = left.headers["refresh"].removeprefix("0; url=")
        code = self.registering.bank.identify(address, person or self.person)
        return await comes_back(self.browser, state=state_of(address), code=code)

    def fields(self, **changes: Any) -> dict[str, str]:
        """What he types into the form of the details."""
        typed = replace(self.typed, **changes)
        texts = ("company_name", "business_id", "customer_number", "first_name", "last_name")
        filled = {name: getattr(typed, name) for name in (*texts, "email", "username", "password")}
        ticked = {name: "yes" for name in _CHECKS if getattr(typed, name)}
        return {**filled, **ticked, "terms_version": "yes"}

    async def submits(self, **changes: Any) -> httpx2.Response:
        """Fills in the details and sends them."""
        return await self.sends(await self.gets(DETAILS), DETAILS, **self.fields(**changes))

    async def reaches_review(self, kind: CustomerKind = CustomerKind.COMPANY) -> httpx2.Response:
        """All up to the review, which is shown."""
        assert (await self.begins(kind)).headers["location"] == IDENTIFICATION
        assert (await self.identifies()).headers["location"] == NEXT
        assert (await self.submits()).headers["location"] == NEXT
        shown = await self.goes(NEXT)
        assert shown.url.path == REVIEW, page(shown).text
        return shown

    async def confirms_address(self, *, mails: int = 1) -> None:
        """By the link in the e-mail, on another device."""
        token = await self.registering.token(self.typed.email, mails=mails)
        device = self.frontend.client()
        opened = await device.get(f"/email-confirmations/open/{token}", follow_redirects=True)
        assert (await sent(device, opened, "/email-confirmations")).status_code == 303

    async def row(self) -> Registration:
        """The registration that goes on in this browser."""
        return await customer_registrations.find(
            self.registering.services, self.browser.cookies["registration"]
        )


def said(msgid: str, shown: httpx2.Response, **values: object) -> bool:
    """Whether a text is on the page, which is in English."""
    return translate(Language.ENGLISH, msgid, **values) in page(shown).text


def wrong(shown: httpx2.Response) -> list[str]:
    """The fields that are to be corrected, in the order in which they are named above the form."""
    return [each.removeprefix("#field-") for each in page(shown).addresses if each.startswith("#field-")]
