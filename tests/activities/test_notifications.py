"""E-mails of a process: each once, the same when in doubt, true to the moment they went out (F2, F7)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.exceptions import ApplicationError

from domain.codes import Code
from domain.invitations import DeliverInvitation, RemindInvitee, TellOfEnd
from domain.vocabulary import DeliveryState, InvitationState, Language
from runtime.texts import absolute_time
from store import invitations
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.activities.running import NOW, attempt, everything, messages_of, times_of
from tests.faulty_database import Fault, FaultyDatabase
from tests.smtp_server import Reply, Reset, ScriptedSmtpServer, Slow, Stage, TakenMessage

MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)
TIME_ZONE = ZoneInfo("Europe/Helsinki")


@dataclass(frozen=True)
class Scene:
    """An open invitation of somebody who is no user yet, and the mail server."""

    database: Database
    smtp: ScriptedSmtpServer
    invitation: Invitation
    inviter: User

    @property
    def order(self) -> DeliverInvitation:
        return DeliverInvitation(invitation_id=self.invitation.id, now=NOW, acceptance=WEEK)

    async def row(self) -> Invitation:
        async with self.database.reading() as session:
            return await session.get_one(Invitation, self.invitation.id)

    async def end(self, state: InvitationState) -> None:
        async with self.database.transaction() as session:
            row = await session.get_one(Invitation, self.invitation.id)
            invitations.end(session, row, state, by=None, at=NOW)


@pytest.fixture
async def scene(database: Database, smtp: ScriptedSmtpServer) -> Scene:
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    invitation = await factories.make_invitation(
        database, inviter=inviter, relation=relation, email="ny@example.com"
    )
    return Scene(database, smtp, invitation, inviter)


def says(mail: TakenMessage, moment_of_deadline: str) -> bool:
    """Whether the e-mail's text names this deadline."""
    parsed = BytesParser(policy=policy.default).parsebytes(mail.raw)
    body = parsed.get_body(("plain",))
    assert body is not None
    return moment_of_deadline in body.get_content()


async def test_delivering_twice_is_one_email_and_one_event(scene: Scene) -> None:
    activities = messages_of(scene.database, scene.smtp)
    first = await attempt(activities.deliver, scene.order)
    kept = await everything(scene.database)

    again = await attempt(activities.deliver, scene.order, after=10 * MINUTE)

    assert again == first
    assert (first.state, first.at, first.deadline) == (DeliveryState.SENT, NOW, NOW + WEEK)
    assert await everything(scene.database) == kept
    assert len(scene.smtp.messages) == 1


@pytest.mark.parametrize("fault", [Fault.BEFORE_COMMIT, Fault.AFTER_COMMIT])
async def test_a_crash_after_the_server_took_it(scene: Scene, fault: Fault) -> None:
    """F2: the third transaction records what became of it. The repeat has the same Message-ID and bytes."""
    faulty = FaultyDatabase(scene.database)
    faulty.faults.extend([Fault.NONE, Fault.NONE, fault])
    with pytest.raises(OperationalError):
        await attempt(messages_of(faulty, scene.smtp).deliver, scene.order)
    await faulty.close()
    assert len(scene.smtp.messages) == 1

    delivered = await attempt(messages_of(scene.database, scene.smtp).deliver, scene.order, after=10 * MINUTE)

    assert len({mail.raw for mail in scene.smtp.messages}) == 1
    assert len(scene.smtp.messages) == (2 if fault is Fault.BEFORE_COMMIT else 1)
    # The days run from when the server took it first: that is what the e-mail says.
    assert (delivered.at, delivered.deadline) == (NOW, NOW + WEEK)
    assert await times_of(scene.database, "invitation.sent") == [NOW]


async def test_an_answer_that_never_came_is_doubt(scene: Scene) -> None:
    """The server may have taken it: every repeat says the same, whatever came in between."""
    scene.smtp.behave("ny@example.com", [Reset(at=Stage.DATA), Reply(450)])
    activities = messages_of(scene.database, scene.smtp)
    for code in (Code.MAIL_UNREACHABLE, Code.MAIL_TEMPORARY):
        with pytest.raises(ApplicationError, match=code):
            await attempt(activities.deliver, scene.order)

    delivered = await attempt(activities.deliver, scene.order, after=10 * MINUTE)

    [mail] = scene.smtp.messages
    assert parsedate_to_datetime(_header(mail, "Date")) == NOW.replace(microsecond=0)
    assert delivered.at == NOW


