"""Inviting somebody: what is wrong is said, and who may not gets nowhere."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.codes import Code
from domain.vocabulary import CustomerKind, Language, Role
from runtime.texts import translate
from starter.http.texts import DETAILS
from store.database import Database
from tests import factories
from tests.clock import SettableClock
from tests.web.browsing import form, sent
from tests.web.inviting import (
    PHASES,
    TYPED,
    a_manager,
    asked,
    begun,
    invitations_in,
    led,
    new,
    ready,
)
from tests.web.visiting import log_in, page, visiting

HOSTILE = "<script>alert(1)</script>"
REFUSED: Sequence[tuple[str, dict[str, str], str, Code]] = [
    ("contact-details", {"email": ""}, "email", Code.EMAIL_INVALID),
    ("contact-details", {"email": "bo.boman@"}, "email", Code.EMAIL_INVALID),
    ("contact-details", {"email": "own"}, "email", Code.INVITATION_OWN_ADDRESS),
    ("contact-details", {"email": "holder"}, "email", Code.AUTHORIZATION_EXISTS),
    ("contact-details", {"email": "pending"}, "email", Code.INVITATION_ALREADY_PENDING),
    ("contact-details", {"role": ""}, "role", Code.FIELD_REQUIRED),
    ("contact-details", {"role": "owner"}, "role", Code.AUTHORIZATION_ROLE_NOT_AVAILABLE),
    ("contact-details", {"role": "administrator"}, "role", Code.IDENTIFICATION_REQUIRED),
    ("contact-details", {"language": "de"}, "language", Code.FIELD_INVALID),
    ("user-details", {"first_name": ""}, "first_name", Code.FIELD_REQUIRED),
    ("user-details", {"last_name": "x" * 101}, "last_name", Code.FIELD_TOO_LONG),
    ("user-details", {"last_name": "\u202enamob"}, "last_name", Code.FIELD_NOT_TEXT),
    ("cover-message", {"cover_message": " \n"}, "cover_message", Code.FIELD_REQUIRED),
    ("cover-message", {"cover_message": "x" * 2001}, "cover_message", Code.FIELD_TOO_LONG),
    ("cover-message", {"cover_message": "Hej\x07"}, "cover_message", Code.FIELD_NOT_TEXT),
]
NAMES = {
    "email": "E-mail address",
    "role": "Authorization",
    "language": "Language of the e-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "cover_message": "Cover message",
}


@pytest.mark.parametrize(("phase", "typed", "field", "code"), REFUSED)
async def test_what_is_wrong_is_said_at_its_field(
    sqlite_database: Database,
    clock: SettableClock,
    phase: str,
    typed: dict[str, str],
    field: str,
    code: Code,
) -> None:
    manager, relation = await a_manager(sqlite_database)
    holder = await factories.make_user(sqlite_database)
    await factories.make_authorization(sqlite_database, holder, relation, role=Role.RELATION_USER)
    pending = await factories.make_invitation(
        sqlite_database, inviter=manager, relation=relation, email="pending@example.com", now=clock()
    )
    named = {"own": manager.email.upper(), "holder": holder.email, "pending": "Pending@example.com"}
    typed = {name: named.get(value, value) for name, value in typed.items()}
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        draft = await begun(browser, relation)
        await led(browser, f"{draft}/user-details", **TYPED["user-details"])
        for language in Language:
            browser.cookies.set("language", language.value)
            # A page that was got, so that going back to it asks nobody whether to send it again.
            shown_again = await led(browser, f"{draft}/{phase}", **{**TYPED[phase], **typed})
            assert shown_again == f"{draft}/{phase}?check=1"
            response = await browser.get(shown_again)
            assert response.status_code == 200
            # Once in the summary, beside the field's name, and once at the field.
            said = translate(language, DETAILS[code])
            assert page(response).text.count(said) == 2
            assert f"{translate(language, NAMES[field])}: {said}" in page(response).text
            assert f'id="error-{field}"' in response.text
            if phase != "contact-details" or field == "email":
                assert form(response)[field] == typed[field]
            assert (f"/invitations/{pending.id}" in page(response).addresses) is (
                code is Code.INVITATION_ALREADY_PENDING
            )
    assert [each.id for each in await invitations_in(sqlite_database)] == [pending.id]


async def test_a_mistake_is_kept_until_it_is_corrected(
    sqlite_database: Database, clock: SettableClock
) -> None:
    manager, relation = await a_manager(sqlite_database, CustomerKind.PRIVATE)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        draft = await asked(browser, relation)
        wrong = await led(browser, f"{draft}/contact-details", email="bo.boman@")
        # Said where it was sent to be said, as often as one likes; it does not lead on.
        for path, is_said in ((wrong, True), (wrong, True), (f"{draft}/contact-details", False)):
            shown = await browser.get(path)
            assert ('id="error-email"' in shown.text) is is_said
            assert form(shown)["email"] == "bo.boman@"
        assert (await browser.get(f"{draft}/user-details")).headers["location"] == f"{draft}/contact-details"
        await led(browser, wrong, f"{draft}/contact-details", email=TYPED["contact-details"]["email"])
        assert 'id="error-email"' not in (await browser.get(wrong)).text
        # In the order of the page, whatever is wrong.
        await led(browser, f"{draft}/user-details", first_name="", last_name="x" * 101)
        both = (await browser.get(f"{draft}/user-details?check=1")).text
        assert both.index('href="#field-first_name"') < both.index('href="#field-last_name"')
        # An e-mail's text of any length is not kept.
        await led(browser, f"{draft}/user-details", **TYPED["user-details"])
        endless = await browser.get(await led(browser, f"{draft}/cover-message", cover_message="x" * 20_000))
        assert len(form(endless)["cover_message"]) == 10_000
    assert await invitations_in(sqlite_database) == []


async def test_a_phase_needs_those_before_it(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        draft = await asked(browser, relation)
        for phase in ("user-details", "cover-message", "confirmation", "email"):
            assert (await browser.get(f"{draft}/{phase}")).headers["location"] == f"{draft}/contact-details"
        draft = await begun(browser, relation)
        for phase in ("cover-message", "confirmation", "email"):
            assert (await browser.get(f"{draft}/{phase}")).headers["location"] == f"{draft}/user-details"
        await led(browser, f"{draft}/user-details", **TYPED["user-details"])
        assert (await browser.get(f"{draft}/confirmation")).headers["location"] == f"{draft}/cover-message"
        # What was kept unchecked when going back does not lead on either.
        await led(browser, f"{draft}/user-details", first_name="\x00", back="1")
        assert (await browser.get(f"{draft}/cover-message")).headers["location"] == f"{draft}/user-details"


async def test_without_the_right_a_draft_leads_nowhere(
    sqlite_database: Database, clock: SettableClock
) -> None:
    manager, relation = await a_manager(sqlite_database)
    async with sqlite_database.reading() as session:
        [held] = await factories.authorizations_of(session, manager.id)
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        confirmation = await ready(browser, relation)
        draft = confirmation.removesuffix("/confirmation")
        pages = {phase: await browser.get(f"{draft}/{phase}") for phase in PHASES}
        tab = await browser.get(f"/relations/{relation.id}/authorizations")

        async def statuses() -> set[int]:
            answers = [await browser.get(str(each.url)) for each in pages.values()]
            answers += [await sent(browser, pages[phase], **TYPED[phase]) for phase in PHASES]
            answers.append(await sent(browser, tab, new(relation)))
            answers.append(await browser.get(f"{draft}/email"))
            return {each.status_code for each in answers}

        lesser = await factories.make_authorization(sqlite_database, manager, relation, role=Role.VIEWER)
        await factories.end_authorization(sqlite_database, held, clock())
        assert await statuses() == {403}
        await factories.end_authorization(sqlite_database, lesser, clock())
        assert await statuses() == {404}
    assert await invitations_in(sqlite_database) == []


async def test_another_users_draft_does_not_exist(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    other = await factories.make_manager(sqlite_database, relation)
    async with visiting(sqlite_database, clock) as frontend:
        mine = await log_in(frontend.client(), manager)
        draft = (await ready(mine, relation)).removesuffix("/confirmation")
        theirs = await log_in(frontend.client(), other)
        nothing = page(await theirs.get(f"/invitation-drafts/{uuid4()}/confirmation"))
        for path in (*PHASES, "email"):
            found = await theirs.get(f"{draft}/{path}")
            assert (found.status_code, page(found).text) == (404, nothing.text)
        shown = await mine.get(f"{draft}/confirmation")
        token = form(await theirs.get("/maintenance"), "/logout")["form_token"]
        assert (await theirs.post(f"{draft}/confirmation", data={"form_token": token})).status_code == 404
        # Nor does one whose time is up.
        clock.advance(timedelta(hours=24, minutes=1))
        await log_in(mine, manager)
        assert (await mine.get(str(shown.url))).status_code == 404
    assert await invitations_in(sqlite_database) == []


async def test_what_people_type_stays_words(sqlite_database: Database, clock: SettableClock) -> None:
    names = {"plain": "Björkbacka", "hostile": f"\u202e{HOSTILE}"}
    tags, texts = {}, {}
    for kind, name in names.items():
        relation = await factories.make_relation(sqlite_database, name=name)
        manager = await factories.make_manager(sqlite_database, relation, last_name=name)
        typed = HOSTILE if kind == "hostile" else "Bo"
        async with visiting(sqlite_database, clock) as frontend:
            browser = await log_in(frontend.client(), manager)
            draft = await begun(browser, relation, email=f"{kind}@example.com")
            await led(browser, f"{draft}/user-details", first_name=typed, last_name=typed)
            await led(browser, f"{draft}/cover-message", cover_message=typed)
            shown = [await browser.get(f"{draft}/{phase}") for phase in PHASES]
            assert "\u202e" not in "".join(each.text for each in shown)
            tags[kind] = [page(each).tags for each in shown]
            texts[kind] = page(shown[3]).text
    assert tags["hostile"] == tags["plain"]
    # Twice in the name, once in the message, and in the customer's.
    assert texts["hostile"].count(HOSTILE) >= 4
