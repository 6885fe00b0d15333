"""Removing a user's authorizations: two phases, the end, and everything that is in the way (spec 3.4)."""

import asyncio
from datetime import timedelta

from domain.codes import Code
from domain.vocabulary import AuthorizationChangeKind, Language, Level, Role, Subpage
from emails.labels import label
from runtime.texts import translate
from starter.http.texts import DETAILS
from starter.services import removals
from store.database import Database
from tests import factories
from tests.bank import Bank, new_person
from tests.clock import SettableClock
from tests.web.browsing import form, sent
from tests.web.identifying import goal_of, identifies
from tests.web.inviting import led, links
from tests.web.removing import (
    a_company,
    a_home,
    boxes,
    cells,
    changes_in,
    comes_with_the_contract,
    fields,
    is_held,
    query,
)
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH


def words(msgid: str) -> str:
    return translate(SV, msgid)


def unchanged(level: Level) -> str:
    return f"{label(SV, level).capitalize()} {words('(no change)')}"


async def test_the_users_are_listed_once_with_what_can_be_done(
    sqlite_database: Database, clock: SettableClock
) -> None:
    company = await a_company(sqlite_database)
    home = await a_home(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        shown = await browser.get(company.users)
        assert page(shown).text.count(company.eva.email) == 1
        for path in (company.users, f"{company.users}/{company.eva.id}"):
            shown = await browser.get(path)
            assert links(shown, ".*/users/.*/removal") == [company.removal]
            changeable = [
                f"/authorizations/{each.id}/levels" for each in (company.administrator, company.viewer)
            ]
            assert set(changeable) <= set(links(shown, "/authorizations/.*/levels"))
        # Herself she gives up what she has, elsewhere.
        own = f"/relations/{company.relation.id}/authorizations/removal"
        assert links(await browser.get(f"{company.users}/{company.birgitta.id}"), ".*/removal.*") == [own]
        at_home = await log_in(frontend.client(), home.owner)
        text = page(await at_home.get(f"/relations/{home.relation.id}/users/{home.owner.id}")).text
    assert (
        words("This authorization comes with the contract, so it ends and changes only with the contract.")
        in text
    )
    assert words("Give up the authorization") not in text
    assert words("Change rights") not in text


async def test_from_the_choice_to_the_end(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    other = await factories.make_manager(sqlite_database, company.relation)
    invited = await factories.make_invitation(
        sqlite_database,
        inviter=company.eva,
        relation=company.relation,
        email="bo@example.com",
        first_name="Bo",
        role=Role.VIEWER,
        now=clock(),
    )
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        assert set(form(await browser.get(company.removal))) == {"form_token"}  # of several, none is chosen
        second = await led(browser, company.removal, **fields(company.administrator))
        assert second == company.confirmation(company.administrator)
        reviewed = await browser.get(second)
        text = page(reviewed).text
        for told in ("Eva Ek", f"{label(SV, Role.ADMINISTRATOR)} (elkundsrelation)", "Bo Andersson"):
            assert told in text
        assert label(SV, Role.VIEWER) not in text
        assert cells(reviewed)[:6] == [
            *(label(SV, Subpage.CONSUMPTION), label(SV, Level.READ).capitalize(), unchanged(Level.READ)),
            *(
                label(SV, Subpage.REPORTS),
                *(label(SV, each).capitalize() for each in (Level.WRITE, Level.READ)),
            ),
        ]
        assert words("Some rights remain, by another role.") in text
        closing = text.partition(words("E-services that close"))[2]
        closed = [Subpage.CONTRACTS, Subpage.INVOICES, Subpage.CONTACT_DETAILS]
        names = [each.name[SV] for each in frontend.services.settings.e_services if each.subpage in closed]
        assert closing.split(words("Open invitations that end"))[0].strip() == "".join(names)
        assert await is_held(sqlite_database, company.administrator)

        end = (await sent(browser, reviewed, second)).headers["location"]
        [change] = await changes_in(sqlite_database)
        assert end == f"/authorization-changes/{change.id}"
        assert change.kind is AuthorizationChangeKind.REMOVAL
        assert change.fallen_invitations == [str(invited.id)]
        assert not await is_held(sqlite_database, company.administrator)
        assert await is_held(sqlite_database, company.viewer)

        confirmed = page(await browser.get(end))
        assert confirmed.headings[0] == words("The authorization has been removed")
        assert {"/services", company.users} <= set(confirmed.addresses)
        assert "/services" in confirmed.buttons
        concerned = page(await (await log_in(frontend.client(), company.eva)).get(end))
        assert "Birgitta Berg" in concerned.text
        assert company.users not in concerned.addresses
        for nobody in (other, await factories.make_user(sqlite_database)):
            absent = await log_in(frontend.client(), nobody)
            assert (await absent.get(end)).status_code == 404


async def test_a_choice_that_leads_nowhere_is_explained(
    sqlite_database: Database, clock: SettableClock
) -> None:
    """Where one can reload and go back; what was chosen is kept on the way."""
    company = await a_company(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        refused = await led(browser, company.removal)
        for address in (refused, (await browser.get(f"{company.removal}/confirmation")).headers["location"]):
            assert words("Choose at least one role.") in page(await browser.get(address)).text
        second = await led(browser, refused, company.removal, **fields(company.viewer))
        back = await led(browser, second, second, back="1")
        assert form(await browser.get(back), company.removal)["viewer"] == str(company.viewer.id)

        # Alone it is chosen from the beginning, and the phase stays all the same.
        await factories.end_authorization(sqlite_database, company.administrator, clock())
        only = await browser.get(company.removal)
        assert boxes(only)["viewer", str(company.viewer.id)].keys() >= {"checked"}
        assert await led(browser, company.removal) == company.confirmation(company.viewer)


async def test_what_comes_with_the_contract_cannot_be_chosen(
    sqlite_database: Database, clock: SettableClock
) -> None:
    company = await a_company(sqlite_database)
    await comes_with_the_contract(sqlite_database, company.administrator)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        shown = await browser.get(company.removal)
        found = boxes(shown)
        assert "disabled" in found["administrator", str(company.administrator.id)]
        assert found["viewer", str(company.viewer.id)].keys() >= {"checked"}
        assert words(DETAILS[Code.AUTHORIZATION_BY_CONTRACT]) in page(shown).text
        refused = await led(browser, company.removal, **fields(company.administrator))
        assert words(DETAILS[Code.AUTHORIZATION_BY_CONTRACT]) in page(await browser.get(refused)).text
        unasked = await browser.get(company.confirmation(company.administrator, company.viewer))
        assert unasked.headers["location"].startswith(f"{company.removal}?")
    assert await changes_in(sqlite_database) == []


async def test_what_has_ended_meanwhile(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        second = company.confirmation(company.administrator)
        reviewed = await browser.get(second)
        await removals.remove(frontend.services, company.eva, [company.administrator.id])
        first = (await sent(browser, reviewed, second)).headers["location"]
        assert words(DETAILS[Code.AUTHORIZATION_ENDED]) in page(await browser.get(first)).text
        await removals.remove(frontend.services, company.eva, [company.viewer.id])
        assert (await browser.get(first)).headers["location"] == company.users
        assert words(DETAILS[Code.AUTHORIZATION_ENDED]) in page(await browser.get(company.users)).text
    assert len(await changes_in(sqlite_database)) == 2


async def test_it_is_removed_once(database: Database, clock: SettableClock) -> None:
    """However often it is sent: every time leads to the same end."""
    company = await a_company(database)
    async with visiting(database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        second = company.confirmation(company.administrator, company.viewer)
        reviewed = await browser.get(second)

        async def end() -> str:
            answer = await sent(browser, reviewed, second)
            while answer.headers["location"].startswith("/relations"):
                answer = await browser.get(answer.headers["location"])
            location: str = answer.headers["location"]
            return location

        ends = {*await asyncio.gather(*(end() for _ in range(4))), await end()}
        [change] = await changes_in(database)
        assert ends == {f"/authorization-changes/{change.id}"}
        # Going back by the browser leads there, too.
        assert (await browser.get(second)).headers["location"] in ends


async def test_nobody_else_gets_there(sqlite_database: Database, clock: SettableClock) -> None:
    """404 is the same for what is absent, of another customer, or of another user."""
    company, others = await a_company(sqlite_database), await a_company(sqlite_database)
    looks = await factories.make_user(sqlite_database)
    await factories.make_authorization(sqlite_database, looks, company.relation, role=Role.VIEWER)
    stranger = await factories.make_user(sqlite_database)
    chosen = company.confirmation(company.viewer)
    own = f"/relations/{company.relation.id}/authorizations/removal"
    before = await changes_in(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        for user, status in ((looks, 403), (stranger, 404), (others.birgitta, 404)):
            browser = await log_in(frontend.client(), user)
            for address in (f"{company.users}/{company.eva.id}", company.removal, chosen):
                assert (await browser.get(address)).status_code == status, address
            token = form(await browser.get("/help"), "/logout")["form_token"]
            for address in (company.removal, chosen):
                refused = await browser.post(address, data={"form_token": token, **fields(company.viewer)})
                assert refused.status_code == status, address
        browser = await log_in(frontend.client(), company.birgitta)
        token = form(await browser.get("/help"), "/logout")["form_token"]
        for address in (
            company.confirmation(others.viewer),
            company.confirmation(company.viewer, others.administrator),
            f"{company.users}/{others.eva.id}/removal",
            f"{company.users}/{others.eva.id}/removal/confirmation?{query(others.viewer)}",
            f"{company.removal}/confirmation?viewer=x",
            # The way of one's own asks for no identification: it takes nobody else's.
            f"{own}/confirmation?{query(company.viewer)}",
        ):
            assert (await browser.get(address)).status_code == 404, address
            if "confirmation" in address:
                assert (await browser.post(address, data={"form_token": token})).status_code == 404, address
        assert (await browser.post(chosen)).status_code == 400
        assert (await browser.post(chosen, data={"form_token": "x"})).status_code == 403
        itself = f"{company.users}/{company.birgitta.id}/removal"
        assert (await browser.get(itself)).headers["location"] == own
    assert await changes_in(sqlite_database) == before


async def test_it_asks_for_a_fresh_identification(sqlite_database: Database, clock: SettableClock) -> None:
    """The choice is kept on the way to the bank and back, before the last phase and in it."""
    company, bank, birgitta = await a_company(sqlite_database), Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        await identifies(browser, bank, birgitta)
        clock.advance(timedelta(minutes=30))
        second = await led(browser, company.removal, **fields(company.administrator, company.viewer))
        assert goal_of((await browser.get(second)).headers["location"]) == second
        assert (await identifies(browser, bank, birgitta, second)).headers["location"] == second
        reviewed = await browser.get(second)
        clock.advance(timedelta(minutes=30))
        assert goal_of((await sent(browser, reviewed, second)).headers["location"]) == second
        assert await changes_in(sqlite_database) == []
        await identifies(browser, bank, birgitta, second)
        assert "authorization-changes" in (await sent(browser, reviewed, second)).headers["location"]
    [change] = await changes_in(sqlite_database)
    assert set(change.authorization_ids) == {str(company.administrator.id), str(company.viewer.id)}
