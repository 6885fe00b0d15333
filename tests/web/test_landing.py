"""The page behind an e-mail's link: safe, and plain in every state and language (cases A1 to A5, A8, A28)."""

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from zoneinfo import ZoneInfo

import pytest

from domain.codes import Code
from domain.vocabulary import InvitationState, Language, Level, Subpage
from emails.labels import abilities
from runtime.settings import InvitationLimits
from runtime.texts import absolute_time, project_root, translate
from starter.api.texts import DETAILS
from store.database import Database
from store.invitations import Invitation
from tests.clock import SettableClock
from tests.web.visiting import BROWSER, PAGE, invited, link, opened, page, token_of, visiting

I = InvitationState  # noqa: E741 - a name for a long table
UNKNOWN = "x" * 43
ENDS = {
    I.ACCEPTED: (Code.INVITATION_ACCEPTED, "The invitation has been approved"),
    I.DECLINED: (Code.INVITATION_DECLINED, "The invitation has been declined"),
    I.CANCELLED: (Code.INVITATION_CANCELLED, "The invitation has been cancelled"),
    I.EXPIRED: (Code.INVITATION_EXPIRED, "The invitation has expired"),
    I.UNDELIVERABLE: (Code.INVITATION_UNDELIVERABLE, "The invitation could not be delivered"),
    I.VOID: (Code.INVITATION_VOID, "The invitation is no longer valid"),
}
OPEN_HEADINGS = (
    "Invitation to an authorization",
    "What to do",
    "Customer service",
    "If you have the program",
)
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
        assert response.headers["location"] == PAGE
        cookie = SimpleCookie(response.headers["set-cookie"])[name]
        assert cookie.value == token
        assert cookie["httponly"] is True
        assert bool(cookie["secure"]) is secure
        assert cookie["samesite"] == "lax"
        assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", "3600")
        shown = await browser.get(PAGE)
        assert shown.status_code == 200
        assert "Birgitta Berg" in shown.text
        assert "set-cookie" not in shown.headers


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize("state", [I.PENDING, I.REGISTERING])
async def test_an_open_invitation(
    sqlite_database: Database, clock: SettableClock, state: InvitationState, registered: bool
) -> None:
    invitation = await invited(sqlite_database, clock, state, registered=registered)
    first = [] if registered else ["register "]
    async with visiting(sqlite_database, clock) as frontend:
        for language in Language:
            response = await opened(frontend.client(), token_of(invitation), language)
            found = page(response)
            assert response.status_code == 200
            assert found.language == response.headers["content-language"] == language.value
            assert found.headings == [translate(language, each) for each in OPEN_HEADINGS]
            for shown in ("Birgitta Berg", "Björkbacka Bageri Ab", "0737546-2", "+358 9 123 4567"):
                assert shown in found.text
            assert absolute_time(invitation.deadline, language, HELSINKI) in found.text
            commands = re.findall(r"fullmakt ([a-z ]+)", found.text)
            assert commands == [*first, "login ", "tasks ", "invitations accept ", "invitations decline "]
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
            assert found.language == language.value
            assert found.headings == [translate(language, heading), translate(language, "Customer service")]
            assert translate(language, DETAILS[code]) in found.text
            assert "Birgitta Berg" in found.text
            assert "kundtjanst@example.com" in found.text
            assert "fullmakt " not in found.text


