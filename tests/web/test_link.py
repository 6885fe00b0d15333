"""The page behind an e-mail's link: plain in every state and language (cases A1, A3, A28, A31)."""

from datetime import timedelta
from http.cookies import SimpleCookie
from zoneinfo import ZoneInfo

import pytest

from domain.codes import Code
from domain.vocabulary import InvitationState, Language, Level, Subpage
from emails.labels import abilities, label
from runtime.keys import token_hash
from runtime.settings import InvitationLimits
from runtime.texts import absolute_time, translate
from starter.http.texts import DETAILS
from store.database import Database
from store.invitations import Invitation
from tests import factories
from tests.clock import SettableClock
from tests.web.browsing import posted
from tests.web.visiting import BROWSER, OPENED, invited, link, log_in, opened, page, token_of, visiting

I = InvitationState  # noqa: E741 - a name for a long table
UNKNOWN = "x" * 43
LOG_IN = f"/login?next={OPENED}"
ENDS = {
    I.ACCEPTED: (Code.INVITATION_ACCEPTED, "The invitation has been approved"),
    I.DECLINED: (Code.INVITATION_DECLINED, "The invitation has been declined"),
    I.CANCELLED: (Code.INVITATION_CANCELLED, "The invitation has been cancelled"),
    I.EXPIRED: (Code.INVITATION_EXPIRED, "The invitation has expired"),
    I.UNDELIVERABLE: (Code.INVITATION_UNDELIVERABLE, "The invitation could not be delivered"),
    I.VOID: (Code.INVITATION_VOID, "The invitation is no longer valid"),
}
HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    ("origin", "name", "secure"),
    [("http://127.0.0.1:8000", "invitation", False), ("https://e.example.com", "__Host-invitation", True)],
)
async def test_the_link_moves_its_token_into_a_cookie(
    sqlite_database: Database, clock: SettableClock, origin: str, name: str, secure: bool
) -> None:
    token = token_of(await invited(sqlite_database, clock))
    async with visiting(sqlite_database, clock, origin=origin) as frontend:
        browser = frontend.client()
        browser.base_url = origin
        response = await browser.get(link(token), headers=BROWSER)
        assert (response.status_code, response.text) == (303, "")
        assert response.headers["location"] == OPENED
        cookie = SimpleCookie(response.headers["set-cookie"])[name]
        assert cookie.value == token
        assert cookie["httponly"] is True
        assert bool(cookie["secure"]) is secure
        assert cookie["samesite"] == "lax"
        assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", "3600")
        shown = await browser.get(OPENED)
        assert shown.status_code == 200
        assert "Birgitta Berg" in shown.text


@pytest.mark.parametrize("is_registered", [False, True])
@pytest.mark.parametrize("state", [I.PENDING, I.REGISTERING])
async def test_an_open_invitation(
    sqlite_database: Database, clock: SettableClock, state: InvitationState, is_registered: bool
) -> None:
    user = await factories.make_user(sqlite_database) if is_registered else None
    invitation = await invited(sqlite_database, clock, state, to=user)
    async with visiting(sqlite_database, clock) as frontend:
        for language in Language:
            response = await opened(frontend.client(), token_of(invitation), language)
            found = page(response)
            assert response.status_code == 200
            assert found.language == response.headers["content-language"] == language.value
            assert found.headings[0] == translate(language, "Invitation to an authorization")
            for shown in ("Birgitta Berg", "Björkbacka Bageri Ab", "0737546-2", "+358 9 123 4567"):
                assert shown in found.text
            assert abilities(language, invitation.role) in found.text
            assert absolute_time(invitation.deadline, language, HELSINKI) in found.text
            assert found.buttons == ([LOG_IN] if is_registered else ["/register", LOG_IN])
            assert invitation.email not in response.text
            assert invitation.cover_message not in response.text


