"""Flow H3 in real browsers, and going to the bank and back from anywhere in the pages."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from domain.vocabulary import Commodity, ContractLinkState, CustomerKind, Language
from emails.labels import label
from runtime.texts import translate
from starter.web.paths import identify_path
from store.contract_links import ContractLink
from store.customers import Customer
from store.sessions import Session
from store.users import User
from tests import factories
from tests.api.registering import make_customer
from tests.bank import Person, new_person
from tests.browser.browsing import Browsing
from tests.browser.hands import Hands
from tests.browser.registering import with_bank
from tests.browser.walking import Walk, goes_to_choice_of_service, mail_to
from tests.fixtures.api import LiveStack
from tests.web.contract_links import make_link

SV = Language.SWEDISH
ASKED = "Identify with bank codes or a mobile certificate"
BOTH = (Commodity.ELECTRICITY, Commodity.DISTRICT_HEATING)


async def sits_down(
    visits: Browsing, user: User, language: Language = SV, *, javascript: bool = True, width: int = 1280
) -> Walk:
    """A user at a browser of his own, logged in."""
    walk = Walk(Hands(await visits(language.value, javascript=javascript, width=width)), language)
    await walk.hands.goto("/login")
    await walk.log_in(user)
    await walk.choose_language()
    return walk


async def chooses_bank(walk: Walk) -> None:
    """On the page with the tiles; then he is at the bank."""
    await walk.sees(ASKED)
    await walk.hands.press("Nordea")
    await walk.hands.page.get_by_label(walk.word("Personal identity code"), exact=True).wait_for()


async def is_there(walk: Walk, person: Person) -> None:
    """At the bank, as this person."""
    await walk.fill("Personal identity code", person.code)
    await walk.fill("First name", person.first_name)
    await walk.fill("Last name", person.last_name)
    await walk.press("Identify")
    await walk.sees("You have identified. Now continue with what you were doing.")


async def updates_authorizations(walk: Walk, customer: Customer) -> None:
    """From the question to the summary."""
    await walk.press("Next")
    await walk.sees("Your authorizations have been updated")
    text = await walk.hands.text()
    for commodity in BOTH:
        assert f"{customer.name} · {label(walk.language, commodity)}" in text


async def walk_it(
    visits: Browsing, live: LiveStack, language: Language = SV, *, javascript: bool = True, width: int = 1280
) -> None:
    """Somebody with electricity and heating, and without anything in the service yet."""
    database, maija = live.frontend.database, new_person("Maija", "Virtanen")
    user = await factories.make_user(database, language=language)
    customer, _ = await make_customer(
        database, *BOTH, identity_code=maija.code, keys=live.stack.services.keys
    )
    walk = await sits_down(visits, user, language, javascript=javascript, width=width)
    await walk.menu("Maintenance")
    await walk.follow("Fetch your own contracts")
    await chooses_bank(walk)
    await is_there(walk, maija)
    await walk.sees("Is the personal identity code correct?")
    await walk.hands.sees(f"{maija.code[:7]}••••")
    assert maija.code not in await walk.hands.text()
    await updates_authorizations(walk, customer)
    assert str(user.id) not in walk.hands.address()
    await goes_to_choice_of_service(walk)
    await walk.hands.sees(customer.name)

    # Again, as the text has it: nothing changes, and who has identified a while ago is not asked again.
    await walk.menu("Maintenance")
    await walk.sees("Private customers")
    await walk.follow("Update authorizations")
    await updates_authorizations(walk, customer)
    await walk.hands.page.get_by_role("link", name=re.compile(customer.name)).first.click()
    await walk.sees("Your own authorizations")
    assert customer.name in str((await mail_to(live, user.email, count=2)).get_body(("plain",)))


@pytest.mark.parametrize(
    ("language", "javascript", "width"), [(SV, True, 1280), (Language.FINNISH, False, 360)]
)
async def test_contracts_are_fetched(
    chromium: Browser, live_stack: LiveStack, language: Language, javascript: bool, width: int
) -> None:
    async with with_bank(chromium, live_stack) as visits:
        await walk_it(visits, live_stack, language, javascript=javascript, width=width)


@pytest.mark.parametrize("javascript", [True, False])
async def test_the_page_tells_by_itself_when_they_have_come(
    browsing: Browsing, live_stack: LiveStack, javascript: bool
) -> None:
    """The registry took long, as far as the page knows; whoever stays sees the summary without a click."""
    database, clock = live_stack.frontend.database, live_stack.stack.services.clock
    user = await factories.make_user(database)
    home = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    walk = await sits_down(browsing, user, javascript=javascript)
    waiting = await make_link(database, clock, user, ContractLinkState.LINKING)
    await walk.hands.goto(waiting)
    await walk.sees("Your contracts are being fetched")
    async with database.transaction() as session:
        link = await session.get_one(ContractLink, UUID(waiting.rpartition("/")[2]))
        link.state, link.ended_at, link.linked = ContractLinkState.LINKED, clock(), [str(home.id)]
    summary = walk.word("Your authorizations have been updated")
    await walk.hands.page.get_by_role("heading", name=summary).wait_for()
    await walk.hands.sees(home.customer.name)
    await goes_to_choice_of_service(walk)


def test_the_words_are_those_of_the_swedish_text() -> None:
    """Letter by letter."""
    said = {
        "Authorizations": "Behörigheter",
        "Private customers": "Privatkunder",
        "Update authorizations": "Uppdatera behörigheter",
        "Personal identity code": "Personbeteckning",
        "Next": "Nästa",
        "Go to choice of service": "Gå till val av tjänst",
    }
    assert {english: translate(SV, english) for english in said} == said


# To the bank and back


async def test_there_and_back_and_there_again(browser: Browser, live_stack: LiveStack) -> None:
    """The Back button leads from the bank to the choice of it, never to a form that is sent again."""
    user = await factories.make_user(live_stack.frontend.database)
    here = identify_path("/account")
    async with with_bank(browser, live_stack) as visits:
        walk = await sits_down(visits, user)
        page = walk.hands.page
        await walk.menu("Own details")
        await walk.follow("Identify now")
        await chooses_bank(walk)
        await page.go_back()
        assert walk.hands.address() == "/identify?next=/account"
        await chooses_bank(walk)  # the tile works again

        await walk.press("Cancel")  # at the bank
        await walk.sees("The identification was cancelled. Nothing was done.")
        assert walk.hands.address() == here
        await chooses_bank(walk)
        await is_there(walk, new_person("Åsa", "Lindroos"))
        assert walk.hands.address() == "/account"
        await walk.hands.sees("Åsa Lindroos")
        await page.reload()
        await walk.hands.sees("Åsa Lindroos")


async def test_the_answer_in_another_browser(chromium: Browser, live_stack: LiveStack) -> None:
    """Case A35, as it happens to people: the bank's application opens another browser."""
    user = await factories.make_user(live_stack.frontend.database)
    async with with_bank(chromium, live_stack) as visits:
        walk = await sits_down(visits, user)
        await walk.hands.goto("/identify?next=/account")
        address = await _left_for(walk.hands.page)
        elsewhere = Walk(Hands(await visits("sv")), SV)
        await elsewhere.hands.goto(address)
        await elsewhere.fill("Personal identity code", new_person().code)
        await elsewhere.fill("First name", "Eve")
        await elsewhere.fill("Last name", "Dropper")
        await elsewhere.press("Identify")
        await elsewhere.sees("The identification did not work")
        await elsewhere.sees("You began in another browser, or in an app. Go back there, and identify again.")
        assert elsewhere.hands.address() == "/identification/failed"
        await walk.hands.goto("/account")
        await walk.sees("Identify now")


