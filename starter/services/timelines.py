"""A process as its people see it: what was done, who is waited for, until when, how it ended.

From the database, so it outlives Temporal's memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from domain.codes import Code, Refused
from domain.vocabulary import (
    AuthorizationChangeKind,
    AuthorizationChangeState,
    InvitationState,
    Level,
    ProcessKind,
    Subpage,
)
from runtime.texts import N_
from starter.services import answers
from starter.services.context import Services
from store import audit, authorization_changes, authorizations, invitations, policy
from store.audit import Event
from store.authorization_changes import AuthorizationChange
from store.invitations import Before, Invitation
from store.users import User

# The steps of an invitation that people are shown, in words.
_STEPS: Mapping[Event, str] = MappingProxyType(
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


# What was done to what a user holds, as an event and in words.
_CHANGES: Mapping[AuthorizationChangeKind, tuple[Event, str]] = MappingProxyType(
    {
        AuthorizationChangeKind.REMOVAL: (Event.AUTHORIZATION_ENDED, N_("The authorization was removed.")),
        AuthorizationChangeKind.GIVEN_UP: (Event.AUTHORIZATION_ENDED, N_("The authorization was given up.")),
        AuthorizationChangeKind.LEVELS: (
            Event.AUTHORIZATION_LEVELS_CHANGED,
            N_("What the authorization allows was changed."),
        ),
    }
)
_FELL = N_("Open invitations that rested on it are no longer valid.")
_TOLD = N_("Everybody concerned was told by e-mail.")

State = InvitationState | AuthorizationChangeState


@dataclass(frozen=True)
class Step:
    """Something that happened. `text` is in English, to be translated.

    `by`, of an invitation: `inviter`; `manager`, another one who manages the users; `invitee`. Of a change of
    what a user holds: `manager`; `user`, himself; `customer_service`. `process` when nobody did it.
    """

    at: datetime
    event: Event
    text: str
    by: str


@dataclass(frozen=True)
class Timeline:
    """`waiting_for` and `until` are set while somebody's answer is waited for.

    `change` and `user_name`: of a change of what a user holds, which, and whose it is.
    """

    id: UUID
    kind: ProcessKind
    state: State
    waiting_for: str | None
    until: datetime | None
    steps: Sequence[Step]
    change: AuthorizationChangeKind | None = None
    user_name: str | None = None


@dataclass(frozen=True)
class Summary:
    """A process in a list. `until` is set while an answer is waited for.

    `invitee_name`: of an invitation, until it is erased; `change` and `user_name` as in `Timeline`.
    """

    id: UUID
    kind: ProcessKind
    state: State
    created_at: datetime
    until: datetime | None = None
    invitee_name: str | None = None
    change: AuthorizationChangeKind | None = None
    user_name: str | None = None


async def of_relation(
    services: Services, user: User, relation_id: UUID, before: Before | None, limit: int
) -> Sequence[Summary]:
    """The processes on a relation that this user may see, the newest first: those who manage its users see
    all, others what was addressed to them, and what was done to what they hold.

    Raises Refused(`not_found`) for somebody who holds nothing on it.
    """
    now = services.clock()
    async with services.database.reading() as session:
        await policy.require_relation(session, user.id, relation_id, now)
        levels = await policy.levels(session, user.id, relation_id, now)
        manages = levels[Subpage.USERS] is Level.WRITE
        if manages:
            invited = await invitations.of_relation(session, relation_id, at=now, before=before, limit=limit)
        else:
            invited = await invitations.of_recipient_on(
                session, user.email_normalised, relation_id, before=before, limit=limit
            )
        changed = await authorization_changes.of_relation(
            session, relation_id, before=before, limit=limit, user_id=None if manages else user.id
        )
    found = [*(_invited(each, now) for each in invited), *(_changed(each) for each in changed)]
    return sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)[:limit]


def _invited(invitation: Invitation, now: datetime) -> Summary:
    state = invitation.state_at(now)
    return Summary(
        id=invitation.id,
        kind=ProcessKind.INVITATION,
        state=state,
        created_at=invitation.created_at,
        until=invitation.deadline if state.is_open else None,
        invitee_name=None if invitation.purged_at else invitation.invitee_name,
    )


def _changed(change: AuthorizationChange) -> Summary:
    return Summary(
        id=change.id,
        kind=ProcessKind.AUTHORIZATION_CHANGE,
        state=change.state,
        created_at=change.created_at,
        change=change.kind,
        user_name=change.user.full_name,
    )


async def timeline(services: Services, user: User, process_id: UUID) -> Timeline:
    """The timeline of a process, for whoever may see the process. Raises Refused(`not_found`)."""
    change = await changed(services, user, process_id)
    if change is not None:
        return of_change(change)
    invitation = (await answers.view(services, user, process_id)).invitation
    return await of_invitation(services, invitation)


async def changed(services: Services, user: User, process_id: UUID) -> AuthorizationChange | None:
    """What was done to what somebody holds; None when the process is another one.

    For himself, for who did it as long as he holds something there, and for those who manage the relation's
    users. Raises Refused(`not_found`) for everybody else.
    """
    now = services.clock()
    async with services.database.reading() as session:
        change = await authorization_changes.change(session, process_id)
        if change is None or change.user_id == user.id:
            return change
        held = await authorizations.active_on(session, user.id, change.relation_id, now)
    manages = policy.levels_of(change.relation, held, now)[Subpage.USERS] is Level.WRITE
    if not manages and not (held and change.actor_id == user.id):
        raise Refused(Code.NOT_FOUND)
    return change


def of_change(change: AuthorizationChange) -> Timeline:
    """The timeline of what was done to what a user holds."""
    event, text = _CHANGES[change.kind]
    steps = [Step(change.created_at, event, text, _by_whom(change))]
    if change.fallen_invitations:
        steps.append(Step(change.created_at, Event.INVITATION_VOID, _FELL, "process"))
    if change.ended_at is not None:
        steps.append(Step(change.ended_at, Event.AUTHORIZATION_CHANGE_TOLD, _TOLD, "process"))
    return Timeline(
        id=change.id,
        kind=ProcessKind.AUTHORIZATION_CHANGE,
        state=change.state,
        waiting_for=None,
        until=None,
        steps=steps,
        change=change.kind,
        user_name=change.user.full_name,
    )


def _by_whom(change: AuthorizationChange) -> str:
    if change.actor_id is None:
        return "customer_service"
    return "user" if change.actor_id == change.user_id else "manager"


async def of_invitation(services: Services, invitation: Invitation) -> Timeline:
    """The timeline of an invitation."""
    async with services.database.reading() as session:
        events = await audit.of_process(session, invitation.id)
    state = invitation.state_at(services.clock())
    return Timeline(
        id=invitation.id,
        kind=ProcessKind.INVITATION,
        state=state,
        waiting_for="invitee" if state.is_open else None,
        until=invitation.deadline if state.is_open else None,
        steps=[
            Step(each.at, each.event, _STEPS[each.event], _by(each, invitation))
            for each in events
            if each.event in _STEPS
        ],
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