@pytest.mark.parametrize("state", list(ENDS))
@pytest.mark.parametrize("purged", [False, True])
async def test_an_invitation_that_has_ended(
    sqlite_database: Database, clock: SettableClock, state: InvitationState, purged: bool
) -> None:
    invitation = await invited(sqlite_database, clock, state)
    if purged:
        async with sqlite_database.transaction() as session:
            (await session.get_one(Invitation, invitation.id)).purge(clock())
    code, heading = ENDS[state]
    async with visiting(sqlite_database, clock) as frontend:
        for language in Language:
            response = await opened(frontend.client(), token_of(invitation), language)
            found = page(response)
            assert response.status_code == 200
            assert found.headings[0] == translate(language, heading)
            assert translate(language, DETAILS[code]) in found.text
            assert "Birgitta Berg" in found.text
            assert found.buttons == ["/login" if state is I.ACCEPTED else "/login?next=/tasks"]
            assert invitation.cover_message not in response.text


async def test_it_has_expired_at_its_deadline_whether_or_not_that_is_recorded(
    sqlite_database: Database, clock: SettableClock
) -> None:
    invitation = await invited(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        clock.now = invitation.deadline - timedelta(seconds=1)
        assert "/register" in page(await opened(browser, token_of(invitation))).buttons
        clock.now = invitation.deadline
        expired = page(await opened(browser, token_of(invitation)))
        assert expired.headings[0] == "Inbjudan har gått ut"
        assert "/register" not in expired.addresses


@pytest.mark.parametrize(
    "token",
    [
        UNKNOWN,
        "abc",
        "",
        "a/b/c",
        "x" * 5000,
        "%E2%82%AC%C3%A5",
        "a%0Bb:%20c",
        "%22;%20Path=/v1",
        "%00%FF",
    ],
)
async def test_a_link_that_leads_nowhere(sqlite_database: Database, clock: SettableClock, token: str) -> None:
    invitation = await invited(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await opened(browser, token_of(invitation))
        response = await opened(browser, token)
        assert response.status_code == 404
        assert page(response).headings[0] == translate(Language.SWEDISH, "The invitation was not found")
        assert "Birgitta" not in response.text
        assert response.history[0].status_code == 303
        assert len(response.history[0].headers["set-cookie"]) < 200
        assert (await browser.get("/register")).headers["location"] == OPENED


async def test_an_older_link_leads_nowhere(sqlite_database: Database, clock: SettableClock) -> None:
    """Case A6: the row has the hash of the newest token alone."""
    invitation = await invited(sqlite_database, clock)
    newer = factories.KEYS.invitation_token(invitation.id, 2)
    async with sqlite_database.transaction() as session:
        row = await session.get_one(Invitation, invitation.id)
        row.generation, row.token_hash = 2, token_hash(newer)
    async with visiting(sqlite_database, clock) as frontend:
        older = await opened(frontend.client(), token_of(invitation), "en")
        assert older.status_code == 404
        assert "An older link stops working when a newer one is sent." in page(older).text
        assert (await opened(frontend.client(), newer)).status_code == 200


async def test_a_broken_cookie_and_none(sqlite_database: Database, clock: SettableClock) -> None:
    async with visiting(sqlite_database, clock) as frontend:
        for cookie in (None, "invitation=", 'invitation="\\303\\251"', "invitation=;;;=", "invitation"):
            headers = {"Cookie": cookie} if cookie else {}
            for address in (OPENED, "/register"):
                response = await frontend.client().get(address, headers=headers, follow_redirects=True)
                assert (response.status_code, response.url.path) == (404, OPENED)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><img src=//evil.example.net onerror=x>',
        "{{ 7 * 7 }}{% raw %}",
        "%(service_name)s %s",
        "&lt;b&gt;",
    ],
)
@pytest.mark.parametrize("state", [I.PENDING, I.CANCELLED])
async def test_hostile_names_are_words(
    sqlite_database: Database, clock: SettableClock, state: InvitationState, hostile: str
) -> None:
    harmless = await invited(sqlite_database, clock, state)
    invitation = await invited(sqlite_database, clock, state, customer=hostile, inviter=hostile)
    async with visiting(sqlite_database, clock) as frontend:
        expected = page(await opened(frontend.client(), token_of(harmless)))
        response = await opened(frontend.client(), token_of(invitation))
    found = page(response)
    assert found.tags == expected.tags
    assert found.addresses == expected.addresses
    assert found.text.count(" ".join(hostile.split())) == response.text.count("<bdi>")


