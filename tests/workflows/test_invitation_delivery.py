"""The invitation's e-mail and its fate: the 7 days run from when the mail server took it (F7 to F10)."""

from datetime import timedelta

from domain.invitations import Act
from domain.vocabulary import DeliveryState, InvitationState, Message
from tests.harness import Harness
from tests.smtp_server import ACCEPT, Greylist, Reply

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_greylisted_for_a_quarter_of_an_hour(harness: Harness) -> None:
    over = False
    harness.smtp.behave("sent@example.com", Greylist(lambda: over))
    began = await harness.now()
    invited = await harness.invite(registered=False, email="sent@example.com")
    await harness.tried(invited)
    row = await harness.row(invited)
    assert row.deadline == row.created_at + 8 * DAY
    await harness.skip(15 * MINUTE)
    over = True
    await harness.skip(10 * MINUTE)
    await harness.sent(invited)

    row, progress = await harness.row(invited), await harness.progress(invited)
    assert row.sent_at is not None
    assert began + 15 * MINUTE <= row.sent_at <= began + 25 * MINUTE
    assert row.deadline == progress.deadline == row.sent_at + 7 * DAY
    assert (row.delivery, progress.delivery) == (DeliveryState.SENT, DeliveryState.SENT)
    assert len(harness.received(invited, invited.email)) == 1

    await harness.skip_to(row.sent_at + 5 * DAY - MINUTE)
    assert not (await harness.progress(invited)).reminded
    await harness.skip(2 * MINUTE)
    await harness.smtp.taken(to=invited.email, count=2)
    await harness.skip_to(row.deadline - MINUTE)
    assert (await harness.progress(invited)).state is InvitationState.PENDING
    await harness.skip(2 * MINUTE)
    assert (await invited.handle.result()).state is InvitationState.EXPIRED


async def test_mail_server_down_for_hours(harness: Harness) -> None:
    port = harness.smtp.port
    await harness.smtp.stop()
    began = await harness.now()
    invited = await harness.invite()
    await harness.progress(invited)
    await harness.skip(6 * HOUR)
    await harness.smtp.start(port)
    await harness.skip(11 * MINUTE)
    await harness.sent(invited)

    row = await harness.row(invited)
    assert row.sent_at is not None
    assert began + 6 * HOUR <= row.sent_at <= began + 6 * HOUR + 11 * MINUTE
    assert row.deadline == (await harness.progress(invited)).deadline == row.sent_at + 7 * DAY


async def test_accepted_before_the_invitation_was_taken(harness: Harness) -> None:
    """Also: a mailbox that takes nothing keeps no news from the other person."""
    invited = await harness.invite(email="busy@example.com")
    assert invited.invitee is not None
    harness.smtp.behave("busy@example.com", Reply(450))
    async with harness.database.transaction() as session:
        user = await session.merge(invited.invitee)
        user.email = user.email_normalised = "busy@example.com"
    await harness.tried(invited)

    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED

    await harness.smtp.taken(to=invited.inviter.email)
    harness.smtp.behave("busy@example.com", ACCEPT)
    await harness.skip(11 * MINUTE)
    assert (await invited.handle.result()).state is InvitationState.ACCEPTED
    assert harness.received(invited, "busy@example.com") == [Message.AUTHORIZATION_GRANTED]
    assert harness.received(invited, invited.inviter.email) == [Message.INVITATION_ACCEPTED]
    assert await harness.events(invited) == ["created", "authorization.granted", "accepted"]


async def test_cancelled_before_it_was_taken_nobody_hears_of_it(harness: Harness) -> None:
    invited = await harness.invite(registered=False, email="slow@example.com")
    harness.smtp.behave("slow@example.com", Reply(450))
    await harness.tried(invited, 1)

    await harness.decide(invited, Act.CANCEL, invited.inviter)

    assert (await invited.handle.result()).state is InvitationState.CANCELLED
    assert harness.smtp.messages == []
    assert await harness.events(invited) == ["created", "cancelled"]


async def test_a_lost_reminder_ends_nothing(harness: Harness) -> None:
    first, second = await harness.invite(), await harness.invite()
    for invited in (first, second):
        await harness.sent(invited)
    port = harness.smtp.port
    await harness.smtp.stop()
    await harness.skip(5 * DAY + HOUR)
    assert (await harness.progress(first)).reminded

    assert (await harness.accept(first)).state is InvitationState.ACCEPTED
    await harness.smtp.start(port)
    await harness.skip(2 * DAY)

    assert (await second.handle.result()).state is InvitationState.EXPIRED
    assert (await first.handle.result()).state is InvitationState.ACCEPTED
