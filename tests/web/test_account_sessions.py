"""Where one is logged in: seen, ended one by one or all at once, and ended by a new password."""

import re
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select

from domain.codes import Code
from domain.vocabulary import Language
from runtime.settings import AccountLimits
from runtime.texts import translate
from starter.http.texts import DETAILS
from starter.web.times import short_time
from store.database import Database
from store.sessions import Session
from store.users import User
from tests import factories
from tests.clock import SettableClock
from tests.factories import PASSWORD
from tests.frontend import Frontend
from tests.web.browsing import forms, posted, sent
from tests.web.visiting import log_in, page, visiting

SESSIONS, OTHERS, CHANGE = "/account/sessions", "/account/sessions/others/end", "/account/password"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)
NEW = "Polcirkeln-66-grader"
EN = Language.ENGLISH


def words(msgid: str) -> str:
    return translate(EN, msgid)


async def sits_down(frontend: Frontend, user: User, user_agent: str = "") -> httpx2.AsyncClient:
    """The user, logged in with another browser."""
    browser = frontend.client()
    browser.headers["User-Agent"] = user_agent
    return await log_in(browser, user)


async def is_logged_in(browser: httpx2.AsyncClient) -> bool:
    return (await browser.get("/account")).status_code == 200


async def sessions_of(database: Database, user: User) -> list[Session]:
    """The oldest first."""
    async with database.reading() as session:
        query = select(Session).where(Session.user_id == user.id).order_by(Session.created_at)
        return list((await session.scalars(query)).all())