async def test_it_has_expired_at_its_deadline_whether_or_not_that_is_recorded(
    sqlite_database: Database, clock: SettableClock
) -> None:
    invitation = await invited(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        clock.now = invitation.deadline - timedelta(seconds=1)
        assert "fullmakt login" in (await opened(browser, token_of(invitation))).text
        clock.now = invitation.deadline
        assert "Inbjudan har gått ut" in page(await opened(browser, token_of(invitation))).headings


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
        for language in Language:
            await opened(browser, token_of(invitation))
            response = await opened(browser, token, language)
            found = page(response)
            assert response.status_code == 404
            assert found.language == language.value
            assert found.headings == [
                translate(language, "The invitation was not found"),
                translate(language, "Customer service"),
            ]
            assert "Birgitta" not in response.text
            assert response.history[0].status_code == 303
            assert len(response.history[0].headers["set-cookie"]) < 200


async def test_a_broken_cookie_and_none(sqlite_database: Database, clock: SettableClock) -> None:
    async with visiting(sqlite_database, clock) as frontend:
        for cookie in (None, "invitation=", 'invitation="\\303\\251"', "invitation=;;;=", "invitation"):
            headers = {"Cookie": cookie} if cookie else {}
            assert (await frontend.client().get(PAGE, headers=headers)).status_code == 404


@pytest.mark.parametrize(
    ("address", "header", "expected"),
    [
        (PAGE, None, "fi"),
        (PAGE, "de", "fi"),
        (PAGE, "en-GB, sv;q=0.5", "en"),
        (f"{PAGE}?language=sv", "en", "sv"),
        (f"{PAGE}?language=de", "en", "en"),
        (f"{PAGE}?language=%22%3E", None, "fi"),
    ],
)
async def test_whose_language(
    sqlite_database: Database, clock: SettableClock, address: str, header: str | None, expected: str
) -> None:
    invitation = await invited(sqlite_database, clock, language=Language.FINNISH)
    async with visiting(sqlite_database, clock) as frontend:
        browser = frontend.client()
        await opened(browser, token_of(invitation))
        response = await browser.get(address, headers={"Accept-Language": header} if header else {})
    assert page(response).language == response.headers["content-language"] == expected
    links = [each for each in page(response).addresses if each.startswith(PAGE)]
    assert links == [f"{PAGE}?language={language}" for language in ("sv", "fi", "en")]
    assert response.text.count('aria-current="true"') == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><img src=//evil.example.net onerror=x>',
        "{{ 7 * 7 }}{% raw %}",
        "%(service_name)s %s",
        "&lt;b&gt;",
        "\u202egnorts",
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
    assert found.attributes == expected.attributes
    assert found.text.count(" ".join(hostile.split())) == 2
    assert response.text.count("<bdi>") == 2


async def test_too_many_from_one_source_wait_and_nobody_else(
    sqlite_database: Database, clock: SettableClock
) -> None:
    token = token_of(await invited(sqlite_database, clock))
    limits = InvitationLimits(lookups_per_source_and_minute=3)
    async with visiting(sqlite_database, clock, limits=limits) as frontend:
        guesser, other = frontend.client(), frontend.client()
        assert [(await opened(guesser, UNKNOWN)).status_code for _ in range(3)] == [404] * 3
        refused = await opened(guesser, token)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert page(refused).headings == ["Vänta en stund", "Kundtjänst"]
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
    assert page(response).headings == ["Inbjudan kan inte visas just nu", "Kundtjänst"]
    assert "127.0.0.1:1/" not in response.text


def _luminance(colour: str) -> float:
    full = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(full[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_all_words_can_be_read_in_light_and_dark_and_on_paper() -> None:
    style = (project_root() / "templates/web/landing/landing.css").read_text(encoding="utf-8")
    themes = [
        dict(re.findall(r"--(\w+): #([0-9a-f]+)", line)) for line in style.splitlines() if "--ink:" in line
    ]
    assert len(themes) == 3
    for theme in themes:
        for words in ("ink", "quiet", "accent"):
            for ground in ("paper", "box"):
                one, other = sorted((_luminance(theme[words]), _luminance(theme[ground])))
                assert (other + 0.05) / (one + 0.05) >= 4.5, (words, ground)


async def test_what_the_role_allows_is_said_where_its_levels_are_its_own(
    sqlite_database: Database, clock: SettableClock
) -> None:
    invitation = await invited(sqlite_database, clock)
    async with visiting(sqlite_database, clock) as frontend:
        browser, words = frontend.client(), abilities(Language.SWEDISH, invitation.role)
        assert words in page(await opened(browser, token_of(invitation))).text
        async with sqlite_database.transaction() as session:
            row = await session.get_one(Invitation, invitation.id)
            row.levels = {**row.levels, Subpage.INVOICES: Level.NONE}
        assert words not in page(await opened(browser, token_of(invitation))).text
