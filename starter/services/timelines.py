"""A process as its people see it: what was done, who is waited for, until when, how it ended.

From the database, so it outlives Temporal's memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from domain.vocabulary import InvitationState, Level, ProcessKind, Subpage
from runtime.texts import N_
from starter.services import answers
from starter.services.context import Services
from store import audit, invitations, policy
from store.audit import Event
from store.invitations import Before, Invitation
from store.users import User

# The steps that people are shown, in words.
STEPS: Mapping[Event, str] = MappingProxyType(
    {
        Event.INVITATION_CREATED: N_("The invitation was made."),
        Event.INVITATION_SENT: N_("The invitation was sent by e-mail."),
        Event.INVITATION_REMINDED: N_("A reminder was sent."),
        Event.INVITATION_REGISTERING: N_("The invited person began to register."),
        Event.USER_REGISTERED: N_("The invited person registered."),
        Event.AUTHORIZATION_GRANTED: N_("The authorization was given."),
        Event.INVITATION_ACCEPTED: N_("The invitation was accepted."),
        Event.INVITATION_DECLINED: N_("The invitation was declined."),
        Event.INVITATION_CANCELLED: N_("The invitation was cancelled."),
        Event.INVITATION_EXPIRED: N_("The invitation expired without an answer."),
        Event.INVITATION_UNDELIVERABLE: N_("The invitation could not be delivered to the e-mail address."),
        Event.INVITATION_VOID: N_(
            "The invitation is no longer valid: the right that it rested on has ended."
        ),
        Event.INVITATION_PURGED: N_("The invited person's details were erased."),
    }
)


@dataclass(frozen=True)
class Step:
    """Something that happened.

    `by`: `inviter`; `manager`, another one who manages the users; `invitee`; `process` when nobody did it.
    """

    at: datetime
    event: Event
    by: str


@dataclass(frozen=True)
class Timeline:
    """`waiting_for` and `until` are set while it is open."""

    id: UUID
    kind: ProcessKind
    state: InvitationState
    waiting_for: str | None
    until: datetime | None
    steps: Sequence[Step]


@dataclass(frozen=True)
class Summary:
    """A process in a list. `until` is set while it is open; the name is None once erased."""

    id: UUID
    kind: ProcessKind
    state: InvitationState
    invitee_name: str | None
    created_at: datetime
    until: datetime | None


async def of_relation(
    services: Services, user: User, relation_id: UUID, before: Before | None, limit: int
) -> Sequence[Summary]:
    """The processes on a relation that this user may see, the newest first: those who manage its users see
    all, others what was addressed to them.

    Raises Refused(`not_found`) for somebody who holds nothing on it.
    """
    now = services.clock()
    async with services.database.reading() as session:
        await policy.require_relation(session, user.id, relation_id, now)
        levels = await policy.levels(session, user.id, relation_id, now)
        if levels[Subpage.USERS] is Level.WRITE:
            found = await invitations.of_relation(session, relation_id, at=now, before=before, limit=limit)
        else:
            found = await invitations.of_recipient_on(
                session, user.email_normalised, relation_id, before=before, limit=limit
            )
    return [_summary(each, now) for each in found]


def _summary(invitation: Invitation, now: datetime) -> Summary:
    state = invitation.state_at(now)
    return Summary(
        id=invitation.id,
        kind=ProcessKind.INVITATION,
        state=state,
        invitee_name=None if invitation.purged_at else invitation.invitee_name,
        created_at=invitation.created_at,
        until=invitation.deadline if state.is_open else None,
    )


async def timeline(services: Services, user: User, process_id: UUID) -> Timeline:
    """The timeline of a process, for whoever may see the process. Raises Refused(`not_found`)."""
    invitation = (await answers.view(services, user, process_id)).invitation
    async with services.database.reading() as session:
        events = await audit.of_process(session, process_id)
    state = invitation.state_at(services.clock())
    return Timeline(
        id=process_id,
        kind=ProcessKind.INVITATION,
        state=state,
        waiting_for="invitee" if state.is_open else None,
        until=invitation.deadline if state.is_open else None,
        steps=[Step(each.at, each.event, _by(each, invitation)) for each in events if each.event in STEPS],
    )


def _by(event: audit.AuditEvent, invitation: Invitation) -> str:
    if event.event is Event.INVITATION_REGISTERING:
        return "invitee"
    if event.actor is not audit.Actor.USER:
        return "process"
    if event.event is Event.INVITATION_CANCELLED and event.actor_id != invitation.inviter_id:
        return "manager"
    if event.event in {Event.INVITATION_CREATED, Event.INVITATION_CANCELLED, Event.AUTHORIZATION_GRANTED}:
        return "inviter"
    return "invitee"
