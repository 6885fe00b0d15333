"""The e-mails of the invitation process: the invitation, its reminder, and the news of its end (spec 3.1)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.invitation_letters import InvitationLetters, of_end
from activities.notifications import Fate, Notifier, attempt_time
from domain.codes import Code, Refused
from domain.invitations import Delivered, DeliverInvitation, RemindInvitee, TellOfEnd
from domain.vocabulary import DeliveryState, InvitationState
from store import invitations, outbox, users
from store.audit import Event
from store.database import Database
from store.invitations import Invitation
from store.users import User


class InvitationMessages:
    """Sends them, and records with each what it changes of the invitation."""

    def __init__(self, database: Database, notifier: Notifier, letters: InvitationLetters) -> None:
        self._database = database
        self._notifier = notifier
        self._letters = letters

    @activity.defn(name="DeliverInvitation")
    async def deliver(self, order: DeliverInvitation) -> Delivered:
        """Sends the invitation. From when the mail server takes it, the invitee has `order.acceptance`."""
        now = attempt_time(order.now)
        invitation, invitee = await self._load(order.invitation_id)

        async def settled(session: AsyncSession, fate: Fate) -> None:
            row = await _locked(session, order.invitation_id)
            row.delivery = fate.state
            if fate.state is DeliveryState.SENT:
                row.sent_at = fate.at
                invitations.record(session, row, Event.INVITATION_SENT, at=fate.at)
                if row.state.is_open:
                    row.deadline = fate.at + order.acceptance

        if invitation.state.is_open:
            letter = self._letters.invitation(invitation, invitee, order.acceptance)
            await self._notifier.send(invitation.id, letter, now=now, settled=settled)
            invitation, _ = await self._load(order.invitation_id)
        return Delivered(
            state=invitation.delivery, at=invitation.sent_at or now, deadline=invitation.deadline
        )

    @activity.defn(name="RemindInvitee")
    async def remind(self, order: RemindInvitee) -> None:
        """Reminds the invitee, unless the invitation is over, by an end or its deadline."""
        now = attempt_time(order.now)
        invitation, invitee = await self._load(order.invitation_id)

        async def settled(session: AsyncSession, fate: Fate) -> None:
            if fate.state is DeliveryState.SENT:
                invitations.record(session, invitation, Event.INVITATION_REMINDED, at=fate.at)

        if invitation.state_at(now).is_open:
            letter = self._letters.reminder(invitation, invitee)
            await self._notifier.send(invitation.id, letter, now=now, settled=settled)

    @activity.defn(name="TellOfEnd")
    async def tell_of_end(self, news: TellOfEnd) -> None:
        """Tells everybody concerned how it ended. An e-mail that was sent is not sent again.

        One that is not taken this time holds up nobody else's.
        """
        now = attempt_time(news.now)
        async with self._database.transaction() as session:
            await outbox.signal_needless(session, news.invitation_id, "row_ended")
        invitation, invitee = await self._load(news.invitation_id)
        failure: ApplicationError | None = None
        for letter in of_end(invitation, invitee):
            try:
                await self._notifier.send(invitation.id, letter, now=now)
            except ApplicationError as error:
                failure = error
        if failure is not None:
            raise failure

    async def _load(self, invitation_id: UUID) -> tuple[Invitation, User | None]:
        """The invitation, and the user who accepted it or, before that, has its address."""
        async with self._database.reading() as session:
            invitation = await invitations.invitation(session, invitation_id)
            if invitation is None:
                raise Refused(Code.NOT_FOUND)
            if invitation.state is InvitationState.ACCEPTED and invitation.ended_by is not None:
                return invitation, await users.user(session, invitation.ended_by)
            return invitation, await users.by_email(session, invitation.email)


async def _locked(session: AsyncSession, invitation_id: UUID) -> Invitation:
    invitation = await invitations.locked(session, invitation_id)
    if invitation is None:
        raise Refused(Code.NOT_FOUND)
    return invitation
