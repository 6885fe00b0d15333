"""One's data as a file, and having oneself erased, on the pages (spec 3.7)."""

import json
from datetime import timedelta

from sqlalchemy import select

from domain.codes import Code
from domain.vocabulary import ErasureState, Language
from runtime.texts import absolute_time, translate
from starter.http.texts import DETAILS
from starter.web.paths import identify_path
from store.database import Database
from store.erasures import Erasure
from store.users import User
from tests import factories
from tests.bank import Bank, new_person
from tests.changing import services_of
from tests.clock import SettableClock
from tests.factories import PASSWORD
from tests.frontend import Frontend
from tests.harness import Harness
from tests.web.account_links import mailed
from tests.web.browsing import forms, posted, sent
from tests.web.identifying import goal_of, identifies
from tests.web.inviting import links
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH
EXPORT, ERASURE, CANCEL = "/account/export", "/account/erasure", "/account/erasure/cancel"
NOBODY_LEFT = "Nobody would manage the users of these customer relations any more:"
SCHEDULED = "You have asked for your user to be erased. That is done on %(due)s."
LATER = timedelta(minutes=30)


def words(msgid: str, **values: object) -> str:
    return translate(SV, msgid, **values)


async def erasures_in(database: Database) -> list[Erasure]:
    async with database.reading() as session:
        return list(await session.scalars(select(Erasure)))


async def test_the_file_holds_what_is_ones_own(sqlite_database: Database, clock: SettableClock) -> None:
    """After a fresh identification, for who has a strong identity; without what opens something."""
    relation = await factories.make_relation(sqlite_database)
    anna = await factories.make_manager(sqlite_database, relation, first_name="Änna")
    other = await factories.make_manager(sqlite_database, relation, first_name="Mats")
    bank, person = Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), anna)
        assert {EXPORT, ERASURE} <= set(page(await browser.get("/account")).addresses)
        shown = await browser.get(EXPORT)
        file = await sent(browser, shown)
        assert file.headers["content-disposition"] == 'attachment; filename="fullmakt.json"'
        assert (file.headers["content-type"], file.headers["cache-control"]) == (
            "application/json",
            "no-store",
        )
        document = json.loads(file.text)
        assert (document["user"]["email"], document["user"]["first_name"]) == (anna.email, "Änna")
        assert "Änna" in file.text  # people read it, too
        assert [each["relation_id"] for each in document["authorizations"]] == [str(relation.id)]
        assert other.email not in file.text
        assert anna.password_hash not in file.text

        await identifies(browser, bank, person)
        assert (await sent(browser, await browser.get(EXPORT))).status_code == 200
        clock.advance(LATER)
        for stopped in (await browser.get(EXPORT), await sent(browser, shown)):
            assert goal_of(stopped.headers["location"]) == EXPORT


async def test_from_the_wish_to_the_regret(harness: Harness) -> None:
    """Told by e-mail and on every page; cancelled, everything is as before."""
    frontend = Frontend(services_of(harness))
    relation = await factories.make_relation(harness.database, name="Åkers Ab")
    anna = await factories.make_manager(harness.database, relation)
    browser = await log_in(frontend.client(), anna)
    shown = await browser.get(ERASURE)
    for told in (words(NOBODY_LEFT), "Åkers Ab"):
        assert told in page(shown).text
    assert "danger" in shown.text
    wrong = await sent(browser, shown, password="not it")
    assert wrong.status_code == 422
    assert words(DETAILS[Code.PASSWORD_WRONG]) in page(wrong).text
    assert "not it" not in wrong.text
    for _ in range(2):  # pressed twice, it is one
        assert (await sent(browser, shown, password=PASSWORD)).headers["location"] == ERASURE
    [erasure] = await erasures_in(harness.database)
    due = absolute_time(erasure.due, SV, services_of(harness).brand.time_zone)
    scheduled = page(await browser.get(ERASURE))
    assert scheduled.headings[0] == words("Your user will be erased")
    assert due in scheduled.text
    assert {CANCEL, "/services"} <= set(scheduled.buttons)
    for path in ("/services", "/account", f"/relations/{relation.id}/users"):
        assert words(SCHEDULED, due=due) in page(await browser.get(path)).text
    assert ERASURE in await mailed(harness, anna.email)

    asked = await browser.get(CANCEL)
    assert (await sent(browser, asked)).headers["location"] == "/account"
    said = page(await browser.get("/account")).text
    assert (
        words("The erasure has been cancelled. Your user and your authorizations stay as they are.") in said
    )
    assert words(SCHEDULED, due=due) not in said
    await mailed(harness, anna.email, count=2)
    assert (await sent(browser, asked)).headers["location"] == ERASURE  # pressed twice
    assert (await browser.get(CANCEL)).headers["location"] == ERASURE
    assert ERASURE in forms(await browser.get(ERASURE))
    [erasure] = await erasures_in(harness.database)
    assert erasure.state is ErasureState.CANCELLED
    await frontend.close()


async def test_it_asks_for_a_fresh_identification(sqlite_database: Database, clock: SettableClock) -> None:
    """Before anything is typed; reading about it and cancelling it ask for none."""
    relation = await factories.make_relation(sqlite_database)
    anna = await factories.make_manager(sqlite_database, relation)
    await factories.make_manager(sqlite_database, relation)
    bank, person = Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), anna)
        await identifies(browser, bank, person)
        shown = await browser.get(ERASURE)
        assert words(NOBODY_LEFT) not in page(shown).text
        clock.advance(LATER)
        stale = await browser.get(ERASURE)
        assert (ERASURE in forms(stale), identify_path(ERASURE) in page(stale).buttons) == (False, True)
        stopped = await sent(browser, shown, password=PASSWORD)
        assert goal_of(stopped.headers["location"]) == ERASURE
        assert await erasures_in(sqlite_database) == []
        await identifies(browser, bank, person, ERASURE)
        assert (await posted(browser, ERASURE, password=PASSWORD)).headers["location"] == ERASURE
        clock.advance(LATER)
        assert (await posted(browser, CANCEL)).headers["location"] == "/account"


async def test_when_it_is_due_it_is_too_late(sqlite_database: Database, clock: SettableClock) -> None:
    anna: User = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        await posted(browser, ERASURE, password=PASSWORD)
        clock.advance(timedelta(days=14))
        browser = await log_in(frontend.client(), anna)
        token = {"form_token": forms(await browser.get("/help"))["/logout"]["form_token"]}
        late = await browser.post(CANCEL, data=token)
        assert late.headers["location"] == ERASURE
        shown = page(await browser.get(ERASURE))
        assert shown.headings[0] == words("Your user is being erased now")
        assert words(DETAILS[Code.ERASURE_ENDED]) in shown.text
        assert CANCEL not in shown.addresses
        assert links(await browser.get("/account"), CANCEL) == []
    [erasure] = await erasures_in(sqlite_database)
    assert erasure.state is ErasureState.SCHEDULED  # its process has not run