async def _left_for(page: Page) -> str:
    """Where a tile would lead, without going there."""
    form = page.locator("form.tiles")
    fields: dict[str, str | float | bool] = {
        "form_token": await form.locator("input").first.input_value(),
        "means": "nordea",
    }
    left = await page.request.post(str(await form.get_attribute("action")), form=fields)
    return left.headers["refresh"].removeprefix("0; url=")


async def test_identifying_in_the_middle_of_inviting(chromium: Browser, live_stack: LiveStack) -> None:
    """What was typed is there afterwards, and one goes on with the same click."""
    database, birgitta = live_stack.frontend.database, new_person("Birgitta", "Berg")
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    inviter = await factories.make_manager(database, relation)
    async with with_bank(chromium, live_stack) as visits:
        walk = await sits_down(visits, inviter)
        await walk.hands.goto(identify_path(f"/relations/{relation.id}/users"))
        await chooses_bank(walk)
        await is_there(walk, birgitta)
        await walk.hands.page.locator("summary", has_text=walk.word("Manage the users")).click()
        await walk.press("Invite the user to the authorization")
        await walk.fill("E-mail address", "ny@example.com")
        await walk.press("Next")
        await walk.fill("First name", "Bo")
        await walk.fill("Last name", "Boman")
        await walk.press("Next")
        await walk.fill("Cover message", "Hej Bo, välkommen!")
        await walk.press("Next")
        await walk.sees("The e-mail as it will be sent")
        confirmation = walk.hands.address()

        await half_an_hour_passes(live_stack, inviter)
        await walk.press("Approve")
        await chooses_bank(walk)
        await is_there(walk, birgitta)
        assert walk.hands.address() == confirmation
        for kept in ("ny@example.com", "Bo Boman", "Hej Bo, välkommen!"):
            await expect(walk.hands.page.locator("main")).to_contain_text(kept)
        await walk.press("Approve")
        await walk.sees("The invitation to the authorization has been sent")


async def half_an_hour_passes(live: LiveStack, user: User) -> None:
    """As far as his identification is concerned: the live stack's clock is the real one."""
    async with live.frontend.database.transaction() as session:
        for each in (await session.scalars(select(Session).where(Session.user_id == user.id))).all():
            if each.identified_at is not None:
                each.identified_at -= timedelta(minutes=31)
