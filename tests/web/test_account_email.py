"""One's e-mail address is changed by a link to the new one; nobody learns whose another address is."""

import re
from datetime import timedelta

import httpx2
import pytest

from domain.codes import Code
from domain.vocabulary import AccountLinkPurpose, Language
from runtime.settings import AccountLimits
from runtime.texts import absolute_time, translate
from starter.http.texts import DETAILS
from store import users
from store.database import Database
from store.users import User
from tests import factories
from tests.bank import Bank, new_person
from tests.clock import SettableClock
from tests.factories import PASSWORD
from tests.frontend import Frontend, make_services
from tests.harness import Harness
from tests.web.account_links import CHANGE, links, mailed, newest_path
from tests.web.browsing import form, posted, sent
from tests.web.identifying import goal_of, identifies
from tests.web.visiting import log_in, page, visiting

EMAIL, CONFIRMED = "/account/email", "/email-changes/confirmed"
NEW = "anna.ny@example.com"


async def asks(browser: httpx2.AsyncClient, email: str = NEW, password: str = PASSWORD) -> httpx2.Response:
    return await posted(browser, EMAIL, email=email, password=password)


async def present(database: Database, user: User) -> User:
    async with database.reading() as session:
        found = await users.user(session, user.id)
    assert found is not None
    return found


def words(msgid: str, **values: object) -> str:
    return translate(Language.ENGLISH, msgid, **values)


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_from_own_details_over_the_mailbox_to_the_new_address(harness: Harness, where: str) -> None:
    frontend = Frontend(make_services(harness.settings, harness.database, harness.client, harness.clock))
    anna = await factories.make_user(harness.database, language=Language.ENGLISH)
    browser, new = await log_in(frontend.client(), anna), f"{where}.{NEW}"
    assert {EMAIL, "/account/password", "/account/sessions"} <= set(
        page(await browser.get("/account")).addresses
    )
    answer = await asks(browser, new)
    assert answer.headers["location"] == f"{EMAIL}/sent"
    assert anna.email in page(await browser.get(f"{EMAIL}/sent")).text
    found = re.search(r"https?://\S+?(/email-changes/open/\S+)", await mailed(harness, new))
    assert found is not None
    assert "/open/" not in await mailed(harness, anna.email)  # the present address is told, no more

    reader = browser if where == "here" else frontend.client()
    reader.headers["Accept-Language"] = "en"
    asked = await reader.get(found[1], follow_redirects=True)
    assert asked.url.path == CHANGE
    assert new in page(asked).text
    assert found[1].rpartition("/")[2] not in asked.text
    assert (await present(harness.database, anna)).email == anna.email
    confirmed = await sent(reader, asked)
    assert confirmed.headers["location"] == ("/account" if where == "here" else CONFIRMED)
    shown = await reader.get(confirmed.headers["location"])
    assert words("Your e-mail address has been changed.").rstrip(".") in page(shown).text
    assert new in page(await browser.get("/account")).text
    # The link was good for once.
    over = await reader.get(CHANGE)
    assert (over.status_code, page(over).buttons[0]) == (410, EMAIL)
    await frontend.close()


async def test_what_is_wrong_is_named(sqlite_database: Database, clock: SettableClock) -> None:
    anna = await factories.make_user(sqlite_database, language=Language.ENGLISH)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        for email, password, wrong in (
            ("anna(at)example.com", "wrong-Password-1", {"email", "password"}),
            (f" {anna.email.upper()}", PASSWORD, {"email"}),
            (NEW, "wrong-Password-1", {"password"}),
            ("", "", {"email", "password"}),
        ):
            refused = await asks(browser, email, password)
            assert refused.status_code == 422
            assert set(re.findall(r'id="error-(\w+)"', refused.text)) == wrong
            assert form(refused)["email"] == email
            assert not password or password not in refused.text
            assert form(refused, "/language")["next"] == EMAIL
        assert words(DETAILS[Code.PASSWORD_WRONG]) in page(await asks(browser, NEW, "x")).text
        assert words(DETAILS[Code.EMAIL_UNCHANGED]) in page(await asks(browser, anna.email)).text
    assert await links(sqlite_database) == []


async def test_an_address_that_is_another_users_gets_the_same_answer(
    sqlite_database: Database, clock: SettableClock
) -> None:
    """Case A23."""
    anna, other = [await factories.make_user(sqlite_database) for _ in range(2)]
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        answers = [await asks(browser, address) for address in (NEW, other.email)]
        seen = [
            (each.status_code, each.text, {name: v for name, v in each.headers.items() if name != "date"})
            for each in answers
        ]
        assert seen[0] == seen[1]
        assert other.email not in (await browser.get(answers[1].headers["location"])).text


