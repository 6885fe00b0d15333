"""To the bank and back in a browser: only who went may come back, once, in time, to where he was."""

from collections.abc import Mapping
from datetime import timedelta

import httpx2
import pytest

from domain.codes import Code
from domain.vocabulary import Language
from runtime.texts import translate
from starter.http.texts import DETAILS
from starter.services import sessions
from starter.web.paths import identify_path
from starter.web.render import CONTENT_SECURITY_POLICY
from store import identifications
from store.database import Database
from store.users import User
from tests import factories
from tests.bank import Bank, new_person, state_of
from tests.clock import SettableClock
from tests.frontend import Frontend
from tests.web.browsing import form, sent
from tests.web.identifying import comes_back, goal_of, identifies, leaves
from tests.web.visiting import log_in, page, visiting

SV = Language.SWEDISH
TO_NOTHING = "The identification did not work"


def told(response: httpx2.Response, words: str) -> bool:
    return translate(SV, words) in page(response).text


async def has_identity(database: Database, user: User) -> bool:
    async with database.reading() as session:
        return await identifications.identity_of(session, user.id) is not None


async def test_to_the_bank_and_back_to_where_one_was(sqlite_database: Database, clock: SettableClock) -> None:
    user = await factories.make_user(sqlite_database)
    bank, maija = Bank(), new_person("Maija", "Virtanen")
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        before = await browser.get("/account")
        assert "/identify?next=/account" in page(before).buttons
        assert maija.code[:7] not in before.text

        address = await leaves(browser, "/account")
        back = await comes_back(browser, state=state_of(address), code=bank.identify(address, maija))
        assert (back.status_code, back.headers["location"]) == (303, "/account")
        after = await browser.get("/account")
    assert told(after, "You have identified. Now continue with what you were doing.")
    assert f"{maija.code[:7]}••••" in page(after).text
    assert maija.code not in after.text
    assert "Maija Virtanen" in page(after).text
    assert await has_identity(sqlite_database, user)


async def test_the_page_that_leaves(sqlite_database: Database, clock: SettableClock) -> None:
    """It leads on by itself, by a link without scripts, and our policy names no bank."""
    user = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock, bank=Bank()) as frontend:
        browser = await log_in(frontend.client(), user)
        shown = await browser.get(identify_path("/tasks"))
        left = await sent(browser, shown, identify_path("/tasks"), means="nordea")
    address = left.headers["refresh"].removeprefix("0; url=")
    assert address.startswith("https://bank.example.com/authorize?")
    assert page(left).buttons == [address]
    assert left.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert left.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "goal",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com/",
        "\\\\evil.example.com/",
        "javascript:alert(1)",
        "/\tevil",
        "",
        "services",
        "/å",
        f"/{'x' * 500}",
    ],
)
async def test_one_goes_on_within_our_pages_only(
    sqlite_database: Database, clock: SettableClock, goal: str
) -> None:
    user = await factories.make_user(sqlite_database)
    bank = Bank()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        shown = await browser.get(identify_path(goal))
        # Whatever the form says: the one that was shown, and one that was made by hand.
        for action in (identify_path("/services"), identify_path(goal)):
            filled = {**form(shown, identify_path("/services")), "means": "nordea"}
            left = await browser.post(action, data=filled)
            address = left.headers["refresh"].removeprefix("0; url=")
            back = await comes_back(
                browser, state=state_of(address), code=bank.identify(address, new_person())
            )
            if action == identify_path("/services"):
                assert back.headers["location"] == "/services"
            else:
                assert back.headers["location"] == identify_path("/services")  # another person than before


async def test_another_language_does_not_lose_the_way(
    sqlite_database: Database, clock: SettableClock
) -> None:
    user = await factories.make_user(sqlite_database)
    bank = Bank(down=True)
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        shown = await browser.get(identify_path("/account"))
        refused = await sent(browser, shown, identify_path("/account"), means="nordea")
        for each in (shown, refused):
            assert form(each, "/language")["next"] == identify_path("/account")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "access_denied"}, Code.IDENTIFICATION_CANCELLED),
        ({"error": "cancel"}, Code.IDENTIFICATION_CANCELLED),
        ({"error": "temporarily_unavailable"}, Code.IDENTIFICATION_UNAVAILABLE),
        ({"error": "invalid_request"}, Code.IDENTIFICATION_FAILED),
        ({"error": "access_denied", "code": "x"}, Code.IDENTIFICATION_CANCELLED),
        ({"code": "made-up"}, Code.IDENTIFICATION_FAILED),
        ({"code": ""}, Code.IDENTIFICATION_FAILED),
        ({}, Code.IDENTIFICATION_FAILED),
    ],
)
async def test_what_the_bank_refuses_is_told_where_one_can_try_again(
    sqlite_database: Database, clock: SettableClock, answer: Mapping[str, str], code: Code
) -> None:
    user = await factories.make_user(sqlite_database)
    bank = Bank()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        address = await leaves(browser, "/account")
        back = await comes_back(browser, state=state_of(address), **answer)
        assert goal_of(back.headers["location"]) == "/account"
        again = await browser.get(back.headers["location"])
        assert told(again, DETAILS[code])
        assert not await has_identity(sqlite_database, user)
        # And trying again works.
        assert (await identifies(browser, bank, new_person(), "/account")).headers["location"] == "/account"


