"""One invitation for those who manage the users: its page, its end, and who does not see it."""

from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from domain.codes import Code
from domain.vocabulary import DeliveryState, InvitationState, Language
from runtime.texts import absolute_time, translate
from starter.http.texts import DETAILS
from store.database import Database
from store.invitations import Invitation
from tests import factories
from tests.clock import SettableClock
from tests.frontend import Frontend
from tests.harness import Harness
from tests.web.browsing import form, forms, posted, sent
from tests.web.inviting import TABS, links, sent_along
from tests.web.visiting import invited, log_in, page, visiting

SV = Language.SWEDISH


async def test_what_one_may_not_see_is_not_there(sqlite_database: Database, clock: SettableClock) -> None:
    invitation = await invited(sqlite_database, clock)
    stranger = await factories.make_user(sqlite_database)
    relation = invitation.relation_id
    paths = [
        "/relations/{}",
        *(f"/relations/{{}}/{tab}" for tab in TABS),
        "/relations/{}/invitations/new",
        *(f"/invitations/{{}}{more}" for more in ("", "/sent", "/cancel")),
        "/processes/{}",
    ]
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), stranger)
        token = form(await browser.get("/maintenance"), "/logout")["form_token"]
        for path in paths:
            theirs = relation if path.startswith("/relations") else invitation.id
            found, nothing = await browser.get(path.format(theirs)), await browser.get(path.format(uuid4()))
            assert found.status_code == nothing.status_code == 404
            assert page(found).text == page(nothing).text
            assert translate(SV, "The page was not found") in page(found).headings
        for path in (f"/relations/{relation}/invitations/new", f"/invitations/{invitation.id}/cancel"):
            refused = await browser.post(path, data={"form_token": token, "email": "x@example.com"})
            assert refused.status_code == 404
    async with sqlite_database.reading() as session:
        assert (await session.get_one(Invitation, invitation.id)).state is InvitationState.PENDING


async def test_cancelled_after_asking_once_more(harness: Harness, skipping_frontend: Frontend) -> None:
    made = await harness.invite()
    await harness.sent(made)
    other = await factories.make_manager(harness.database, made.relation, first_name="Cecilia")
    path = f"/invitations/{made.id}"
    inviter = await log_in(skipping_frontend.client(), made.inviter)
    stale = await inviter.get(f"{path}/cancel")
    browser = await log_in(skipping_frontend.client(), other)
    shown = await browser.get(path)
    assert "hx-get" in shown.text
    assert f"{path}/cancel" in page(shown).buttons

    asked = await browser.get(f"{path}/cancel")
    assert (await harness.row(made)).state.is_open
    assert (await sent(browser, asked)).headers["location"] == path
    ended = await browser.get(path)
    assert translate(SV, "The invitation has been cancelled.") in page(ended).text
    assert "hx-get" not in ended.text
    assert sent_along(ended, "from") == [str(made.id)]

    # It was the other manager, who reads that it was she; the inviter reads that it was somebody else.
    you = f"· {translate(SV, 'You')}"
    assert page(ended).text.index("· Birgitta Berg") < page(ended).text.index(you)
    for address in (path, f"/processes/{made.id}"):
        told = page(await inviter.get(address)).text
        assert told.index(you) < told.index(translate(SV, "Another person who manages the users"))

    late = await sent(inviter, stale)
    assert late.status_code == 409
    assert translate(SV, DETAILS[Code.INVITATION_ENDED]) in page(late).text
    assert f"{path}/cancel" not in forms(late)


async def test_cancelling_while_temporal_is_away_may_be_tried_again(
    sqlite_database: Database, clock: SettableClock
) -> None:
    invitation = await invited(sqlite_database, clock)
    path = f"/invitations/{invitation.id}/cancel"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), invitation.inviter)
        response = await posted(browser, path)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        assert translate(SV, DETAILS[Code.OUTCOME_UNKNOWN]) in page(response).text
        assert path in forms(response)