async def test_an_address_that_somebody_takes_meanwhile(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database, language=Language.ENGLISH)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        await asks(browser)
        asked = await browser.get(await newest_path(sqlite_database), follow_redirects=True)
        await factories.make_user(sqlite_database, email=NEW)
        refused = await sent(browser, asked)
        assert refused.status_code == 409
        assert page(refused).headings[0] == words("The address belongs to another user")
        assert page(refused).buttons[0] == EMAIL
    assert (await present(sqlite_database, anna)).email == anna.email


async def test_a_username_that_was_the_address_changes_with_it(
    sqlite_database: Database, clock: SettableClock
) -> None:
    old = "anna.gammal@example.com"
    anna = await factories.make_user(sqlite_database, email=old, username=old, language=Language.ENGLISH)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        said = words("It is your username, too. You then log in with the new address.")
        assert said in page(await browser.get(EMAIL)).text
        await asks(browser)
        asked = await browser.get(await newest_path(sqlite_database), follow_redirects=True)
        said = words("You then also log in with this address, since your old address is your username.")
        assert said in page(asked).text
        await sent(browser, asked)
        elsewhere = frontend.client()
        for username, status in ((old, 401), (NEW, 303)):
            answer = await posted(elsewhere, "/login", username=username, password=PASSWORD)
            assert answer.status_code == status
    assert (await present(sqlite_database, anna)).username == NEW


async def test_who_has_a_strong_identity_uses_it_first(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database)
    bank, person = Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), anna)
        assert (await browser.get(EMAIL)).status_code == 200  # without one nobody is asked for it
        await identifies(browser, bank, person)
        shown = await browser.get(EMAIL)
        clock.advance(frontend.services.settings.sessions.identification_fresh)
        for late in (await browser.get(EMAIL), await sent(browser, shown, email=NEW, password=PASSWORD)):
            assert goal_of(late.headers["location"]) == EMAIL
        assert await links(sqlite_database) == []
        assert (await identifies(browser, bank, person, EMAIL)).headers["location"] == EMAIL
        assert (await asks(browser)).headers["location"] == f"{EMAIL}/sent"


async def test_trying_passwords_is_slowed_down(sqlite_database: Database, clock: SettableClock) -> None:
    anna = await factories.make_user(sqlite_database, language=Language.SWEDISH)
    limits = AccountLimits(passwords_per_user_and_hour=2)
    async with visiting(sqlite_database, clock, account_limits=limits) as frontend:
        browser = await log_in(frontend.client(), anna)
        found = [await asks(browser, password="wrong-Password-1") for _ in range(3)]
        assert [each.status_code for each in found] == [422, 422, 429]
        assert form(found[-1])["email"] == NEW
        # The clock stands; a minute more, since times are shown without seconds.
        free = clock() + timedelta(hours=1, minutes=1)
        assert absolute_time(free, anna.language, frontend.services.brand.time_zone) in page(found[-1]).text


async def test_a_link_opened_where_somebody_else_is_logged_in(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna, other = [await factories.make_user(sqlite_database) for _ in range(2)]
    async with visiting(sqlite_database, clock) as frontend:
        await asks(await log_in(frontend.client(), anna))
        browser = await log_in(frontend.client(), other)
        asked = await browser.get(await newest_path(sqlite_database), follow_redirects=True)
        assert (await sent(browser, asked)).headers["location"] == CONFIRMED
        assert other.email in page(await browser.get("/account")).text
    assert (await present(sqlite_database, anna)).email == NEW
    [link] = await links(sqlite_database)
    assert link.purpose is AccountLinkPurpose.EMAIL_CHANGE


async def test_links_that_lead_to_nothing(sqlite_database: Database, clock: SettableClock) -> None:
    anna = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        await asks(await log_in(frontend.client(), anna))
        reader = frontend.client()
        asked = await reader.get(await newest_path(sqlite_database), follow_redirects=True)
        clock.advance(frontend.services.settings.account_link.use)
        for late in (await sent(reader, asked), await reader.get(CHANGE)):
            assert (late.status_code, page(late).buttons) == (410, [EMAIL, "/login"])
            assert NEW not in late.text
        unknown = await reader.get(f"{CHANGE}/open/{'x' * 43}", follow_redirects=True)
        assert (unknown.status_code, page(unknown).buttons) == (404, [EMAIL, "/login"])
    assert (await present(sqlite_database, anna)).email == anna.email
