"""What asks for a strong identification of late (spec 3.7), and what for one at all; nothing is lost."""

from datetime import timedelta

import pytest

from domain.codes import Code
from domain.vocabulary import CustomerKind, InvitationState, Language, Role
from runtime.texts import translate
from starter.http.texts import DETAILS
from starter.web.paths import identify_path
from store import invitations
from store.database import Database
from store.invitations import Invitation
from tests import factories
from tests.bank import Bank, new_person
from tests.clock import SettableClock
from tests.frontend import Frontend, make_services
from tests.harness import Harness
from tests.web.browsing import form, sent
from tests.web.identifying import goal_of, identifies
from tests.web.inviting import PHASES, a_manager, drafts_in, invitations_in, led, new, ready
from tests.web.visiting import log_in, page, visiting

SV, FI = Language.SWEDISH, Language.FINNISH
IN_EMAIL = (
    "To approve the invitation, you have to identify with bank codes or a mobile certificate. You are asked"
    " for it after you have logged in."
)
LATER = timedelta(minutes=30)


async def test_what_manages_users_asks_for_it(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    pending = await factories.make_invitation(
        sqlite_database, inviter=manager, relation=relation, email="bo@example.com", now=clock()
    )
    bank, birgitta = Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), manager)
        confirmation = await ready(browser, relation)
        asking = [confirmation, f"/invitations/{pending.id}/cancel", "/contract-links/new"]
        tabs = f"/relations/{relation.id}"
        free = [f"{tabs}/authorizations", f"{tabs}/users", f"{tabs}/invitations", "/account"]
        for address in (*asking[:2], *free):  # without a strong identity nobody is asked for one
            assert (await browser.get(address)).status_code == 200
        assert goal_of((await browser.get(asking[2])).headers["location"]) == asking[2]

        await identifies(browser, bank, birgitta)
        clock.advance(LATER - timedelta(seconds=1))
        shown = {address: await browser.get(address) for address in asking}
        assert {each.status_code for each in shown.values()} == {200}
        clock.advance(timedelta(seconds=1))
        before = await frontend.dump("sessions", "counters")
        for address in asking:
            for response in (await browser.get(address), await sent(browser, shown[address], address)):
                assert (response.status_code, goal_of(response.headers["location"])) == (303, address)
        assert await frontend.dump("sessions", "counters") == before
        for address in free:
            assert (await browser.get(address)).status_code == 200
        # Another session of the same user is not fresh because this one is.
        await identifies(browser, bank, birgitta)
        other = await log_in(frontend.client(), manager)
        assert (await browser.get(confirmation)).status_code == 200
        assert goal_of((await other.get(confirmation)).headers["location"]) == confirmation


async def test_inviting_goes_on_where_one_was(sqlite_database: Database, clock: SettableClock) -> None:
    """At the beginning with the role that was chosen; in the last phase with everything that was typed."""
    manager, relation = await a_manager(sqlite_database)
    bank, birgitta = Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), manager)
        await identifies(browser, bank, birgitta)
        clock.advance(LATER)
        first = goal_of(
            await led(browser, f"/relations/{relation.id}/users", new(relation), role="administrator")
        )
        assert (await identifies(browser, bank, birgitta, first)).headers["location"] == first
        contact = await browser.get(first)
        assert form(contact)["role"] == "administrator"
        assert translate(SV, "You have identified. Now continue with what you were doing.") in contact.text

        confirmation = await ready(browser, relation)
        reviewed = await browser.get(confirmation)
        clock.advance(LATER)
        goal = goal_of((await sent(browser, reviewed)).headers["location"])
        assert goal == confirmation
        assert await invitations_in(sqlite_database) == []
        assert (await identifies(browser, bank, birgitta, goal)).headers["location"] == confirmation
        assert "/sent" in (await sent(browser, await browser.get(confirmation))).headers["location"]
        [made] = await invitations_in(sqlite_database)
    assert made.invitee_name == "Bo Boman"


