"""Setting levels: what can be chosen, why the rest cannot, and what becomes of a choice (spec 3.5)."""

from datetime import timedelta

import pytest

from domain.codes import Code
from domain.vocabulary import Language, Level, Role, Subpage
from emails.labels import label
from runtime.texts import translate
from starter.http.texts import DETAILS
from starter.services import levels
from starter.web.notices import Notice, shown
from store.authorizations import Authorization
from store.database import Database
from store.users import User
from tests import factories
from tests.bank import Bank, new_person
from tests.clock import SettableClock
from tests.web.browsing import form, posted, sent
from tests.web.identifying import goal_of, identifies, make_identity
from tests.web.removing import a_company, a_home, boxes, changes_in, levels_of, query
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH
NONE, READ, WRITE = Level.NONE, Level.READ, Level.WRITE
ABOVE_OWN = "You cannot choose “%(levels)s”: you may not do that yourself."
BY_CONTRACT_ONLY = "“%(levels)s” is for the holder of the contract alone."
WITHOUT_IDENTIFICATION = (
    "“%(levels)s” can be chosen when the person has identified with bank codes or a mobile certificate."
)


def words(msgid: str, *about: Level) -> str:
    named = ", ".join(label(SV, each).capitalize() for each in about)
    return translate(SV, msgid, levels=named) if about else translate(SV, msgid)


def page_of(authorization: Authorization) -> str:
    return f"/authorizations/{authorization.id}/levels"


async def kept(database: Database, authorization: Authorization) -> dict[Subpage, Level]:
    async with database.reading() as session:
        return (await session.get_one(Authorization, authorization.id)).levels


async def test_what_can_be_chosen(sqlite_database: Database, clock: SettableClock) -> None:
    """What does not exist is absent; what cannot be is disabled, and the reason is beside it."""
    company, home = await a_company(sqlite_database), await a_home(sqlite_database)
    guest = await factories.make_user(sqlite_database)
    here = await factories.make_authorization(sqlite_database, guest, company.relation, role=Role.VIEWER)
    limited = await factories.make_user(sqlite_database)
    await factories.make_authorization(
        sqlite_database, limited, company.relation, levels={Subpage.INVOICES: NONE}
    )
    async with visiting(sqlite_database, clock) as frontend:

        async def seen(user: User, authorization: Authorization) -> tuple[set[str], str]:
            browser = await log_in(frontend.client(), user)
            response = await browser.get(page_of(authorization))
            found = boxes(response)
            assert ("consumption", "write") not in found
            assert ("users", "read") not in found
            assert form(response).items() >= levels_of(authorization).items()
            disabled = {f"{name} {value}" for (name, value), given in found.items() if "disabled" in given}
            return disabled, page(response).text

        writes = {f"{each} write" for each in ("contracts", "invoices", "contact_details", "users")}
        disabled, text = await seen(company.birgitta, here)
        assert disabled == writes
        assert text.count(words(WITHOUT_IDENTIFICATION, WRITE)) == 4
        await make_identity(frontend.services, guest, new_person())
        assert (await seen(company.birgitta, here))[0] == set()
        disabled, text = await seen(limited, here)
        assert disabled == {"invoices read", "invoices write"}
        assert text.count(words(ABOVE_OWN, READ, WRITE)) == 1
        disabled, text = await seen(home.owner, home.given)
        assert disabled == writes
        assert text.count(words(BY_CONTRACT_ONLY, WRITE)) == 4


