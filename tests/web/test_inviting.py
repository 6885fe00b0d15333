"""Inviting somebody in four phases: nothing that was typed is lost, and it happens once."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes, policy
from uuid import uuid4

import httpx2
import pytest

from domain.codes import Code
from domain.vocabulary import CustomerKind, InvitationState, Language, Role
from emails.labels import label
from runtime.settings import InvitationLimits
from runtime.texts import translate
from starter.http.texts import DETAILS
from store.database import Database
from store.invitations import Invitation
from tests import factories
from tests.clock import SettableClock
from tests.faulty_database import Fault, FaultyDatabase
from tests.frontend import Frontend
from tests.harness import Harness
from tests.web.browsing import form, sent
from tests.web.inviting import (
    EMAIL,
    MESSAGE,
    PHASES,
    TYPED,
    a_manager,
    asked,
    begun,
    drafts_in,
    invitations_in,
    led,
    new,
    ready,
    sent_along,
)
from tests.web.visiting import Page, log_in, page, visiting

MOMENT = re.compile(r"\w+ \d{1,2}\. \w+ \d{4} klo \d{1,2}\.\d{2}")


def parsed(html: str) -> Page:
    """Some HTML as a browser would read it."""
    return page(httpx2.Response(200, text=html))


async def test_going_back_and_forth_loses_nothing(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    visited: list[str] = []

    async def note(response: httpx2.Response) -> None:
        visited.extend([response.url.path, str(response.url.query), response.headers.get("location", "")])

    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        browser.event_hooks["response"].append(note)
        draft = await begun(browser, relation, email="fel@example.com")
        back = await led(browser, f"{draft}/user-details", first_name="B", back="1")
        assert back == f"{draft}/contact-details"
        kept = form(await browser.get(back))
        assert (kept["email"], kept["role"], kept["language"]) == ("fel@example.com", "relation_user", "fi")
        await led(browser, back, email=EMAIL)
        assert form(await browser.get(f"{draft}/user-details"))["first_name"] == "B"
        await led(browser, f"{draft}/user-details", **TYPED["user-details"])
        too_long = f"{MESSAGE}\n{'x' * 2001}"
        back = await led(browser, f"{draft}/cover-message", cover_message=too_long, back="1")
        assert back == f"{draft}/user-details"
        assert form(await browser.get(f"{draft}/cover-message"))["cover_message"] == too_long
        await led(browser, f"{draft}/cover-message", cover_message=MESSAGE)
        assert await led(browser, f"{draft}/confirmation", back="1") == f"{draft}/cover-message"
        assert form(await browser.get(f"{draft}/cover-message"))["cover_message"] == MESSAGE
        await led(browser, f"{draft}/confirmation")

        [invitation] = await invitations_in(sqlite_database)
        assert (invitation.email, invitation.invitee_name) == (EMAIL, "Bo Boman")
        assert invitation.cover_message == MESSAGE
        assert (invitation.role, invitation.language) == (Role.RELATION_USER, Language.FINNISH)
        # Afterwards the draft holds nothing, and every phase leads to where it ended.
        [row] = await drafts_in(sqlite_database)
        assert row.data == {}
        for phase in PHASES:
            again = await browser.get(f"{draft}/{phase}")
            assert again.headers["location"] == f"/invitations/{invitation.id}/sent"
    for personal in ("@", "%40", "boman", "elf", "berg"):
        assert not [each for each in visited if personal in each.lower()]


async def test_the_e_mail_that_is_shown_is_the_one_that_comes(
    harness: Harness, skipping_frontend: Frontend
) -> None:
    manager, relation = await a_manager(harness.database)
    browser = await log_in(skipping_frontend.client(), manager)
    shown = await browser.get(await ready(browser, relation))
    for told in (EMAIL, "Bo Boman", "Björkbacka Bageri Ab", "0737546-2", "Suomi", "vår elförbrukning."):
        assert told in page(shown).text
    [address] = [each for each in page(shown).addresses if each.endswith("/email")]
    preview = await browser.get(address)
    assert "sandbox allow-popups; frame-ancestors 'self'" in preview.headers["content-security-policy"]

    confirmation = (await sent(browser, shown)).headers["location"]
    [invitation] = await invitations_in(harness.database)
    harness.handle(invitation.id)
    assert confirmation == f"/invitations/{invitation.id}/sent"
    assert "/services" in page(await browser.get(confirmation)).buttons

    # But for its own link, and the minute it was sent in.
    [taken] = await harness.smtp.taken(to=EMAIL)
    mail = message_from_bytes(taken.raw, policy=policy.default)
    html = mail.get_body(("html",))
    assert html is not None
    token = factories.KEYS.invitation_token(invitation.id, invitation.generation)
    assert token not in preview.text
    came, expected = parsed(html.get_content()), parsed(preview.text.replace("/open/...", f"/open/{token}"))
    assert len(MOMENT.findall(came.text)) == 1
    assert MOMENT.sub("", came.text) == MOMENT.sub("", expected.text)
    assert (came.tags, came.addresses) == (expected.tags, expected.addresses)
    assert str(mail["Subject"]) in page(shown).text


async def test_the_way_and_its_words_are_those_of_the_customers_instructions(
    sqlite_database: Database, clock: SettableClock
) -> None:
    owner, home = await a_manager(sqlite_database, CustomerKind.PRIVATE)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), owner)
        assert "Underhållsgränssnitt" in page(await browser.get("/services")).text
        maintenance = page(await browser.get("/maintenance"))
        assert maintenance.headings[:2] == ["Underhållsgränssnitt", "Privatkunder"]
        [chosen] = [each for each in maintenance.addresses if each.startswith("/relations/")]
        tab = page(await browser.get((await browser.get(chosen)).headers["location"]))
        assert "Behörigheter" in tab.text
        assert "Användare (elkundsrelation) Anropa användaren till behörigheten" in tab.text
        first = await led(browser, f"/relations/{home.id}/authorizations", new(home))

        headings, shown = [], await browser.get(first)
        for typed in TYPED.values():
            headings.append(page(shown).headings[0])
            assert "Anropa användaren till behörigheten · Elkundsrelation" in page(shown).text
            assert ("Godkänn" if headings[-1] == "Bekräftelse" else "Nästa") in page(shown).text
            done = await sent(browser, shown, **typed)
            shown = await browser.get(done.headers["location"])
        assert headings == ["Kontaktuppgifter", "Användaruppgifter", "Anropsmeddelande", "Bekräftelse"]
        assert page(shown).headings[0] == "Inbjudan till behörighet har sänts"
        assert "Gå till val av tjänst" in page(shown).text


async def test_every_phase_has_one_address_that_may_be_reloaded(
    sqlite_database: Database, clock: SettableClock
) -> None:
    manager, relation = await a_manager(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        # After logging in one comes back to an address by GET: nothing is made then.
        there = await browser.get(new(relation))
        assert there.headers["location"] == f"/relations/{relation.id}/authorizations"
        assert await drafts_in(sqlite_database) == []
        draft, other = await begun(browser, relation), await asked(browser, relation)
        assert form(await browser.get(f"{draft}/contact-details"))["email"] == EMAIL
        assert form(await browser.get(f"{other}/contact-details"))["email"] == ""
    assert len(await drafts_in(sqlite_database)) == 2


async def test_what_is_approved_is_what_was_reviewed(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    line = translate(
        Language.SWEDISH,
        "The details were changed in another window since you opened this page."
        " Check them again, and approve.",
    )
    changes: Sequence[tuple[str, dict[str, str], str]] = [
        ("contact-details", {"email": "eva@example.com"}, "eva@example.com"),
        ("contact-details", {"role": "viewer"}, label(Language.SWEDISH, Role.VIEWER)),
        ("user-details", {"first_name": "Eva"}, "Eva Boman"),
        ("cover-message", {"cover_message": "Hej Eva!"}, "Hej Eva!"),
    ]
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        confirmation = await ready(browser, relation)
        shown = await browser.get(confirmation)
        for phase, typed, told in changes:
            await led(browser, confirmation.replace("confirmation", phase), **typed)
            again = await sent(browser, shown)
            assert again.headers["location"] == f"{confirmation}?check=1"
            shown = await browser.get(again.headers["location"])
            assert line in page(shown).text
            assert told in page(shown).text
        assert (await sent(browser, shown, reviewed="")).headers["location"] == f"{confirmation}?check=1"
        assert await invitations_in(sqlite_database) == []
        # Nothing is changed by what leaves all as it was.
        await led(browser, confirmation.replace("confirmation", "contact-details"))
        assert (await sent(browser, shown)).status_code == 303
        [invitation] = await invitations_in(sqlite_database)
    assert (invitation.email, invitation.invitee_name) == ("eva@example.com", "Eva Boman")


async def test_approving_in_two_tabs_sends_one(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        shown = await browser.get(await ready(browser, relation))
        first, second = await asyncio.gather(sent(browser, shown), sent(browser, shown))
        [invitation] = await invitations_in(sqlite_database)
        assert first.headers["location"] == second.headers["location"] == f"/invitations/{invitation.id}/sent"


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.BEFORE_COMMIT, Fault.AFTER_COMMIT])
async def test_a_database_that_fails_loses_nothing(
    sqlite_database: Database, clock: SettableClock, fault: Fault
) -> None:
    manager, relation = await a_manager(sqlite_database)
    database = FaultyDatabase(sqlite_database)
    async with visiting(database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        shown = await browser.get(await ready(browser, relation))
        database.faults.append(fault)
        assert (await sent(browser, shown)).status_code == 503
        assert (await sent(browser, shown)).status_code == 303
        [invitation] = await invitations_in(sqlite_database)
        assert invitation.cover_message == MESSAGE
    await database.close()


async def test_the_roles_that_are_offered(sqlite_database: Database, clock: SettableClock) -> None:
    company_manager, company = await a_manager(sqlite_database)
    owner, home = await a_manager(sqlite_database, CustomerKind.PRIVATE)
    change = f"{translate(Language.SWEDISH, 'Change')}: {translate(Language.SWEDISH, 'Authorization')}"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), company_manager)
        assert change in page(await browser.get(await ready(browser, company))).text
        chosen = await asked(browser, company, role="viewer")
        assert form(await browser.get(f"{chosen}/contact-details"))["role"] == "viewer"
        forged = await asked(browser, company, role="administrator")
        assert "role" not in form(await browser.get(f"{forged}/contact-details"))
        browser = await log_in(frontend.client(), owner)
        draft = await asked(browser, home)
        assert 'name="role"' not in (await browser.get(f"{draft}/contact-details")).text
        assert await led(browser, f"{draft}/contact-details", email=EMAIL) == f"{draft}/user-details"
        for phase in PHASES[1:3]:
            await led(browser, f"{draft}/{phase}", **TYPED[phase])
        # Where there was nothing to choose, there is nothing to change.
        assert change not in page(await browser.get(f"{draft}/confirmation")).text
    [row] = [each for each in await drafts_in(sqlite_database) if each.relation_id == home.id]
    assert row.data["role"] == "relation_user"


async def test_a_name_is_suggested_once_and_may_be_corrected(
    sqlite_database: Database, clock: SettableClock
) -> None:
    manager, relation = await a_manager(sqlite_database)
    people = [
        await factories.make_user(sqlite_database, first_name=name, name_suggestion_allowed=True)
        for name in ("Cecilia", "David")
    ]
    line = translate(
        Language.SWEDISH, "The person is already a user, so we suggest the name. Correct it if you want to."
    )
    limits = InvitationLimits(name_suggestions_per_hour=2)
    async with visiting(sqlite_database, clock, limits=limits) as frontend:
        browser = await log_in(frontend.client(), manager)

        async def suggested(draft: str, email: str) -> tuple[str, bool]:
            await led(browser, f"{draft}/contact-details", email=email)
            shown = await browser.get(f"{draft}/user-details")
            return form(shown)["first_name"], line in page(shown).text

        draft = await begun(browser, relation, email=people[0].email)
        assert await suggested(draft, people[0].email) == ("Cecilia", True)
        # The same address again asks nobody again; another person's name takes its place.
        assert await suggested(draft, people[0].email) == ("Cecilia", True)
        assert await suggested(draft, people[1].email) == ("David", True)
        await led(browser, f"{draft}/user-details", first_name="Dave", last_name="Andersson")
        assert await suggested(draft, people[0].email) == ("Dave", False)
        # Too many were asked for: the page is there all the same.
        other = await begun(browser, relation, email=people[0].email)
        assert await suggested(other, people[0].email) == ("", False)


async def test_inviting_again(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    earlier = [
        await factories.make_invitation(
            sqlite_database,
            inviter=manager,
            relation=relation,
            email=f"{name}@example.com",
            first_name=name,
            language=Language.ENGLISH,
            role=Role.VIEWER,
            state=InvitationState.EXPIRED,
            ended_at=clock(),
        )
        for name in ("kept", "erased")
    ]
    async with sqlite_database.transaction() as session:
        (await session.get_one(Invitation, earlier[1].id)).purge(clock())
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        listed = await browser.get(f"/relations/{relation.id}/invitations")
        assert sorted(sent_along(listed, "from")) == sorted(str(each.id) for each in earlier)
        first = await led(browser, f"/invitations/{earlier[0].id}", new(relation))
        shown = await browser.get(first)
        assert (form(shown)["email"], form(shown)["role"]) == ("kept@example.com", "viewer")
        # What is corrected now and what was typed then go on together.
        draft = first.removesuffix("/contact-details")
        await led(browser, first, email=EMAIL)
        assert form(await browser.get(f"{draft}/user-details"))["first_name"] == "kept"
        await led(browser, f"{draft}/user-details")
        assert form(await browser.get(f"{draft}/cover-message"))["cover_message"] == earlier[0].cover_message
        await led(browser, f"{draft}/cover-message")
        await led(browser, f"{draft}/confirmation")
        erased = form(await browser.get(await led(browser, f"/invitations/{earlier[1].id}", new(relation))))
        assert (erased["email"], erased["role"]) == ("", "viewer")
        for unknown in (str(uuid4()), "no-id"):
            assert (await sent(browser, listed, new(relation), **{"from": unknown})).status_code == 404
    made = [each for each in await invitations_in(sqlite_database) if each.state.is_open]
    assert [(each.email, each.language) for each in made] == [(EMAIL, Language.ENGLISH)]


async def test_too_many_today_keeps_the_draft_for_later(
    sqlite_database: Database, clock: SettableClock
) -> None:
    manager, relation = await a_manager(sqlite_database)
    await factories.make_invitation(
        sqlite_database,
        inviter=manager,
        relation=relation,
        email="adam@example.com",
        now=clock() - timedelta(hours=20),
    )
    limits = InvitationLimits(per_inviter_and_day=2)
    async with visiting(sqlite_database, clock, limits=limits) as frontend:
        browser = await log_in(frontend.client(), manager)
        first = await ready(browser, relation)
        second = await ready(browser, relation, email="eva@example.com")
        waiting = await browser.get(second)
        await led(browser, first)
        assert (await sent(browser, waiting)).headers["location"] == second
        refused = await browser.get(second)
        assert translate(Language.SWEDISH, DETAILS[Code.INVITATION_TOO_MANY]) in page(refused).text
        assert "eva@example.com" in page(refused).text
        clock.advance(timedelta(hours=4))
        await log_in(browser, manager)
        assert (await led(browser, second)).endswith("/sent")