async def test_invite_again_keeps_the_earlier_one(sqlite_database: Database, clock: SettableClock) -> None:
    manager, relation = await a_manager(sqlite_database)
    declined = await factories.make_invitation(
        sqlite_database,
        inviter=manager,
        relation=relation,
        email="bo@example.com",
        state=InvitationState.DECLINED,
        ended_at=clock(),
    )
    bank, birgitta = Bank(), new_person()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), manager)
        await identifies(browser, bank, birgitta)
        clock.advance(LATER)
        first = goal_of(await led(browser, f"/invitations/{declined.id}", new(relation)))
        [draft] = await drafts_in(sqlite_database)
        assert draft.data["email"] == "bo@example.com"
        assert first.endswith(f"{draft.id}/{PHASES[0]}")


async def test_the_administrator_is_offered_where_people_can_identify(
    sqlite_database: Database, clock: SettableClock
) -> None:
    manager, relation = await a_manager(sqlite_database)
    words = translate(
        SV, "To approve the invitation, the person has to identify with bank codes or a mobile certificate."
    )
    tab = f"/relations/{relation.id}/authorizations"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), manager)
        assert words not in page(await browser.get(tab)).text
    async with visiting(sqlite_database, clock, bank=Bank()) as frontend:
        browser = await log_in(frontend.client(), manager)
        assert page(await browser.get(tab)).text.count(words) == 1
        confirmation = await ready(browser, relation, role="administrator")
        assert words in page(await browser.get(confirmation)).text
        contact = confirmation.replace("confirmation", PHASES[0])
        assert page(await browser.get(contact)).text.count(words) == 1
        email = await browser.get(confirmation.replace("confirmation", "email"))
        assert translate(FI, IN_EMAIL) in page(email).text
        await led(browser, contact, role="viewer")
        assert words not in page(await browser.get(confirmation)).text
        email = await browser.get(confirmation.replace("confirmation", "email"))
        assert translate(FI, IN_EMAIL) not in page(email).text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.VIEWER])
async def test_an_invitation_that_asks_for_it(
    sqlite_database: Database, clock: SettableClock, role: Role
) -> None:
    manager, relation = await a_manager(sqlite_database)
    bo = await factories.make_user(sqlite_database)
    made = await factories.make_invitation(
        sqlite_database, inviter=manager, relation=relation, email=bo.email, role=role, now=clock()
    )
    here, bank = f"/invitations/{made.id}", Bank()
    async with visiting(sqlite_database, clock, bank=bank) as frontend:
        browser = await log_in(frontend.client(), bo)
        shown = await browser.get(here)
        offered = (f"{here}/accept" in shown.text, identify_path(here) in page(shown).buttons)
        assert offered == ((False, True) if role is Role.ADMINISTRATOR else (True, False))
        assert f"{here}/decline" in page(shown).buttons
        await identifies(browser, bank, new_person(), here)
        shown = await browser.get(here)
        assert f"{here}/accept" in shown.text
        assert identify_path(here) not in page(shown).buttons
        clock.advance(LATER)  # once is enough to be given something
        assert f"{here}/accept" in (await browser.get(here)).text


async def test_approving_it_without_is_refused_and_then_done(harness: Harness) -> None:
    """The page has no button for it; the process refuses what is sent by hand, and stays open."""
    bank = Bank()
    services = make_services(
        harness.settings, harness.database, harness.client, harness.clock, identity_provider=bank
    )
    frontend = Frontend(services)
    made = await harness.invite(kind=CustomerKind.COMPANY, role=Role.ADMINISTRATOR)
    assert made.invitee is not None
    here = f"/invitations/{made.id}"
    browser = await log_in(frontend.client(), made.invitee)
    token = {"form_token": form(await browser.get(here), "/logout")["form_token"]}
    refused = await browser.post(f"{here}/accept", data=token)
    assert refused.status_code == 422
    assert translate(SV, DETAILS[Code.IDENTIFICATION_REQUIRED]) in page(refused).text
    assert identify_path(here) in page(refused).buttons
    async with harness.database.reading() as session:
        row: Invitation | None = await invitations.invitation(session, made.id)
    assert row is not None
    assert row.state.is_open

    await identifies(browser, bank, new_person(), here)
    accepted = await sent(browser, await browser.get(here), f"{here}/accept")
    assert accepted.headers["location"] == f"{here}/accepted"
    assert len(await harness.grants(made)) == 1
    await frontend.close()