@pytest.mark.parametrize("trouble", [Reply(450), Reply(451, at=Stage.DATA), Reset()], ids=str)
async def test_what_was_not_taken_speaks_of_when_it_is(scene: Scene, trouble: Reply) -> None:
    scene.smtp.behave("ny@example.com", [trouble, trouble])
    activities = messages_of(scene.database, scene.smtp)
    for tries in range(2):
        with pytest.raises(ApplicationError) as failed:
            await attempt(activities.deliver, scene.order, after=tries * MINUTE)
        assert not failed.value.non_retryable
        assert (await scene.row()).delivery is DeliveryState.QUEUED

    delivered = await attempt(activities.deliver, scene.order, after=15 * MINUTE)

    at = NOW + 15 * MINUTE
    row = await scene.row()
    assert (delivered.state, delivered.at, delivered.deadline) == (DeliveryState.SENT, at, at + WEEK)
    assert (row.delivery, row.sent_at, row.deadline) == (DeliveryState.SENT, at, at + WEEK)
    [mail] = scene.smtp.messages
    assert parsedate_to_datetime(_header(mail, "Date")) == at.replace(microsecond=0)
    assert says(mail, absolute_time(at + WEEK, Language.SWEDISH, TIME_ZONE))


async def test_refused_for_good(scene: Scene) -> None:
    scene.smtp.behave("ny@example.com", Reply(550))
    activities = messages_of(scene.database, scene.smtp)

    for _ in range(2):
        delivered = await attempt(activities.deliver, scene.order)
        assert delivered.state is DeliveryState.FAILED
    assert scene.smtp.attempts == ["ny@example.com"]
    assert (await scene.row()).delivery is DeliveryState.FAILED
    assert await times_of(scene.database, "invitation.sent") == []


async def test_two_attempts_at_once_are_recorded_once(scene: Scene) -> None:
    """A local attempt that ran out of time may still be under way when the next one runs."""
    slow = Slow(0.2, at=Stage.DATA)
    scene.smtp.behave("ny@example.com", [Reply(450), slow, slow])
    activities = messages_of(scene.database, scene.smtp)
    with pytest.raises(ApplicationError):
        await attempt(activities.deliver, scene.order)

    one, other = await asyncio.gather(*(attempt(activities.deliver, scene.order) for _ in range(2)))

    assert one == other
    assert len({mail.raw for mail in scene.smtp.messages}) == 1
    assert await times_of(scene.database, "invitation.sent") == [NOW]


async def test_nothing_is_sent_about_what_is_over(scene: Scene) -> None:
    activities = messages_of(scene.database, scene.smtp)
    await attempt(activities.deliver, scene.order)
    late = RemindInvitee(invitation_id=scene.invitation.id, now=NOW + WEEK)
    await attempt(activities.remind, late)
    await scene.end(InvitationState.DECLINED)

    await attempt(activities.remind, late.model_copy(update={"now": NOW}))
    await attempt(activities.deliver, scene.order)

    assert len(scene.smtp.messages) == 1


async def test_a_reminder_twice_is_one(scene: Scene) -> None:
    activities = messages_of(scene.database, scene.smtp)
    await attempt(activities.deliver, scene.order)
    reminder = RemindInvitee(invitation_id=scene.invitation.id, now=NOW + timedelta(days=5))

    for _ in range(2):
        await attempt(activities.remind, reminder)

    assert len(scene.smtp.messages) == 2
    assert await times_of(scene.database, "invitation.reminded") == [NOW + timedelta(days=5)]
    assert (await scene.row()).deadline == NOW + WEEK


async def test_one_mailbox_holds_no_others_news_up(scene: Scene) -> None:
    activities = messages_of(scene.database, scene.smtp)
    await attempt(activities.deliver, scene.order)
    await scene.end(InvitationState.VOID)
    news = TellOfEnd(invitation_id=scene.invitation.id, state=InvitationState.VOID, now=NOW)

    # The inviter's is the first of the two.
    scene.smtp.behave(scene.inviter.email, [Reply(450)])
    with pytest.raises(ApplicationError, match=Code.MAIL_TEMPORARY):
        await attempt(activities.tell_of_end, news)
    assert [mail.to for mail in scene.smtp.messages[1:]] == ["ny@example.com"]
    for _ in range(2):
        await attempt(activities.tell_of_end, news)

    assert [mail.to for mail in scene.smtp.messages[1:]] == ["ny@example.com", scene.inviter.email]


def _header(mail: TakenMessage, name: str) -> str:
    return str(BytesParser(policy=policy.default).parsebytes(mail.raw)[name])
