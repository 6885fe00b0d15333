"""*Update authorizations*: whose code it is, and what came of fetching the contracts (spec 3.3)."""

from collections.abc import Sequence
from uuid import uuid4

import httpx2
import pytest

from domain.vocabulary import Commodity, ContractLinkState, CustomerKind, Language, Role
from runtime.texts import translate
from starter.web.paths import identify_path
from store.database import Database
from tests import factories
from tests.bank import Bank, new_person
from tests.clock import SettableClock
from tests.web.browsing import form
from tests.web.contract_links import make_link
from tests.web.identifying import identifies
from tests.web.inviting import links
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH
NEW, NOT_MINE = "/contract-links/new", "/contract-links/not-mine"


def heading(response: httpx2.Response) -> str:
    return page(response).headings[0]


async def test_the_way_to_it(sqlite_database: Database, clock: SettableClock) -> None:
    """From the choice of service and from maintenance, with authorizations or without."""
    user = await factories.make_user(sqlite_database)
    company = await factories.make_relation(sqlite_database)
    home = await factories.make_relation(sqlite_database, kind=CustomerKind.PRIVATE)
    async with visiting(sqlite_database, clock, bank=Bank()) as frontend:
        browser = await log_in(frontend.client(), user)
        for address in ("/services", "/maintenance"):
            nothing = page(await browser.get(address))
            assert {NEW, "/registrations", "/tasks"} <= set(nothing.addresses)
        await factories.make_authorization(sqlite_database, user, company, role=Role.VIEWER)
        assert NEW not in page(await browser.get("/services")).addresses
        only_company = page(await browser.get("/maintenance"))
        await factories.make_authorization(sqlite_database, user, home, role=Role.OWNER)
        for maintenance in (only_company, page(await browser.get("/maintenance"))):
            assert NEW in maintenance.buttons
            assert maintenance.headings[1] == translate(SV, "Private customers")
        asked = await browser.get(NEW)
        assert asked.headers["location"] == identify_path(NEW)


async def test_the_code_is_shown_to_check(sqlite_database: Database, clock: SettableClock) -> None:
    user = await factories.make_user(sqlite_database, first_name="Nobody", last_name="Special")
    bank, maija = Bank(), new_person("Maija", "Virtanen")
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        assert (await identifies(browser, bank, maija, NEW)).headers["location"] == NEW
        asked = await browser.get(NEW)
        assert f"{maija.code[:7]}••••" in page(asked).text
        assert maija.code not in asked.text
        assert "Maija Virtanen" in page(asked).text
        assert NOT_MINE in page(asked).buttons
        explained = await browser.get(NOT_MINE)
        assert identify_path(NEW) in page(explained).buttons
        assert form(explained, "/logout")
        assert maija.code[:7] not in explained.text


async def test_fetching_needs_who_one_is(sqlite_database: Database, clock: SettableClock) -> None:
    """Sent by hand, without a strong identity (case A19)."""
    user = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock, bank=Bank()) as frontend:
        browser = await log_in(frontend.client(), user)
        token = form(await browser.get("/services"), "/logout")["form_token"]
        before = await frontend.dump("sessions", "counters")
        response = await browser.post(NEW, data={"form_token": token})
        assert response.headers["location"] == identify_path(NEW)
        assert await frontend.dump("sessions", "counters") == before


@pytest.mark.parametrize("with_script", [True, False])
async def test_while_the_registry_takes_long(
    sqlite_database: Database, clock: SettableClock, with_script: bool
) -> None:
    """The page keeps itself up to date, with scripts or without, and one may go."""
    user = await factories.make_user(sqlite_database)
    here = await make_link(sqlite_database, clock, user, ContractLinkState.LINKING)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), user)
        if with_script:
            browser.cookies.set("zone", "Europe/Helsinki")
        shown = await browser.get(here)
    assert heading(shown) == translate(SV, "Your contracts are being fetched")
    assert ("hx-get", here) in page(shown).attributes
    assert ("refresh" in shown.headers) is not with_script
    assert "/services" in page(shown).buttons


async def test_what_was_found(sqlite_database: Database, clock: SettableClock) -> None:
    user = await factories.make_user(sqlite_database)
    home = await factories.make_relation(sqlite_database, kind=CustomerKind.PRIVATE)
    heating = await factories.make_relation(
        sqlite_database, customer=home.customer, commodity=Commodity.DISTRICT_HEATING
    )
    ended = await factories.make_relation(
        sqlite_database, kind=CustomerKind.PRIVATE, name="Stugan", ended_at=clock()
    )
    state, closing = ContractLinkState.LINKED, translate(SV, "Ended contracts")
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), user)
        both = await browser.get(
            await make_link(sqlite_database, clock, user, state, [home, heating], [ended])
        )
        assert heading(both) == translate(SV, "Your authorizations have been updated")
        shown = [f"/relations/{each.id}" for each in (home, heating, ended)]
        assert links(both, "/relations/.*") == shown
        assert home.customer.customer_number in page(both).text
        assert page(both).buttons == ["/services"]
        assert "refresh" not in both.headers
        assert "hx-get" not in both.text
        old = await make_link(sqlite_database, clock, user, state, [], [ended])
        new = await make_link(sqlite_database, clock, user, state, [home])
        assert closing in page(await browser.get(old)).headings
        assert closing not in page(await browser.get(new)).headings


@pytest.mark.parametrize(
    ("state", "title", "ways"),
    [
        (ContractLinkState.LINKED, "No contracts were found", ["/registrations"]),
        (ContractLinkState.FAILED, "Your contracts could not be fetched", [NEW]),
    ],
)
async def test_when_nothing_came_of_it_one_knows_what_to_do(
    sqlite_database: Database,
    clock: SettableClock,
    state: ContractLinkState,
    title: str,
    ways: Sequence[str],
) -> None:
    user = await factories.make_user(sqlite_database)
    here = await make_link(sqlite_database, clock, user, state)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), user)
        shown = await browser.get(here)
    assert heading(shown) == translate(SV, title)
    assert {*ways, "/services"} <= set(page(shown).addresses)


async def test_it_is_nobody_elses(sqlite_database: Database, clock: SettableClock) -> None:
    user, other = await factories.make_user(sqlite_database), await factories.make_user(sqlite_database)
    here = await make_link(sqlite_database, clock, user, ContractLinkState.LINKED)
    async with visiting(sqlite_database, clock) as frontend:
        assert (await frontend.client().get(here)).headers["location"].startswith("/login?next=")
        stranger = await log_in(frontend.client(), other)
        assert (await stranger.get(here)).status_code == 404
        assert (await stranger.get(f"/contract-links/{uuid4()}")).status_code == 404
