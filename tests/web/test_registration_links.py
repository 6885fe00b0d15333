"""Links in e-mails about registrations: nobody is logged in, opening changes nothing, twice is once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.vocabulary import Language
from runtime.settings import InvitationLimits
from runtime.texts import translate
from store.authorizations import Authorization
from store.database import Database
from store.registrations import Registration
from store.service_requests import ServiceRequest
from tests.clock import SettableClock
from tests.frontend import Frontend
from tests.web.browsing import posted, sent
from tests.web.registration_links import (
    COMPANY,
    DETAILS,
    DISPUTES,
    EMAILS,
    completed,
    link,
    registering,
    secret_of,
)
from tests.web.visiting import page, visiting

SV = Language.SWEDISH


async def row(database: Database, registration: Registration) -> Registration:
    async with database.reading() as session:
        return await session.get_one(Registration, registration.id)


async def shown(frontend: Frontend, address: str) -> Any:
    """The page behind a link, in a browser of its own."""
    return await frontend.client().get(address, headers={"Accept-Language": "sv"}, follow_redirects=True)


def heading(english: str) -> str:
    return translate(SV, english)


@pytest.mark.parametrize("purpose", ["confirm", "dispute"])
async def test_opening_a_link_changes_nothing(
    sqlite_database: Database, clock: SettableClock, purpose: str
) -> None:
    """Case A5: mail scanners open links, with GET and HEAD, several times."""
    made = (
        await registering(sqlite_database, clock)
        if purpose == "confirm"
        else (await completed(sqlite_database, clock))[0]
    )
    address = link(purpose, made.id)
    async with visiting(sqlite_database, clock) as frontend:
        before = await frontend.dump("counters")
        scanner = frontend.client()
        for method in ("GET", "HEAD", "GET", "HEAD"):
            opened = await scanner.request(method, address)
            assert (opened.status_code, opened.headers["location"]) == (303, address.partition("/open")[0])
            assert (await scanner.request(method, opened.headers["location"])).status_code == 200
        assert (await scanner.post(address)).status_code == 405
        token = address.rpartition("/")[2]
        page_behind = await shown(frontend, address)
        assert token not in page_behind.text
        # Without the form of the page nothing is posted either.
        assert (await scanner.post(opened.headers["location"], data={"x": "y"})).status_code == 403
        assert await frontend.dump("counters") == before


# Confirming an e-mail address


@pytest.mark.parametrize("details", [COMPANY, DETAILS])
async def test_an_address_is_confirmed(
    sqlite_database: Database, clock: SettableClock, details: dict[str, str]
) -> None:
    made = await registering(sqlite_database, clock, details=details)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await browser.get(link("confirm", made.id))
        asked = await browser.get(EMAILS)
        assert "Åsa" in page(asked).text
        assert ("Björkbacka <b>Bageri</b> Ab" in page(asked).text) is ("company_name" in details)
        # Whoever gets the e-mail sees no more of what was typed than the e-mail tells.
        for hidden in (details["last_name"], details["email"]):
            assert hidden not in asked.text
        for _ in range(2):
            assert (await sent(browser, asked)).headers["location"] == EMAILS
            assert (await row(sqlite_database, made)).email_confirmed_at == clock()
        confirmed = await browser.get(EMAILS)
        assert page(confirmed).headings[0] == heading("The e-mail address is confirmed")
        assert "/registrations/next" not in page(confirmed).buttons
        assert EMAILS not in page(confirmed).addresses
        # In the browser where it goes on, there is a button for that.
        browser.cookies.set("registration", secret_of(made.id))
        assert "/registrations/next" in page(await browser.get(EMAILS)).buttons
        browser.cookies.set("registration", "another" * 7)
        assert "/registrations/next" not in page(await browser.get(EMAILS)).buttons


async def test_a_link_that_confirms_nothing_says_what_to_do(
    sqlite_database: Database, clock: SettableClock
) -> None:
    made = await registering(sqlite_database, clock)
    other, _, _ = await completed(sqlite_database, clock)
    gone = heading("The link does not work")
    async with visiting(sqlite_database, clock) as frontend:
        for address in (
            link("confirm", made.id, generation=2),  # of an address that was changed
            link("confirm", other.id),  # completed
            link("dispute", other.id).replace(DISPUTES, EMAILS),  # of another purpose (case A2)
            f"{EMAILS}/open/{'x' * 43}",
            f"{EMAILS}/open/a/b",
            EMAILS,
        ):
            response = await shown(frontend, address)
            assert (response.status_code, page(response).headings[0]) == (404, gone)
            assert page(response).buttons == ["/registrations", "/login"]
        clock.now = made.deadline
        over = await shown(frontend, link("confirm", made.id))
        assert (over.status_code, page(over).headings[0]) == (410, heading("The registration has ended"))
        assert "Åsa" not in over.text


async def test_one_that_ends_while_it_is_looked_at(sqlite_database: Database, clock: SettableClock) -> None:
    made = await registering(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await browser.get(link("confirm", made.id))
        asked = await browser.get(EMAILS)
        clock.now = made.deadline
        late = await sent(browser, asked)
        assert (late.status_code, page(late).headings[0]) == (410, heading("The registration has ended"))
        assert (await row(sqlite_database, made)).email_confirmed_at is None


# This was not us


async def test_this_was_not_us(sqlite_database: Database, clock: SettableClock) -> None:
    made, relation, held = await completed(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await browser.get(link("dispute", made.id))
        asked = await browser.get(DISPUTES)
        for told in ("Björkbacka Bageri Ab", "0737546-2", "Åsa Lindroos"):
            assert told in page(asked).text
        # The name that the bank gave, and nothing that is for those who have the relation.
        for hidden in ("Nobody Special", "@example.com", relation.customer.customer_number):
            assert hidden not in page(asked).text.partition("Kundtjänst")[0]
        for _ in range(2):
            assert (await sent(browser, asked)).headers["location"] == DISPUTES
            done = await browser.get(DISPUTES)
            assert page(done).headings[0] == heading("The authorization is suspended")
            assert DISPUTES not in page(done).addresses
        # Another one who got the e-mail sees that it is done.
        assert page(await shown(frontend, link("dispute", made.id))).headings == page(done).headings
        clock.advance(timedelta(days=31))
        assert page(await shown(frontend, link("dispute", made.id))).headings == page(done).headings
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Authorization, held.id)).suspended_at is not None
        [request] = (await session.scalars(select(ServiceRequest))).all()
    assert request.registration_id == made.id


async def test_the_time_to_object_ends(sqlite_database: Database, clock: SettableClock) -> None:
    made, _, held = await completed(sqlite_database, clock)
    over = heading("The time to tell us by this link is over")
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        clock.advance(timedelta(days=30) - timedelta(seconds=1))
        await browser.get(link("dispute", made.id))
        asked = await browser.get(DISPUTES)
        clock.advance(timedelta(seconds=1))
        for late in (await sent(browser, asked), await browser.get(DISPUTES)):
            assert (late.status_code, page(late).headings[0]) == (410, over)
            assert "Lindroos" not in late.text
        unknown = await shown(frontend, f"{DISPUTES}/open/{'x' * 43}")
        assert (unknown.status_code, page(unknown).headings[0]) == (404, heading("The link does not work"))
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Authorization, held.id)).suspended_at is None


@pytest.mark.parametrize("path", [EMAILS, DISPUTES])
async def test_guessing_is_throttled(sqlite_database: Database, clock: SettableClock, path: str) -> None:
    """Case A3: one source waits, others do not."""
    limits = InvitationLimits(lookups_per_source_and_minute=3)
    async with visiting(sqlite_database, clock, limits=limits) as frontend:
        guesser = frontend.client()
        found = []
        for number in range(5):
            await guesser.get(f"{path}/open/{number:043}")
            found.append(await guesser.get(path))
        assert [each.status_code for each in found] == [404] * 3 + [429] * 2
        assert int(found[-1].headers["retry-after"]) >= 1
        assert (await shown(frontend, f"{path}/open/{'x' * 43}")).status_code == 404


@pytest.mark.parametrize("path", [EMAILS, DISPUTES])
async def test_another_site_cannot_post_it(
    sqlite_database: Database, clock: SettableClock, path: str
) -> None:
    """Case A21."""
    made = (
        await registering(sqlite_database, clock)
        if path == EMAILS
        else (await completed(sqlite_database, clock))[0]
    )
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await browser.get(link("confirm" if path == EMAILS else "dispute", made.id))
        before = await frontend.dump("counters")
        browser.headers["Sec-Fetch-Site"] = "cross-site"
        assert (await posted(browser, path)).status_code == 403
        assert await frontend.dump("counters") == before
