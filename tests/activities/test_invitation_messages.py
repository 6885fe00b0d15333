"""Who is told what of an invitation, in which language; and that a repeat is the same e-mail (F2 with F7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.exceptions import ApplicationError

from activities.invitations import InvitationActivities
from domain import ids
from domain.codes import Code
from domain.invitations import (
    Delivered,
    DeliverInvitation,
    EndInvitation,
    ExtendDeadline,
    GrantAuthorization,
    RemindInvitee,
    TellOfEnd,
)
from domain.vocabulary import DeliveryState, InvitationState, Language, Message
from runtime.texts import absolute_time
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.activities.running import NOW, attempt, everything, messages_of, times_of
from tests.faulty_database import Fault, FaultyDatabase
from tests.smtp_server import EVERYBODY, Reply, Reset, ScriptedSmtpServer, Stage

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
ENDS = [state for state in InvitationState if not state.is_open]
SV, FI, EN = Language.SWEDISH, Language.FINNISH, Language.ENGLISH


@dataclass(frozen=True)
class Scene:
    """A Swede's invitation, meant to be in Finnish; the invitee, if registered, reads English."""

    database: Database
    smtp: ScriptedSmtpServer
    relation: CustomerRelation
    inviter: User
    invitee: User | None
    invitation: Invitation

    async def row(self) -> Invitation:
        async with self.database.reading() as session:
            return await session.get_one(Invitation, self.invitation.id)

    async def deliver(self, *, after: timedelta = timedelta(0), over: Database | None = None) -> Delivered:
        order = DeliverInvitation(invitation_id=self.invitation.id, now=NOW, acceptance=WEEK)
        messages = messages_of(over or self.database, self.smtp)
        return await attempt(messages.deliver, order, after=after)

    async def remind(self, now: datetime, *, after: timedelta = timedelta(0)) -> None:
        order = RemindInvitee(invitation_id=self.invitation.id, now=now)
        await attempt(messages_of(self.database, self.smtp).remind, order, after=after)

    async def end(self, state: InvitationState) -> None:
        """By the invitee when he accepts, otherwise by nobody."""
        activities, invitation_id = InvitationActivities(self.database), self.invitation.id
        if state is InvitationState.ACCEPTED:
            invitee = self.invitee or await factories.make_user(
                self.database, email=self.invitation.email, language=EN
            )
            grant = GrantAuthorization(invitation_id=invitation_id, user_id=invitee.id, now=NOW + HOUR)
            await attempt(activities.grant, grant)
        else:
            end = EndInvitation(invitation_id=invitation_id, state=state, actor_id=None, now=NOW + HOUR)
            await attempt(activities.end, end)

    async def tell(self, state: InvitationState, *, after: timedelta = timedelta(0)) -> None:
        order = TellOfEnd(invitation_id=self.invitation.id, state=state, now=NOW + HOUR)
        await attempt(messages_of(self.database, self.smtp).tell_of_end, order, after=after)

    def received(self, address: str) -> list[tuple[Message, str]]:
        """The e-mails that somebody has got, each with its language."""
        process = self.invitation.id
        known = {f"<{ids.message_id(process, each, 1)}@example.com>": each for each in Message}
        mails = [mail for mail in self.mails() if mail["To"] == address]
        return [(known[mail["Message-ID"]], mail["Content-Language"]) for mail in mails]

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(each.raw, policy=default) for each in self.smtp.messages]


async def make_scene(database: Database, smtp: ScriptedSmtpServer, *, registered: bool) -> Scene:
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    invitee = await factories.make_user(database, language=EN) if registered else None
    email = invitee.email if invitee else "uusi@example.com"
    invitation = await factories.make_invitation(
        database, inviter=inviter, relation=relation, email=email, language=FI
    )
    return Scene(database, smtp, relation, inviter, invitee, invitation)


@pytest.fixture
async def scene(database: Database, smtp: ScriptedSmtpServer) -> Scene:
    return await make_scene(database, smtp, registered=False)


def names(mail: EmailMessage, deadline: datetime) -> bool:
    """Whether an e-mail in Finnish says this deadline."""
    body = mail.get_body(("plain",))
    assert body is not None
    return absolute_time(deadline, FI, ZoneInfo("Europe/Helsinki")) in body.get_content()


# Telling of the end

