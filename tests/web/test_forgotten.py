"""A forgotten password and a forgotten username: told to the mailbox alone, and changed by a link, once."""

import re
from datetime import timedelta

import httpx2
import pytest

from domain.codes import Code
from domain.vocabulary import Language
from runtime.settings import AccountLimits
from runtime.texts import absolute_time, translate
from starter.http.texts import DETAILS
from store.database import Database
from tests import factories
from tests.clock import SettableClock
from tests.factories import PASSWORD
from tests.frontend import Frontend, make_services
from tests.harness import Harness
from tests.web.account_links import CHANGE, RESET, links, mailed, newest_path, path_of
from tests.web.browsing import form, posted, sent
from tests.web.visiting import log_in, page, visiting

FORGOTTEN, USERNAME = "/password/forgotten", "/username/forgotten"
NEW = "Polcirkeln-66-grader"
_TOO_MANY = "There have been too many attempts. You can try again on %(moment)s."
SV = Language.SWEDISH


async def asks(browser: httpx2.AsyncClient, email: str, path: str = FORGOTTEN) -> httpx2.Response:
    return await posted(browser, path, email=email)


async def logs_in(browser: httpx2.AsyncClient, username: str, password: str) -> int:
    return (await posted(browser, "/login", username=username, password=password)).status_code


def heading(shown: httpx2.Response) -> str:
    return page(shown).headings[0]


def words(msgid: str, language: Language = Language.ENGLISH, **values: object) -> str:
    return translate(language, msgid, **values)


async def test_from_the_log_in_page_over_the_mailbox_to_a_new_log_in(harness: Harness) -> None:
    services = make_services(harness.settings, harness.database, harness.client, harness.clock)
    frontend = Frontend(services)
    anna = await factories.make_user(harness.database)
    elsewhere, browser = await log_in(frontend.client(), anna), frontend.client()
    browser.headers["Accept-Language"] = "en"
    assert {FORGOTTEN, USERNAME} <= set(page(await browser.get("/login")).addresses)
    paths = []
    for count, address in enumerate((f" {anna.email.upper()} ", anna.email), 1):
        await harness.now()
        assert (await asks(browser, address)).headers["location"] == f"{FORGOTTEN}/sent"
        text = await mailed(harness, anna.email, count=count)
        paths += re.findall(r"https?://\S+?(/password-resets/open/\S+)", text)
    earlier, path = paths
    over = await frontend.client().get(earlier, follow_redirects=True)
    assert (over.status_code, page(over).buttons) == (404, [FORGOTTEN, "/login"])  # a newer one was sent

    opened = await browser.get(path)
    assert (opened.status_code, opened.headers["location"]) == (303, RESET)
    assert {"HttpOnly", "SameSite=lax", "Max-Age=3600"} <= set(opened.headers["set-cookie"].split("; "))
    asked = await browser.get(RESET)
    assert anna.username in page(asked).text
    assert path.rpartition("/")[2] not in asked.text
    changed = await sent(browser, asked, password=NEW)
    assert (changed.status_code, changed.headers["location"]) == (303, "/login")
    assert words("Your password has been changed. Log in with it.") in page(await browser.get("/login")).text

    assert (await elsewhere.get("/account")).headers["location"].startswith("/login")
    assert await logs_in(browser, anna.username, PASSWORD) == 401
    assert await logs_in(browser, anna.username, NEW) == 303
    # The link was good for once.
    over = await frontend.client().get(path, follow_redirects=True)
    assert (over.status_code, page(over).buttons) == (410, [FORGOTTEN, "/login"])
    assert RESET not in await mailed(harness, anna.email, count=3)  # which tells that it was changed
    await frontend.close()


async def test_a_username_comes_by_e_mail_alone(harness: Harness) -> None:
    frontend = Frontend(make_services(harness.settings, harness.database, harness.client, harness.clock))
    anna = await factories.make_user(harness.database)
    browser = frontend.client()
    answer = await asks(browser, anna.email, USERNAME)
    assert answer.headers["location"] == f"{USERNAME}/sent"
    assert anna.username not in (await browser.get(f"{USERNAME}/sent")).text
    assert anna.username in await mailed(harness, anna.email)
    await frontend.close()


@pytest.mark.parametrize("path", [FORGOTTEN, USERNAME])
async def test_nobody_learns_who_has_registered(
    sqlite_database: Database, clock: SettableClock, path: str
) -> None:
    """Case A23."""
    anna = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        seen = []
        for address in (anna.email, "nobody@example.com"):
            browser = frontend.client()
            answer = await asks(browser, address, path)
            shown = await browser.get(answer.headers["location"])
            assert address not in shown.text
            main = shown.text.partition("<main")[2].partition("</main")[0]
            headers = {name: value for name, value in answer.headers.items() if name != "date"}
            seen.append((answer.status_code, headers, answer.text, main))
        assert seen[0] == seen[1]
        known, unknown = await links(sqlite_database)
    assert (known.user_id, unknown.user_id, unknown.email) == (anna.id, None, "")


