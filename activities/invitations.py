"""What the invitation process does to the database (spec 3.1). Each method may run any number of times."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from domain import roles
from domain.codes import Code, Refused
from domain.invitations import (
    DecisionOutcome,
    EndInvitation,
    ExtendDeadline,
    GrantAuthorization,
    LookAtInvitation,
)
from domain.vocabulary import DeliveryState, GrantedThrough, InvitationState, ProcessKind
from store import authorizations, disputes, falling, identifications, invitations, outbox, policy, users
from store.audit import Event
from store.authorizations import Authorization
from store.database import Database
from store.invitations import Invitation
from store.users import User


class InvitationActivities:
    """The transactions behind a decision or an end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="GrantAuthorization")
    async def grant(self, grant: GrantAuthorization) -> DecisionOutcome:
        """Turns an accepted invitation into an authorization, if the right it rests on still stands.

        Refusals `invitation.wrong_recipient`, `identification.required` and `authorization.suspended` leave
        it open. When the inviter's right or the relation is gone, the invitation is void.
        """
        async with self._database.transaction() as session:
            invitation = await _locked(session, grant.invitation_id)
            if not invitation.state.is_open:
                return _outcome(invitation)
            user = await users.user(session, grant.user_id)
            if user is None or user.email_normalised != invitation.email_normalised:
                return DecisionOutcome(state=invitation.state, refusal=Code.INVITATION_WRONG_RECIPIENT)
            refusal = await _refusal_to_receive(session, invitation, user)
            if refusal is not None:
                return DecisionOutcome(state=invitation.state, refusal=refusal)
            if await _right_is_gone(session, invitation, grant.now):
                _end(session, invitation, InvitationState.VOID, by=None, at=grant.now)
                return _outcome(invitation)
            await _grant(session, invitation, user, grant.now)
            return _outcome(invitation)

    @activity.defn(name="EndInvitation")
    async def end(self, end: EndInvitation) -> DecisionOutcome:
        """Records an end other than acceptance, unless one is recorded already: the first stays."""
        async with self._database.transaction() as session:
            invitation = await _locked(session, end.invitation_id)
            if invitation.state.is_open:
                _end(session, invitation, end.state, by=end.actor_id, at=end.now)
            return _outcome(invitation)

    @activity.defn(name="LookAtInvitation")
    async def look(self, look: LookAtInvitation) -> DecisionOutcome:
        """How the invitation stands in the database."""
        async with self._database.reading() as session:
            invitation = await invitations.invitation(session, look.invitation_id)
            if invitation is None:
                raise Refused(Code.NOT_FOUND)
            return _outcome(invitation)

    @activity.defn(name="ExtendDeadline")
    async def extend_deadline(self, extension: ExtendDeadline) -> None:
        """Records that the invitee registers, and until when the invitation now waits for that."""
        async with self._database.transaction() as session:
            invitation = await _locked(session, extension.invitation_id)
            if not invitation.state.is_open:
                return
            if invitation.state is InvitationState.PENDING:
                invitation.state = InvitationState.REGISTERING
                invitations.record(session, invitation, Event.INVITATION_REGISTERING, at=extension.now)
            invitation.deadline = max(invitation.deadline, extension.deadline)


async def _locked(session: AsyncSession, invitation_id: UUID) -> Invitation:
    """The row; it is written before the process starts, so without it the process has no sense."""
    invitation = await invitations.locked(session, invitation_id)
    if invitation is None:
        raise Refused(Code.NOT_FOUND)
    return invitation


def _outcome(invitation: Invitation) -> DecisionOutcome:
    return DecisionOutcome(state=invitation.state, decided_by=invitation.ended_by)


async def _refusal_to_receive(session: AsyncSession, invitation: Invitation, user: User) -> Code | None:
    """Why the levels may not go to this user."""
    if await disputes.is_suspended_at(session, user.id, invitation.relation.customer_id):
        return Code.AUTHORIZATION_SUSPENDED
    if not roles.needs_strong_identification(invitation.levels):
        return None
    identity = await identifications.identity_of(session, user.id)
    return Code.IDENTIFICATION_REQUIRED if identity is None else None


async def _right_is_gone(session: AsyncSession, invitation: Invitation, now: datetime) -> bool:
    """Asks again, and locks the answer: who removes the right waits for this transaction, or was first.

    A right that was given again meanwhile is another one: what fell with the old one stays fallen.
    """
    giver = await policy.levels(session, invitation.inviter_id, invitation.relation_id, now, lock=True)
    if await outbox.owes_signal(session, invitation.id, falling.RIGHT_LOST):
        return True
    refusal = roles.refusal_to_give(
        kind=invitation.relation.customer.kind,
        role=invitation.role,
        levels=invitation.levels,
        giver=giver,
    )
    return refusal is not None


async def _grant(session: AsyncSession, invitation: Invitation, user: User, now: datetime) -> None:
    held = await authorizations.in_role(session, user.id, invitation.relation_id, invitation.role)
    if held is None:
        authorization = Authorization(
            user_id=user.id,
            relation_id=invitation.relation_id,
            role=invitation.role,
            levels=dict(invitation.levels),
            valid_from=now,
            granted_through=GrantedThrough.INVITATION,
            granted_by=invitation.inviter_id,
            process_id=invitation.id,
        )
        session.add(authorization)
        await session.flush()
        invitations.record(
            session,
            invitation,
            Event.AUTHORIZATION_GRANTED,
            at=now,
            by=invitation.inviter_id,
            subject_id=authorization.id,
        )
    _end(session, invitation, InvitationState.ACCEPTED, by=user.id, at=now)


def _end(
    session: AsyncSession, invitation: Invitation, state: InvitationState, *, by: UUID | None, at: datetime
) -> None:
    invitations.end(session, invitation, state, by=by, at=at)
    # Should the process forget this, because its worker dies before Temporal hears of it, it is reminded.
    outbox.owe_signal(session, ProcessKind.INVITATION, invitation.id, "row_ended", at)
    if state is InvitationState.UNDELIVERABLE:
        invitation.delivery = DeliveryState.FAILED
    activity.metric_meter().create_counter("fullmakt_invitations_ended", "Invitations by their end").add(
        1, {"state": state.value}
    )