# Who is told, besides what depends on it: whether the invitee has got the invitation.
TO_INVITER = {
    InvitationState.ACCEPTED: [(Message.INVITATION_ACCEPTED, SV)],
    InvitationState.DECLINED: [(Message.INVITATION_DECLINED, SV)],
    InvitationState.CANCELLED: [],
    InvitationState.EXPIRED: [(Message.INVITATION_EXPIRED, SV)],
    InvitationState.UNDELIVERABLE: [(Message.INVITATION_UNDELIVERABLE, SV)],
    InvitationState.VOID: [(Message.INVITATION_VOID, SV)],
}
TO_INVITEE_WHO_KNOWS = {
    InvitationState.CANCELLED: [Message.INVITATION_CANCELLED],
    InvitationState.VOID: [Message.INVITATION_WITHDRAWN],
}


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize("state", ENDS)
async def test_whom_an_end_is_told(
    sqlite_database: Database,
    smtp: ScriptedSmtpServer,
    state: InvitationState,
    registered: bool,
    sent: bool,
) -> None:
    scene = await make_scene(sqlite_database, smtp, registered=registered)
    if sent:
        await scene.deliver()
    smtp.forget()
    await scene.end(state)

    for times in range(2):
        await scene.tell(state, after=times * HOUR)

    knows = TO_INVITEE_WHO_KNOWS.get(state, []) if sent else []
    if state is InvitationState.ACCEPTED:  # whoever accepts knows of it, and is a user by then
        expected: Sequence[tuple[Message, str]] = [(Message.AUTHORIZATION_GRANTED, EN)]
    else:
        expected = [(message, EN if registered else FI) for message in knows]
    assert scene.received(scene.invitation.email) == expected
    assert scene.received(scene.inviter.email) == TO_INVITER[state]
    assert len(smtp.messages) == len(expected) + len(TO_INVITER[state])


async def test_the_news_twice_are_once(scene: Scene) -> None:
    await scene.deliver()
    await scene.end(InvitationState.VOID)
    await scene.tell(InvitationState.VOID)
    kept = await everything(scene.database)

    await scene.tell(InvitationState.VOID, after=HOUR)

    assert await everything(scene.database) == kept
    assert len(scene.smtp.messages) == 3


# The invitation and its reminder


@pytest.mark.parametrize("registered", [True, False])
async def test_the_invitation_and_its_reminder_in_the_readers_language(
    sqlite_database: Database, smtp: ScriptedSmtpServer, registered: bool
) -> None:
    scene = await make_scene(sqlite_database, smtp, registered=registered)
    await scene.deliver()
    await scene.remind(NOW + timedelta(days=5))
    language = EN if registered else FI
    assert scene.received(scene.invitation.email) == [
        (Message.INVITATION, language),
        (Message.INVITATION_REMINDER, language),
    ]
    assert len(smtp.messages) == 2


@pytest.mark.parametrize("state", ENDS)
async def test_about_what_has_ended_nothing_is_sent(scene: Scene, state: InvitationState) -> None:
    await scene.end(state)
    kept = await everything(scene.database)

    delivered = await scene.deliver()
    await scene.remind(NOW)

    expected = DeliveryState.FAILED if state is InvitationState.UNDELIVERABLE else DeliveryState.QUEUED
    assert delivered.state is expected
    assert scene.smtp.connections == 0
    assert await everything(scene.database) == kept


async def test_no_reminder_from_the_deadline_on(scene: Scene) -> None:
    """Whether it was too late at first, or only after a day of trying."""
    await scene.deliver()
    deadline = (await scene.row()).deadline
    scene.smtp.behave(scene.invitation.email, [Reply(450)])
    with pytest.raises(ApplicationError, match=Code.MAIL_TEMPORARY):
        await scene.remind(deadline - HOUR)

    await scene.remind(deadline - HOUR, after=HOUR)
    await scene.remind(deadline)
    assert len(scene.smtp.messages) == 1
    assert await times_of(scene.database, "invitation.reminded") == []

    # Who is registering has longer.
    order = ExtendDeadline(invitation_id=scene.invitation.id, deadline=deadline + HOUR, now=deadline)
    await attempt(InvitationActivities(scene.database).extend_deadline, order)
    await scene.remind(deadline)
    assert len(scene.smtp.messages) == 2
    assert names(scene.mails()[1], deadline + HOUR)


async def test_a_later_that_follows_a_crash_leaves_the_e_mail_as_it_was(scene: Scene) -> None:
    """F2, then F7: the server took it and nobody recorded that; then it says to come back."""
    faulty = FaultyDatabase(scene.database)
    faulty.faults.extend([Fault.NONE, Fault.NONE, Fault.BEFORE_COMMIT])
    with pytest.raises(OperationalError):
        await scene.deliver(over=faulty)
    await faulty.close()
    troubles = [Reply(421, at=Stage.CONNECT), Reset(), Reply(450), Reply(451, at=Stage.DATA)]
    for number, trouble in enumerate(troubles, start=1):
        recipient = EVERYBODY if trouble.at is Stage.CONNECT else scene.invitation.email
        scene.smtp.behave(recipient, [trouble])
        with pytest.raises(ApplicationError):
            await scene.deliver(after=number * HOUR)

    delivered = await scene.deliver(after=timedelta(hours=6))

    first, repeat = scene.smtp.messages
    assert first.raw == repeat.raw
    assert (delivered.state, delivered.at, delivered.deadline) == (DeliveryState.SENT, NOW, NOW + WEEK)
    row = await scene.row()
    assert (row.sent_at, row.deadline) == (NOW, NOW + WEEK)
    assert names(scene.mails()[1], NOW + WEEK)
    assert await times_of(scene.database, "invitation.sent") == [NOW]