@pytest.mark.parametrize("path", [FORGOTTEN, USERNAME])
async def test_what_is_no_address_and_what_is_too_often(
    sqlite_database: Database, clock: SettableClock, path: str
) -> None:
    limits = AccountLimits(per_address_and_hour=1)
    async with visiting(sqlite_database, clock, account_limits=limits) as frontend:
        browser = frontend.client()
        browser.headers["Accept-Language"] = "sv"
        refused = await asks(browser, "anna(at)example.com", path)
        assert (refused.status_code, form(refused)["email"]) == (422, "anna(at)example.com")
        assert 'id="error-email"' in refused.text
        # Choosing another language leads back here, not to what was posted.
        assert form(refused, "/language")["next"] == path

        assert (await asks(browser, "anna@example.com", path)).status_code == 303
        refused = await asks(browser, "anna@example.com", path)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "3600"
        # The clock stands; a minute more, since times are shown without seconds.
        free = clock() + timedelta(hours=1, minutes=1)
        moment = absolute_time(free, SV, frontend.services.brand.time_zone)
        assert words(_TOO_MANY, SV, moment=moment) in page(refused).text
        assert form(refused)["email"] == "anna@example.com"


@pytest.mark.parametrize("password", ["", "Kort-1", "enkeltenkelt", "Password1", "x" * 129])
async def test_a_password_that_is_not_good_enough(
    sqlite_database: Database, clock: SettableClock, password: str
) -> None:
    anna = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await asks(browser, anna.email)
        await browser.get(await newest_path(sqlite_database))
        refused = await posted(browser, RESET, password=password)
        assert refused.status_code == 422
        assert 'id="error-password"' in refused.text
        assert not password or password not in refused.text
        assert form(refused, "/language")["next"] == RESET
        # The link has not been used by that.
        assert (await sent(browser, refused, password=NEW)).headers["location"] == "/login"
        assert await logs_in(browser, anna.username, NEW) == 303


async def test_links_that_lead_to_nothing(sqlite_database: Database, clock: SettableClock) -> None:
    anna = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        browser.headers["Accept-Language"] = "en"
        await asks(browser, anna.email)
        good = await newest_path(sqlite_database)
        assert (await browser.get(good, follow_redirects=True)).status_code == 200
        for address in (
            f"{RESET}/open/{'x' * 43}",
            f"{RESET}/open/a/b",
            RESET,  # what cannot be a token has been forgotten
            good.replace(RESET, CHANGE),  # of another purpose (case A2)
        ):
            over = await browser.get(address, follow_redirects=True)
            assert (over.status_code, heading(over)) == (404, words("The link does not work"))
            assert len(page(over).buttons) == 2
        shown = await browser.get(good, follow_redirects=True)
        clock.advance(frontend.services.settings.account_link.use)
        for late in (await sent(browser, shown, password=NEW), await browser.get(RESET)):
            assert (late.status_code, heading(late)) == (410, words("The link does not work any more"))
            assert page(late).buttons == [FORGOTTEN, "/login"]
        assert await logs_in(browser, anna.username, PASSWORD) == 303


async def test_opening_the_link_changes_nothing(sqlite_database: Database, clock: SettableClock) -> None:
    """Case A5: mail scanners open links, with GET and HEAD, several times; case A21."""
    anna = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        await asks(frontend.client(), anna.email)
        address = await newest_path(sqlite_database)
        before = await frontend.dump("counters")
        scanner = frontend.client()
        for method in ("GET", "HEAD", "GET", "HEAD"):
            opened = await scanner.request(method, address)
            assert (await scanner.request(method, opened.headers["location"])).status_code == 200
        assert (await scanner.post(address)).status_code == 405
        assert (await scanner.post(RESET, data={"password": NEW})).status_code == 403
        scanner.headers["Sec-Fetch-Site"] = "cross-site"
        assert (await posted(scanner, RESET, password=NEW)).status_code == 403
        assert await frontend.dump("counters") == before


async def test_whoever_was_logged_in_at_this_browser_is_not_any_more(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna, other = [await factories.make_user(sqlite_database) for _ in range(2)]
    async with visiting(sqlite_database, clock) as frontend:
        await asks(frontend.client(), anna.email)
        browser = await log_in(frontend.client(), other)
        session = browser.cookies["session"]
        await browser.get(path_of((await links(sqlite_database))[0]))
        assert (await posted(browser, RESET, password=NEW)).headers["location"] == "/login"
        assert {"session", "password_reset"}.isdisjoint(browser.cookies)
        shown = await browser.get("/login")
        assert shown.status_code == 200
        assert words(DETAILS[Code.SESSION_EXPIRED], SV) not in page(shown).text
        browser.cookies.set("session", session)
        assert (await browser.get("/account")).status_code == 303