async def test_nothing_in_a_name_reorders_what_is_around_it(
    sqlite_database: Database, clock: SettableClock
) -> None:
    invitation = await invited(sqlite_database, clock, customer="\u202egnorts", inviter="\u2066Berg\n")
    async with visiting(sqlite_database, clock) as frontend:
        response = await opened(frontend.client(), token_of(invitation))
    assert "\u202e" not in response.text
    assert "\u2066" not in response.text
    assert "<bdi>gnorts</bdi>" in response.text


async def test_too_many_from_one_source_wait_and_nobody_else(
    sqlite_database: Database, clock: SettableClock
) -> None:
    token = token_of(await invited(sqlite_database, clock))
    limits = InvitationLimits(lookups_per_source_and_minute=3)
    async with visiting(sqlite_database, clock, limits=limits) as frontend:
        guesser, other = frontend.client(), frontend.client()
        assert [(await opened(guesser, UNKNOWN)).status_code for _ in range(3)] == [404] * 3
        for refused in (await opened(guesser, token), await guesser.get("/register")):
            assert refused.status_code == 429
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert page(refused).headings[0] == "Vänta en stund"
            assert "Birgitta" not in refused.text
        assert (await opened(other, token)).status_code == 200
        clock.advance(timedelta(seconds=61))
        assert (await opened(guesser, token)).status_code == 200


async def test_without_its_database_it_still_says_whom_to_call(clock: SettableClock) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    async with visiting(database, clock) as frontend:
        response = await opened(frontend.client(), UNKNOWN)
    await database.close()
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert "kundtjanst@example.com" in response.text
    assert "127.0.0.1:1/" not in response.text


async def test_what_it_allows_is_the_levels_themselves_where_these_are_not_the_roles(
    sqlite_database: Database, clock: SettableClock
) -> None:
    invitation = await invited(sqlite_database, clock)
    language = Language.SWEDISH
    invoices = label(language, Subpage.INVOICES).lower()
    async with visiting(sqlite_database, clock) as frontend:
        async with sqlite_database.transaction() as session:
            row = await session.get_one(Invitation, invitation.id)
            row.levels = {**row.levels, Subpage.INVOICES: Level.NONE}
        shown = page(await opened(frontend.client(), token_of(invitation))).text
    assert abilities(language, invitation.role) not in shown
    assert label(language, Subpage.CONTRACTS).lower() in shown
    assert invoices not in shown


# Somebody is logged in


@pytest.mark.parametrize("state", [I.PENDING, I.ACCEPTED, I.CANCELLED])
async def test_the_invited_goes_on_to_the_invitation(
    sqlite_database: Database, clock: SettableClock, state: InvitationState
) -> None:
    user = await factories.make_user(sqlite_database)
    invitation = await invited(sqlite_database, clock, state, to=user)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), user)
        await browser.get(link(token_of(invitation)))
        for address in (OPENED, "/register"):
            gone_on = await browser.get(address)
            assert gone_on.status_code == 303
        assert (await browser.get(OPENED)).headers["location"] == f"/invitations/{invitation.id}"


async def test_somebody_else_consumes_nothing_and_may_switch(
    sqlite_database: Database, clock: SettableClock
) -> None:
    anna = await factories.make_user(sqlite_database, language=Language.ENGLISH)
    bo = await factories.make_user(sqlite_database)
    invitation = await invited(sqlite_database, clock, to=bo)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        before = await frontend.dump("counters")
        response = await opened(browser, token_of(invitation), "en")
        assert response.status_code == 200
        assert await frontend.dump("counters") == before
        text = page(response).text
        assert "The invitation is to another address than yours" in text
        assert f"Ask Birgitta Berg to invite the address {anna.email}" in text
        assert bo.email not in response.text
        assert invitation.cover_message not in response.text

        switched = await posted(browser, OPENED, f"{OPENED}/switch")
        assert switched.headers["location"] == LOG_IN
        assert (await browser.get("/tasks")).status_code == 303
        logged_in = await posted(browser, LOG_IN, "/login", username=bo.username, password=factories.PASSWORD)
        assert logged_in.headers["location"] == OPENED
        assert (await browser.get(OPENED)).headers["location"] == f"/invitations/{invitation.id}"
