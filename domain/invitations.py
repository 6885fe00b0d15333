"""What the invitation process says to the world and the world to it (spec 3.1)."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.codes import Code
from domain.messages import ProcessMessage
from domain.vocabulary import DeliveryState, InvitationState


class InvitationWaits(ProcessMessage):
    """How long the process waits for what. Settings give these; a running process keeps its own."""

    acceptance: timedelta = timedelta(days=7)
    reminder_after: timedelta = timedelta(days=5)
    delivery: timedelta = timedelta(days=1)
    registration: timedelta = timedelta(hours=1)

    @property
    def at_most(self) -> timedelta:
        """From the start to the deadline as long as the e-mail has not been taken."""
        return self.delivery + self.acceptance


class InvitationStart(ProcessMessage):
    """Input of the process. `deadline` is the row's: start + `waits.at_most` until the e-mail is taken."""

    invitation_id: UUID
    deadline: datetime
    waits: InvitationWaits


class InvitationResult(ProcessMessage):
    """How it ended."""

    state: InvitationState


class Act(StrEnum):
    """What a person may do to an open invitation."""

    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"


class Decision(ProcessMessage):
    """Update `decide`: a person's act. Who he is was checked by whoever sends it; the grant checks again."""

    act: Act
    actor_id: UUID


class DecisionOutcome(ProcessMessage):
    """How the invitation stands after a decision.

    `refusal` is set when this decision changed nothing although the invitation is still open.
    `decided_by` is the person whose act ended it, if it was a person's act.
    """

    state: InvitationState
    decided_by: UUID | None = None
    refusal: Code | None = None


class BeginRegistration(ProcessMessage):
    """Update `begin_registration`: the invitee has posted a registration."""


class RegistrationBegun(ProcessMessage):
    """Reply to it: until when this person may now accept."""

    deadline: datetime


class RightLost(ProcessMessage):
    """Signal `right_lost`: the inviter may no longer manage the relation's users."""


class RowEnded(ProcessMessage):
    """Signal `row_ended`: the row shows an end that the process may not know of (docs/adr/0004)."""


class InvitationProgress(ProcessMessage):
    """Reply to query `progress`, for operators and tests."""

    state: InvitationState
    delivery: DeliveryState
    deadline: datetime
    reminded: bool


# Activities


class DeliverInvitation(ProcessMessage):
    """Send the invitation's e-mail; `acceptance` runs from when the mail server takes it."""

    invitation_id: UUID
    now: datetime
    acceptance: timedelta


class Delivered(ProcessMessage):
    """The e-mail was taken at `at`, which gives the deadline, or refused for good."""

    state: DeliveryState
    at: datetime
    deadline: datetime


class RemindInvitee(ProcessMessage):
    """Send the reminder, if the invitation is still open."""

    invitation_id: UUID
    now: datetime


class GrantAuthorization(ProcessMessage):
    """Turn an accepted invitation into an authorization of `user_id`."""

    invitation_id: UUID
    user_id: UUID
    now: datetime


class LookAtInvitation(ProcessMessage):
    """Read how the invitation stands in the database."""

    invitation_id: UUID


class EndInvitation(ProcessMessage):
    """Record an end other than acceptance; `actor_id` is None when no person ended it."""

    invitation_id: UUID
    state: InvitationState
    actor_id: UUID | None
    now: datetime


class ExtendDeadline(ProcessMessage):
    """Record that the invitee is registering, and until when."""

    invitation_id: UUID
    deadline: datetime
    now: datetime


class TellOfEnd(ProcessMessage):
    """Tell everybody concerned how the invitation ended."""

    invitation_id: UUID
    state: InvitationState
    now: datetime