def rows(shown: httpx2.Response) -> list[str]:
    """What each row of the list says."""
    found = re.findall(r"<tr>(.*?)</tr>", shown.text.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


async def test_every_browser_is_shown_and_one_is_logged_out(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database, language=EN)
    async with visiting(sqlite_database, clock) as frontend:
        unknown = await sits_down(frontend, anna)
        clock.advance(timedelta(minutes=5))
        phone = await sits_down(frontend, anna, SAFARI)
        started = clock()
        clock.advance(timedelta(minutes=5))
        browser = await sits_down(frontend, anna, FIREFOX)
        await phone.get("/tasks")

        listed = await browser.get(SESSIONS)
        own, newer, older = rows(listed)
        assert "Firefox, Windows" in own
        assert words("This browser") in own
        assert "Safari, iPhone" in newer
        home = frontend.services.brand.time_zone
        for moment in (started, clock()):  # logged in, last used
            assert " ".join(short_time(moment, EN, home, home).split()) in newer
        assert words("Unknown browser") in older
        links = re.findall(rf'"({SESSIONS}/[0-9a-f-]{{36}}/end)"', listed.text)
        assert len(links) == 2

        asked = await browser.get(links[0])
        assert "Safari, iPhone" in page(asked).text
        assert await is_logged_in(phone)  # asking ends nothing
        assert (await sent(browser, asked)).headers["location"] == SESSIONS
        shown = await browser.get(SESSIONS)
        assert words("That browser is not logged in any more.") in page(shown).text
        assert len(rows(shown)) == 2
        assert [await is_logged_in(each) for each in (unknown, phone, browser)] == [True, False, True]
        # Again, from a list that is out of date: the same.
        for again in (await sent(browser, asked), await browser.get(links[0])):
            assert again.headers["location"] == SESSIONS


async def test_all_others_are_logged_out(sqlite_database: Database, clock: SettableClock) -> None:
    anna, other = [await factories.make_user(sqlite_database, language=EN) for _ in range(2)]
    async with visiting(sqlite_database, clock) as frontend:
        first, second, browser = [await sits_down(frontend, anna, SAFARI) for _ in range(3)]
        stranger = await sits_down(frontend, other)
        asked = await browser.get(OTHERS)
        assert page(asked).text.count("Safari, iPhone") == 2
        assert (await sent(browser, asked)).headers["location"] == SESSIONS
        shown = await browser.get(SESSIONS)
        assert words("All other browsers have been logged out.") in page(shown).text
        assert words("You are not logged in anywhere else") in page(shown).headings
        assert len(rows(shown)) == 1
        assert OTHERS not in page(shown).addresses
        assert (await browser.get(OTHERS)).headers["location"] == SESSIONS
        found = [await is_logged_in(each) for each in (first, second, browser, stranger)]
        assert found == [False, False, True, True]


async def test_nobody_elses_session_is_seen_or_ended(sqlite_database: Database, clock: SettableClock) -> None:
    """Cases A12 and A17: another user's is answered like one that never was."""
    anna, other = [await factories.make_user(sqlite_database, language=EN) for _ in range(2)]
    async with visiting(sqlite_database, clock) as frontend:
        browser, stranger = await sits_down(frontend, anna), await sits_down(frontend, other, SAFARI)
        assert "Safari" not in (await browser.get(SESSIONS)).text
        [foreign] = await sessions_of(sqlite_database, other)
        [own] = await sessions_of(sqlite_database, anna)
        token = forms(await browser.get(SESSIONS))["/logout"]
        before, seen = await frontend.dump("counters"), []
        for session_id in (foreign.id, uuid4(), own.id):
            address = f"{SESSIONS}/{session_id}/end"
            for answer in (await browser.get(address), await browser.post(address, data=dict(token))):
                assert (answer.status_code, answer.headers["location"]) == (303, SESSIONS)
                seen.append((answer.text, answer.headers.get("set-cookie")))
        assert seen[:2] == seen[2:4]
        assert await frontend.dump("counters") == before
        assert await is_logged_in(stranger)
        assert await is_logged_in(browser)


async def test_sessions_that_are_over_are_not_shown(sqlite_database: Database, clock: SettableClock) -> None:
    anna = await factories.make_user(sqlite_database, language=EN)
    async with visiting(sqlite_database, clock) as frontend:
        await sits_down(frontend, anna, SAFARI)
        clock.advance(frontend.services.settings.sessions.idle)
        browser = await sits_down(frontend, anna, FIREFOX)
        [own] = rows(await browser.get(SESSIONS))
        assert "Firefox, Windows" in own


# A new password


async def test_a_new_password_logs_all_others_out(sqlite_database: Database, clock: SettableClock) -> None:
    anna = await factories.make_user(sqlite_database, language=EN)
    async with visiting(sqlite_database, clock) as frontend:
        browser, other = await sits_down(frontend, anna), await sits_down(frontend, anna)
        changed = await posted(browser, CHANGE, current_password=PASSWORD, password=NEW)
        assert changed.headers["location"] == "/account"
        shown = await browser.get("/account")
        assert words("Your password has been changed. All other browsers have been logged out.") in (
            page(shown).text
        )
        assert not await is_logged_in(other)
        for password, status in ((PASSWORD, 401), (NEW, 303)):
            answer = await posted(other, "/login", username=anna.username, password=password)
            assert answer.status_code == status


@pytest.mark.parametrize(
    ("current", "new", "wrong"),
    [
        ("wrong-Password-1", NEW, {"current_password": Code.PASSWORD_WRONG}),
        (PASSWORD, "Kort-1", {"password": Code.PASSWORD_TOO_SHORT}),
        ("", "enkeltenkelt", {"current_password": None, "password": Code.PASSWORD_TOO_FEW_KINDS}),
    ],
)
async def test_a_password_that_is_not_changed(
    sqlite_database: Database, clock: SettableClock, current: str, new: str, wrong: dict[str, Code | None]
) -> None:
    anna = await factories.make_user(sqlite_database, language=EN)
    async with visiting(sqlite_database, clock) as frontend:
        browser, other = await sits_down(frontend, anna), await sits_down(frontend, anna)
        refused = await posted(browser, CHANGE, current_password=current, password=new)
        assert refused.status_code == 422
        assert set(re.findall(r'id="error-(\w+)"', refused.text)) == set(wrong)
        for code in wrong.values():
            assert code is None or words(DETAILS[code]) in page(refused).text
        assert new not in refused.text
        assert not current or current not in refused.text
        assert await is_logged_in(other)


async def test_guessing_the_password_of_an_open_session(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database)
    limits = AccountLimits(passwords_per_user_and_hour=2)
    async with visiting(sqlite_database, clock, account_limits=limits) as frontend:
        browser = await sits_down(frontend, anna)
        found = [await posted(browser, CHANGE, current_password="x", password=NEW) for _ in range(2)]
        found.append(await posted(browser, CHANGE, current_password=PASSWORD, password=NEW))
        assert [each.status_code for each in found] == [422, 422, 429]
        assert found[-1].headers["retry-after"] == "3600"
        # Who was logged out in between is led to the log-in page, not told off.
        other = await sits_down(frontend, anna)
        await posted(other, OTHERS)
        assert (await sent(browser, found[0])).headers["location"].startswith("/login")
