"""A process as its people see it: what was done, who is waited for, until when, how it ended.

From the database, so it outlives Temporal's memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from domain.vocabulary import InvitationState, ProcessKind
from runtime.texts import N_
from starter.services import answers
from starter.services.context import Services
from store import audit
from store.audit import Event
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
    """Something that happened. `by`: `inviter`, `invitee`, or `process` when nobody did it."""

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
        steps=[Step(each.at, each.event, _by(each)) for each in events if each.event in STEPS],
    )


def _by(event: audit.AuditEvent) -> str:
    if event.event is Event.INVITATION_REGISTERING:
        return "invitee"
    if event.actor is not audit.Actor.USER:
        return "process"
    if event.event in {Event.INVITATION_CREATED, Event.INVITATION_CANCELLED, Event.AUTHORIZATION_GRANTED}:
        return "inviter"
    return "invitee"