async def test_the_confirmation_follows_the_e_mail(sqlite_database: Database, clock: SettableClock) -> None:
    invitation = await invited(sqlite_database, clock)
    path = f"/invitations/{invitation.id}/sent"
    sent_at = absolute_time(clock(), SV, ZoneInfo("Europe/Helsinki"))
    words = {
        DeliveryState.QUEUED: translate(SV, "The e-mail is being sent. You need not wait here."),
        DeliveryState.SENT: translate(SV, "The e-mail was sent %(sent_at)s", sent_at=sent_at),
        DeliveryState.FAILED: translate(
            SV, "The e-mail could not be delivered. Check the address, and invite the person again."
        ),
    }
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), invitation.inviter)
        for delivery, told in words.items():
            async with sqlite_database.transaction() as session:
                row = await session.get_one(Invitation, invitation.id)
                row.delivery, row.sent_at = delivery, clock()
            shown = await browser.get(path)
            assert told in page(shown).text
            again = [str(invitation.id)] if delivery is DeliveryState.FAILED else []
            assert sent_along(shown, "from") == again
            assert ("hx-get" in shown.text) is (delivery is DeliveryState.QUEUED)
            assert "/services" in page(shown).buttons


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (InvitationState.ACCEPTED, "Godkänd"),
        (InvitationState.DECLINED, "Avböjd"),
        (InvitationState.CANCELLED, "Återkallad"),
        (InvitationState.EXPIRED, "Har gått ut"),
        (InvitationState.UNDELIVERABLE, "Avslutad"),
        (InvitationState.VOID, "Avslutad"),
    ],
)
async def test_when_it_ended_is_said_as_how_it_ended(
    sqlite_database: Database, clock: SettableClock, state: InvitationState, label: str
) -> None:
    anna = await factories.make_user(sqlite_database, first_name="Bo", last_name="Boman")
    invitation = await invited(sqlite_database, clock, state, to=anna)
    when = absolute_time(clock(), SV, ZoneInfo("Europe/Helsinki"))
    async with visiting(sqlite_database, clock) as frontend:
        for user in (invitation.inviter, anna):
            browser = await log_in(frontend.client(), user)
            assert f"{label}{when}" in page(await browser.get(f"/invitations/{invitation.id}")).text


async def test_what_ended_before_it_was_sent_was_not_sent(
    sqlite_database: Database, clock: SettableClock
) -> None:
    invitation = await invited(sqlite_database, clock)
    path = f"/invitations/{invitation.id}"
    being_sent, not_sent = (
        translate(SV, each) for each in ("The e-mail is being sent", "The e-mail was not sent")
    )
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), invitation.inviter)
        for state, told, untold in (
            (InvitationState.PENDING, being_sent, not_sent),
            (InvitationState.CANCELLED, not_sent, being_sent),
        ):
            async with sqlite_database.transaction() as session:
                row = await session.get_one(Invitation, invitation.id)
                row.state, row.ended_at = state, None if state.is_open else clock()
            shown = page(await browser.get(path))
            assert told in shown.text
            assert untold not in shown.text
            assert shown.text.count(f"Inbjudan till {invitation.invitee_name}") == 2  # and the title


async def test_erased_details_are_said_to_be_erased(sqlite_database: Database, clock: SettableClock) -> None:
    invitation = await invited(sqlite_database, clock, InvitationState.EXPIRED)
    relation = f"/relations/{invitation.relation_id}"
    async with sqlite_database.transaction() as session:
        (await session.get_one(Invitation, invitation.id)).purge(clock())
    erased = translate(SV, "The person's details have been erased")
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), invitation.inviter)
        for path in (
            f"/invitations/{invitation.id}",
            f"/invitations/{invitation.id}/sent",
            f"/processes/{invitation.id}",
            f"{relation}/invitations",
        ):
            assert erased in page(await browser.get(path)).text
        assert (await browser.get(f"{relation}/processes")).status_code == 200


async def test_the_recipient_gets_his_own_page(sqlite_database: Database, clock: SettableClock) -> None:
    anna = await factories.make_user(sqlite_database)
    invitation = await invited(sqlite_database, clock, to=anna)
    path = f"/invitations/{invitation.id}"
    async with visiting(sqlite_database, clock) as frontend:
        browser = await log_in(frontend.client(), anna)
        assert f"{path}/accept" in forms(await browser.get(path))
        assert (await browser.get(f"{path}/cancel")).status_code == 403
        process = await browser.get(f"/processes/{invitation.id}")
        assert "/tasks" in page(process).addresses
        assert links(process, "/relations/.*") == []


async def test_names_are_words_wherever_they_are_shown(
    sqlite_database: Database, clock: SettableClock
) -> None:
    found = {}
    for name in ("Plain", "<b onclick=x>{{7*7}}\u202egnorts"):
        relation = await factories.make_relation(sqlite_database, name=name)
        manager = await factories.make_manager(sqlite_database, relation, last_name=name)
        invitation = await factories.make_invitation(
            sqlite_database,
            inviter=manager,
            relation=relation,
            email="bo.boman@example.com",
            first_name=name,
            cover_message=name,
            now=clock(),
        )
        addresses = [
            "/maintenance",
            *(f"/relations/{relation.id}/{tab}" for tab in TABS),
            *(f"/invitations/{invitation.id}{more}" for more in ("", "/sent", "/cancel")),
            f"/processes/{invitation.id}",
        ]
        async with visiting(sqlite_database, clock) as frontend:
            browser = await log_in(frontend.client(), manager)
            shown = [await browser.get(each) for each in addresses]
        assert "\u202e" not in "".join(each.text for each in shown)
        seen = name.replace("\u202e", "")
        assert all(seen in page(each).text for each in shown)
        found[name] = [page(each).tags for each in shown]
    plain, hostile = found.values()
    assert hostile == plain