async def test_a_choice_is_saved_and_told(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    await factories.make_invitation(
        sqlite_database,
        inviter=company.eva,
        relation=company.relation,
        email="bo@example.com",
        role=Role.RELATION_USER,
        now=clock(),
    )
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        address = page_of(company.administrator)

        async def saved(**chosen: str) -> Notice:
            answer = await posted(browser, address, **chosen)
            assert answer.headers["location"] == company.users
            notice = answer.cookies["notice"]
            told = shown(notice, SV)
            assert told is not None
            assert told.text in page(await browser.get(company.users)).text
            return Notice(notice)

        assert await saved() is Notice.LEVELS_UNCHANGED
        assert await changes_in(sqlite_database) == []
        assert await saved(contact_details="read") is Notice.LEVELS_CHANGED
        assert await saved(users="none") is Notice.LEVELS_CHANGED_INVITATIONS_ENDED
        expected = company.administrator.levels | {Subpage.CONTACT_DETAILS: READ, Subpage.USERS: NONE}
        assert await kept(sqlite_database, company.administrator) == expected
        made = (await changes_in(sqlite_database))[-1]
        assert (await browser.get(f"/authorization-changes/{made.id}")).status_code == 404  # no removal


async def test_what_is_refused_stays_on_the_page(sqlite_database: Database, clock: SettableClock) -> None:
    company = await a_company(sqlite_database)
    address = page_of(company.viewer)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        empty = await posted(browser, address, consumption="none", reports="none")
        assert empty.status_code == 422
        assert words(DETAILS[Code.AUTHORIZATION_LEVELS_EMPTY]) in page(empty).text
        assert f"{company.removal}?{query(company.viewer)}" in page(empty).buttons
        assert form(empty)["consumption"] == "none"
        for field, value, code in (
            ("contracts", "write", Code.IDENTIFICATION_REQUIRED),
            ("consumption", "write", Code.AUTHORIZATION_LEVEL_UNKNOWN),
            ("reports", "all", Code.FIELD_INVALID),
            ("reports", "", Code.FIELD_REQUIRED),
        ):
            refused = await posted(browser, address, **{field: value})
            assert refused.status_code == 422
            assert words(DETAILS[code]) in page(refused).text
        assert await kept(sqlite_database, company.viewer) == company.viewer.levels

        # Changed by another meanwhile: shown as it is now, and saved from there.
        before = await browser.get(address)
        await factories.make_manager(sqlite_database, company.relation)
        now = {**company.viewer.levels, Subpage.CONTRACTS: READ}
        seen = levels.version(company.viewer)
        await levels.change(frontend.services, company.birgitta, company.viewer.id, now, seen=seen)
        changed = await sent(browser, before, address, reports="none")
        assert changed.status_code == 412
        assert words(DETAILS[Code.AUTHORIZATION_CHANGED_MEANWHILE]) in page(changed).text
        assert (form(changed)["reports"], form(changed)["contracts"]) == ("read", "read")
        assert (await sent(browser, changed, address, reports="none")).status_code == 303
    assert (await kept(sqlite_database, company.viewer))[Subpage.REPORTS] is NONE


async def test_who_gets_there(sqlite_database: Database, clock: SettableClock) -> None:
    company, home = await a_company(sqlite_database), await a_home(sqlite_database)
    stranger = await factories.make_user(sqlite_database)
    ended = DETAILS[Code.AUTHORIZATION_ENDED]
    async with visiting(sqlite_database, clock) as frontend:
        for user, authorization, status in (
            (home.guest, home.owned, 403),
            (home.guest, home.given, 403),  # one's own, without the right to manage users
            (stranger, home.given, 404),
            (company.birgitta, home.given, 404),
        ):
            browser = await log_in(frontend.client(), user)
            token = form(await browser.get("/help"), "/logout")["form_token"]
            body = {"form_token": token, **levels_of(authorization), "seen": levels.version(authorization)}
            address = page_of(authorization)
            for answer in (await browser.get(address), await browser.post(address, data=body)):
                assert answer.status_code == status, (user.first_name, address)
        browser = await log_in(frontend.client(), home.owner)
        at_own = await browser.get(page_of(home.owned))
        assert boxes(at_own) == {}
        why = "This authorization comes with the contract, so it ends and changes only with the contract."
        assert words(why) in page(at_own).text
        by_hand = await browser.post(page_of(home.owned), data=body | dict(form(at_own, "/logout")))
        assert by_hand.status_code == 409
        await factories.end_authorization(sqlite_database, home.given, clock())
        users = f"/relations/{home.relation.id}/users"
        assert (await browser.get(page_of(home.given))).headers["location"] == users
        assert words(ended) in page(await browser.get(users)).text
    assert await changes_in(sqlite_database) == []


async def test_identifying_in_between_keeps_the_choice(
    sqlite_database: Database, clock: SettableClock
) -> None:
    company, bank, birgitta = await a_company(sqlite_database), Bank(), new_person()
    address = page_of(company.administrator)
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), company.birgitta)
        await identifies(browser, bank, birgitta)
        filled_in = await browser.get(address)
        clock.advance(timedelta(minutes=30))
        assert goal_of((await browser.get(address)).headers["location"]) == address
        goal = goal_of((await sent(browser, filled_in, address, users="none")).headers["location"])
        assert (await identifies(browser, bank, birgitta, goal)).headers["location"] == goal
        back = await browser.get(goal)
        assert form(back, address)["users"] == "none"
        assert (await sent(browser, back, address)).headers["location"] == company.users
        assert (await kept(sqlite_database, company.administrator))[Subpage.USERS] is NONE
        # The version goes along: what was chosen before a change is not saved over it.
        late = await browser.get(goal)
        assert words(DETAILS[Code.AUTHORIZATION_CHANGED_MEANWHILE]) in page(late).text


@pytest.mark.parametrize("is_last", [True, False])
async def test_lowering_ones_own(sqlite_database: Database, clock: SettableClock, is_last: bool) -> None:
    """Without a fresh identification; somebody who manages the users must be left."""
    relation = await factories.make_relation(sqlite_database)
    user = await factories.make_user(sqlite_database)
    own = await factories.make_authorization(sqlite_database, user, relation)
    if not is_last:
        await factories.make_manager(sqlite_database, relation)
    async with visiting(sqlite_database, clock) as frontend:
        await make_identity(frontend.services, user, new_person())
        browser = await log_in(frontend.client(), user)
        answer = await posted(browser, page_of(own), users="none")
    if is_last:
        assert answer.status_code == 409
        assert words(DETAILS[Code.AUTHORIZATION_LAST_MANAGER]) in page(answer).text
    else:
        assert answer.headers["location"] == f"/relations/{relation.id}/authorizations"
    assert (await kept(sqlite_database, own))[Subpage.USERS] is (WRITE if is_last else NONE)
