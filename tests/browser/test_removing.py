"""Flow H5 in a real browser, from logging in to the choice of service; levels on a phone without scripts."""

from playwright.async_api import expect

from domain.vocabulary import CustomerKind, Language, Level, Role, Subpage
from emails.labels import label, role_on
from runtime.texts import translate
from store import authorizations
from store.authorizations import Authorization
from store.users import User
from tests import factories
from tests.browser.browsing import Browsing
from tests.browser.hands import Hands
from tests.browser.walking import Walk, goes_to_choice_of_service
from tests.fixtures.api import LiveStack

SV, FI = Language.SWEDISH, Language.FINNISH


async def a_couple(live: LiveStack) -> tuple[User, Authorization]:
    """Maija, whose electricity it is, and what she has given to Matti."""
    database = live.frontend.database
    home = await factories.make_relation(database, kind=CustomerKind.PRIVATE, name="Maija Virtanen")
    maija = await factories.make_manager(database, home, first_name="Maija", last_name="Virtanen")
    matti = await factories.make_user(database, first_name="Matti", last_name="Virtanen")
    given = await factories.make_authorization(database, matti, home, role=Role.RELATION_USER)
    async with database.reading() as session:
        return maija, await session.get_one(Authorization, given.id)


async def chooses_the_user(walk: Walk, maija: User, given: Authorization) -> None:
    """From logging in to the menu of what can be done about Matti."""
    relation = given.relation
    await walk.hands.goto("/")
    await walk.log_in(maija)
    await walk.choose_language()
    await walk.menu("Maintenance")
    await walk.sees("Private customers")
    await walk.hands.follow(f"{relation.customer.name} · {label(walk.language, relation.commodity)}")
    await walk.follow("Users")
    await walk.hands.follow("Matti Virtanen")
    await walk.hands.page.locator("summary", has_text=walk.word("What can be done")).click()


async def test_an_authorization_is_removed(browsing: Browsing, live_stack: LiveStack) -> None:
    maija, given = await a_couple(live_stack)
    walk = Walk(Hands(await browsing("sv")), SV)
    await chooses_the_user(walk, maija, given)
    await walk.follow("Remove authorizations from the user")

    page, role = walk.hands.page, role_on(SV, Role.RELATION_USER, given.relation.commodity)
    await expect(page.get_by_role("heading", level=1)).to_have_text(walk.word("Choice of roles"))
    await expect(page.get_by_label(role, exact=True)).to_be_checked()
    await page.get_by_label(role, exact=True).press("Space")
    await walk.press("Next")
    await walk.sees("Choose at least one role.")
    await walk.hands.check(role)
    await walk.press("Next")

    await expect(page.get_by_role("heading", level=1)).to_have_text(walk.word("Confirmation"))
    for told in ("Check the details. If they are right, approve.", "What the person loses"):
        await walk.sees(told)
    for shown in ("Matti Virtanen", role):
        await walk.hands.sees(shown)
    await page.reload()  # nothing is lost, and nothing is sent
    await walk.press("Back")
    await expect(page.get_by_label(role, exact=True)).to_be_checked()
    await walk.press("Next")
    await walk.press("Approve")
    await walk.sees("The authorization has been removed")
    end = walk.hands.address()
    await page.go_back()  # what is done leads to its end
    assert walk.hands.address() == end
    await goes_to_choice_of_service(walk)
    async with live_stack.frontend.database.reading() as session:
        assert not await authorizations.held_by(session, given.user_id, given.relation_id)


def test_the_words_are_those_of_the_swedish_text() -> None:
    """Letter by letter: what one chooses, reads and presses on the way."""
    said = {
        "Maintenance": "Underhållsgränssnitt",
        "Users": "Användare",
        "Remove authorizations from the user": "Ta bort behörigheter från användarna",
        "Choice of roles": "Val av roller",
        "Next": "Nästa",
        "Confirmation": "Bekräftelse",
        "Approve": "Godkänn",
        "The authorization has been removed": "Behörigheten har tagits bort",
        "Go to choice of service": "Gå till val av tjänst",
    }
    assert {english: translate(SV, english) for english in said} == said


async def test_levels_are_set_on_a_phone_without_scripts(browsing: Browsing, live_stack: LiveStack) -> None:
    maija, given = await a_couple(live_stack)
    walk = Walk(Hands(await browsing("fi", javascript=False, width=360)), FI)
    await chooses_the_user(walk, maija, given)
    await walk.follow("Change rights")
    page = walk.hands.page

    async def choose(subpage: Subpage, level: Level) -> None:
        row = page.get_by_role("group", name=label(FI, subpage), exact=True)
        await row.get_by_label(label(FI, level).capitalize(), exact=True).press("Space")

    contracts = page.get_by_role("group", name=label(FI, Subpage.CONTRACTS), exact=True)
    change = label(FI, Level.WRITE).capitalize()
    await expect(contracts.get_by_label(change, exact=True)).to_be_disabled()
    await expect(contracts).to_have_accessible_description(
        walk.word("“%(levels)s” is for the holder of the contract alone.", levels=change)
    )
    for subpage in Subpage:
        await choose(subpage, Level.NONE)
    await walk.press("Save")
    await walk.sees("With these choices nothing would be left of the authorization. Remove it instead.")
    await choose(Subpage.CONSUMPTION, Level.READ)
    await walk.press("Save")
    await walk.sees("The rights have been changed. The user is told by e-mail.")
    async with live_stack.frontend.database.reading() as session:
        levels = (await session.get_one(Authorization, given.id)).levels
    assert {subpage for subpage, level in levels.items() if level is not Level.NONE} == {Subpage.CONSUMPTION}
