"""Flow H4 in real browsers: invited, registered, approved, seen; from the first click to the last word."""

from uuid import uuid4

from playwright.async_api import Browser

from domain.vocabulary import CustomerKind, Language, Role
from emails.labels import role_on
from store import authorizations, users
from tests import factories
from tests.browser import browsing as visiting
from tests.browser.browsing import Browsing
from tests.browser.hands import Hands
from tests.browser.mail import link_in
from tests.browser.walking import (
    MESSAGE,
    Walk,
    goes_to_choice_of_service,
    invites,
    logs_in_and_approves,
    mail_to,
    registers_and_approves,
)
from tests.fixtures.api import LiveStack
from tests.frontend import invite


async def test_somebody_new_is_invited_registers_and_approves(
    firefox: Browser, live_stack: LiveStack
) -> None:
    async with visiting.browsing(firefox, live_stack.stack.api_url) as visits:
        await walk_it(visits, live_stack, Language.SWEDISH)


async def test_the_same_on_a_phone_without_scripts(browsing: Browsing, live_stack: LiveStack) -> None:
    await walk_it(browsing, live_stack, Language.FINNISH, javascript=False, width=360)


async def walk_it(
    visits: Browsing,
    live: LiveStack,
    language: Language,
    *,
    javascript: bool = True,
    width: int = 1280,
) -> None:
    """The inviter at one browser, the invited person at another."""
    database = live.frontend.database
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    inviter = await factories.make_manager(database, relation)
    address = f"ny.{uuid4().hex}@example.com"

    async def sits_down() -> Walk:
        page = await visits(language.value, javascript=javascript, width=width)
        return Walk(Hands(page), language)

    at_inviters = await sits_down()
    await invites(at_inviters, inviter, relation, address)
    invitation = await mail_to(live, address)
    if javascript:  # the page tells by itself that the e-mail has been taken
        await at_inviters.hands.page.locator("#delivery .notice-success").wait_for()
    await goes_to_choice_of_service(at_inviters)

    at_invitees = await sits_down()
    await registers_and_approves(at_invitees, link_in(invitation), address, inviter)
    await goes_to_choice_of_service(at_invitees)
    await at_invitees.hands.sees(relation.customer.name)

    assert inviter.full_name in str((await mail_to(live, address, count=2)).get_body(("plain",)))
    assert "Bo Boman" in str((await mail_to(live, inviter.email)).get_body(("plain",)))
    async with database.reading() as session:
        user = await users.by_email(session, address)
        assert user is not None
        assert user.language is language
        assert len(await authorizations.of_user(session, user.id, live.stack.services.clock())) == 1


async def test_a_registered_person_finds_it_under_to_handle(
    browsing: Browsing, live_stack: LiveStack
) -> None:
    """The words on the way are those of the Swedish text, letter by letter."""
    database = live_stack.frontend.database
    relation = await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    inviter = await factories.make_manager(database, relation)
    anna = await factories.make_user(database, first_name="Bo", last_name="Boman")

    # As above, without the pages.
    inviting = await live_stack.frontend.log_in(inviter)
    await invite(inviting, relation.id, email=anna.email, cover_message=MESSAGE)
    at_annas = Walk(Hands(await browsing("sv", width=320)), Language.SWEDISH)
    await logs_in_and_approves(at_annas, anna, inviter)
    await goes_to_choice_of_service(at_annas)

    said = {
        "Maintenance": "Underhållsgränssnitt",
        "Authorizations": "Behörigheter",
        "Invite the user to the authorization": "Anropa användaren till behörigheten",
        "Contact details": "Kontaktuppgifter",
        "User details": "Användaruppgifter",
        "Cover message": "Anropsmeddelande",
        "Confirmation": "Bekräftelse",
        "Next": "Nästa",
        "Approve": "Godkänn",
        "To handle": "Behandla",
        "The invitation to the authorization has been sent": "Inbjudan till behörighet har sänts",
        "Go to choice of service": "Gå till val av tjänst",
    }
    assert {english: at_annas.word(english) for english in said} == said
    assert role_on(Language.SWEDISH, Role.RELATION_USER, relation.commodity) == "Användare (elkundsrelation)"
