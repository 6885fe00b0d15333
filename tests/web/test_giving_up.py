"""Giving up one's own authorization: the same phases, in the words for oneself (spec 3.4)."""

from datetime import timedelta

from domain.codes import Code
from domain.vocabulary import AuthorizationChangeKind, CustomerKind, Language, Role
from runtime.texts import translate
from starter.http.texts import DETAILS
from store.database import Database
from tests import factories
from tests.bank import Bank, new_person
from tests.clock import SettableClock
from tests.web.browsing import form, forms, sent
from tests.web.identifying import identifies
from tests.web.inviting import led, links
from tests.web.removing import a_home, boxes, changes_in, is_held, query
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH


def words(msgid: str) -> str:
    return translate(SV, msgid)


async def test_the_last_authorization_is_given_up(sqlite_database: Database, clock: SettableClock) -> None:
    """Without a fresh identification; and the end is shown although the relation is gone."""
    home, bank = await a_home(sqlite_database), Bank()
    tab = f"/relations/{home.relation.id}/authorizations"
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), home.guest)
        await identifies(browser, bank, new_person())
        clock.advance(timedelta(minutes=30))
        [first] = links(await browser.get(tab), ".*/removal.*")
        assert first == f"{tab}/removal?{query(home.given)}"
        second = await led(browser, first, f"{tab}/removal")
        assert second == f"{tab}/removal/confirmation?{query(home.given)}"
        reviewed = await browser.get(second)
        for told in (
            "Give up the authorization",
            "What you lose",
            "Afterwards you have no access to the customer relation any more.",
            "To get the authorization back you have to be invited again.",
        ):
            assert words(told) in page(reviewed).text
        end = (await sent(browser, reviewed, second)).headers["location"]
        [change] = await changes_in(sqlite_database)
        assert end == f"/authorization-changes/{change.id}"
        assert change.kind is AuthorizationChangeKind.GIVEN_UP
        assert not await is_held(sqlite_database, home.given)

        assert (await browser.get(tab)).status_code == 404
        shown = page(await browser.get(end))
        assert shown.headings[0] == words("You have given up the authorization")
        assert "/services" in shown.buttons
        assert not [each for each in shown.addresses if each.startswith("/relations")]
        for again in (
            await sent(browser, reviewed, second),
            await browser.get(second),
            await browser.get(first),
        ):
            assert again.headers["location"] == end
        at_owners = await log_in(frontend.client(), home.owner)
        assert (await at_owners.get(end)).status_code == 404
    assert len(await changes_in(sqlite_database)) == 1


async def test_the_owner_by_contract_has_nothing_to_give_up(
    sqlite_database: Database, clock: SettableClock
) -> None:
    home = await a_home(sqlite_database)
    tab = f"/relations/{home.relation.id}/authorizations"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), home.owner)
        shown = await browser.get(tab)
        assert links(shown, ".*/removal.*") == []
        why = "This authorization comes with the contract, so it ends and changes only with the contract."
        assert words(why) in page(shown).text
        first = await browser.get(f"{tab}/removal")
        assert words(DETAILS[Code.AUTHORIZATION_BY_CONTRACT]) in page(first).text
        assert f"{tab}/removal" not in forms(first)


async def test_the_last_who_manages_stays(sqlite_database: Database, clock: SettableClock) -> None:
    """Until there is another one; what allows less can be given up at any time."""
    relation = await factories.make_relation(sqlite_database, kind=CustomerKind.COMPANY)
    user = await factories.make_user(sqlite_database)
    manages = await factories.make_authorization(sqlite_database, user, relation)
    looks = await factories.make_authorization(sqlite_database, user, relation, role=Role.VIEWER)
    first = f"/relations/{relation.id}/authorizations/removal"
    why = words(DETAILS[Code.AUTHORIZATION_LAST_MANAGER])
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), user)
        shown = await browser.get(first)
        assert why in page(shown).text
        assert "disabled" in boxes(shown)["administrator", str(manages.id)]
        both = f"{first}/confirmation?{query(manages, looks)}"
        token = form(shown, first)["form_token"]
        for refused in (
            await browser.get(both),
            await browser.post(both, data={"form_token": token}),
            await browser.post(first, data={"form_token": token, "administrator": str(manages.id)}),
        ):
            text = page(await browser.get(refused.headers["location"])).text
            assert text.count(why) == 2  # at the role, and as the reason of the refusal
        assert await changes_in(sqlite_database) == []

        await factories.make_manager(sqlite_database, relation)
        end = (await sent(browser, await browser.get(both), both)).headers["location"]
        assert page(await browser.get(end)).headings[0] == words("You have given up the authorizations")