async def test_a_bank_that_does_not_answer(sqlite_database: Database, clock: SettableClock) -> None:
    user = await factories.make_user(sqlite_database)
    bank = Bank()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        here = identify_path("/account")
        shown, address = await browser.get(here), await leaves(browser, "/account")
        code = bank.identify(address, new_person())
        bank.down = True
        before = await sent(browser, shown, here, means="nordea")
        assert (before.status_code, int(before.headers["retry-after"]) >= 1) == (503, True)
        assert told(before, DETAILS[Code.IDENTIFICATION_UNAVAILABLE])
        after = await comes_back(browser, state=state_of(address), code=code)
        assert after.headers["location"] == here
        assert told(await browser.get(here), DETAILS[Code.IDENTIFICATION_UNAVAILABLE])
        bank.down = False
        assert (await sent(browser, shown, here, means="made-up")).status_code == 404


async def test_where_identification_is_not_set_up(sqlite_database: Database, clock: SettableClock) -> None:
    user = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), user)
        shown = await browser.get("/identify")
        words = "Identification is not available at the moment. Try again later, or contact customer service."
        assert told(shown, words)
        forged = {"form_token": form(shown, "/logout")["form_token"], "means": "nordea"}
        assert (await browser.post("/identify", data=forged)).status_code == 503
        assert (await browser.get("/identification/jwks.json")).status_code == 404


async def test_as_another_person_than_before(sqlite_database: Database, clock: SettableClock) -> None:
    user, other = await factories.make_user(sqlite_database), await factories.make_user(sqlite_database)
    bank, maija, erik = Bank(), new_person("Maija"), new_person("Erik")
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        others = await log_in(frontend.client(), other)
        await identifies(browser, bank, maija)
        back = await identifies(browser, bank, erik, "/account")
        assert told(await browser.get(back.headers["location"]), DETAILS[Code.IDENTIFICATION_OTHER_PERSON])
        assert f"{maija.code[:7]}••••" in (await browser.get("/account")).text

        back = await identifies(others, bank, maija, "/account")
        assert goal_of(back.headers["location"]) == "/account"
        assert told(await others.get(back.headers["location"]), DETAILS[Code.IDENTIFICATION_IN_USE])
        assert not await has_identity(sqlite_database, other)


# Answers to nothing (case A35)


async def is_to_nothing(frontend: Frontend, browser: httpx2.AsyncClient, **answer: str) -> bool:
    """Whether an answer is refused in words, and changes nothing; that it came is in the audit."""
    besides = ("sessions", "audit_events", "counters")
    before = await frontend.dump(*besides)
    response = await comes_back(browser, **answer)
    assert await frontend.dump(*besides) == before
    shown = await browser.get(response.headers["location"])
    return page(shown).headings[0] == translate(SV, TO_NOTHING)


async def test_only_the_browser_that_went_may_come_back(
    sqlite_database: Database, clock: SettableClock
) -> None:
    user, other = await factories.make_user(sqlite_database), await factories.make_user(sqlite_database)
    bank, maija = Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        address = await leaves(browser, "/account")
        answer = {"state": state_of(address), "code": bank.identify(address, maija)}
        nobody, stranger = frontend.client(), await log_in(frontend.client(), other)
        same_user = await log_in(frontend.client(), user)
        for foreign in (nobody, stranger, same_user):
            assert await is_to_nothing(frontend, foreign, **answer)
        assert bank.asked == 0
        # It was not used up by them.
        assert (await comes_back(browser, **answer)).headers["location"] == "/account"
        assert await is_to_nothing(frontend, browser, **answer)
        assert bank.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"state": "", "code": "x"},
        {"state": "x" * 43, "code": "x"},
        {"state": "x" * 3000, "code": "x"},
        {"state": "å\x00", "code": "x"},
        {"error": "access_denied"},
    ],
)
async def test_an_answer_without_a_question(
    sqlite_database: Database, clock: SettableClock, answer: Mapping[str, str]
) -> None:
    user = await factories.make_user(sqlite_database)
    async with visiting(sqlite_database, clock, bank=Bank()) as frontend:
        for browser in (frontend.client(), await log_in(frontend.client(), user)):
            browser.headers["Accept-Language"] = "sv"
            await leaves(browser) if browser.cookies.get("session") else None
            assert await is_to_nothing(frontend, browser, **answer)


async def test_too_late_and_after_logging_out(sqlite_database: Database, clock: SettableClock) -> None:
    user = await factories.make_user(sqlite_database)
    bank = Bank()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), user)
        address = await leaves(browser)
        answer = {"state": state_of(address), "code": bank.identify(address, new_person())}
        clock.advance(timedelta(minutes=15))
        assert await is_to_nothing(frontend, browser, **answer)

        address = await leaves(browser)
        answer = {"state": state_of(address), "code": bank.identify(address, new_person())}
        ours = await sessions.current(frontend.services, browser.cookies["session"])
        await sessions.log_out(frontend.services, ours.id)
        back = await comes_back(browser, **answer)
        # He is told to log in, and what he went for did not happen.
        assert back.headers["location"].startswith("/identify")
        assert (await browser.get(back.headers["location"])).headers["location"].startswith("/login?next=")
        assert not await has_identity(sqlite_database, user)


async def test_the_address_with_the_answer_is_never_shown_again(
    sqlite_database: Database, clock: SettableClock
) -> None:
    """Case A4: not where it is refused, and not on a page about a failure of ours."""
    async with visiting(sqlite_database, clock, bank=Bank()) as frontend:
        refused = await comes_back(frontend.client(), state="s" * 43, code="c" * 43)
        assert refused.headers["location"] == "/identification/failed"
        failed = await frontend.client().post("/identification/callback?state=secret&code=secret")
    assert failed.status_code == 405
    assert "secret" not in failed.text
