"""What each e-mail is filled in with: one frozen model a message (architecture rule 12).

How a field is shown follows from its type, so that a template cannot forget it (`emails.render`): a plain
`str` is taken for something a person wrote and is made harmless, `Quoted` is that with its lines kept,
`Link` is ours and must lie under the configured origin, and `Code` has no characters that could do harm, so
it is shown as is. Times are aware and kept in UTC.
"""

from collections.abc import Mapping
from datetime import UTC
from enum import Enum, auto
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from domain.vocabulary import (
    Commodity,
    CustomerKind,
    Level,
    Message,
    RightsRequestState,
    Role,
    Subpage,
)


class Treatment(Enum):
    """How a string is shown when it is not a short piece that a person wrote."""

    QUOTED = auto()
    LINK = auto()
    CODE = auto()


Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
Quoted = Annotated[str, Treatment.QUOTED]
Link = Annotated[str, Treatment.LINK]
Code = Annotated[str, Treatment.CODE, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")]


class EmailProps(BaseModel):
    """What all of them share: they never change, refuse unknown fields, and errors show no values."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RelationLabel(EmailProps):
    """How a customer relation is named: whose it is, and what it is about.

    The business ID tells companies with like names apart (case A34).
    """

    customer_name: str
    customer_kind: CustomerKind
    commodity: Commodity
    business_id: Annotated[Code | None, Treatment.CODE] = None


class CustomerLabel(EmailProps):
    """How a customer is named, with all its relations: always with the business ID, if there is one (A34)."""

    customer_name: str
    business_id: Annotated[Code | None, Treatment.CODE]


class InvitationProps(EmailProps):
    """To the invitee: somebody wants to give you an authorization.

    `needs_identification`: to approve it he has to have identified strongly.
    """

    invitee_first_name: str
    inviter_name: str
    relation: RelationLabel
    role: Role
    cover_message: Quoted
    link: Link
    deadline: Moment
    needs_identification: bool


class InvitationReminderProps(InvitationProps):
    """To the invitee: the invitation still waits for an answer."""


class InvitationAcceptedProps(EmailProps):
    """To the inviter: accepted. `typed_name` is what the inviter wrote, `invitee_name` the user's own."""

    inviter_first_name: str
    invitee_name: str
    typed_name: str
    relation: RelationLabel
    role: Role
    accepted_at: Moment


class AuthorizationGrantedProps(EmailProps):
    """To the invitee: you have the authorization now."""

    first_name: str
    inviter_name: str
    relation: RelationLabel
    role: Role
    granted_at: Moment


class _ToInviter(EmailProps):
    """To the inviter, about the invitation of the person he named `invitee_name`."""

    inviter_first_name: str
    invitee_name: str
    relation: RelationLabel


class InvitationDeclinedProps(_ToInviter):
    """To the inviter: declined."""

    declined_at: Moment


class InvitationCancelledProps(EmailProps):
    """To the invitee: the inviter took the invitation back."""

    invitee_first_name: str
    inviter_name: str
    relation: RelationLabel
    cancelled_at: Moment


class InvitationExpiredProps(_ToInviter):
    """To the inviter: nobody answered in time."""

    expired_at: Moment


class InvitationUndeliverableProps(_ToInviter):
    """To the inviter: the e-mail could not be delivered to the address he gave."""

    invitee_email: str


class InvitationVoidProps(_ToInviter):
    """To the inviter: the invitation fell with his right to manage the relation's users."""


class InvitationWithdrawnProps(EmailProps):
    """To the invitee: the invitation fell; whose right ended and why is not told."""

    invitee_first_name: str
    relation: RelationLabel


class EmailConfirmationProps(EmailProps):
    """To the address that somebody gave at a registration: confirm that it is yours.

    `first_name` and `customer_name`, a company's, are as typed, perhaps by a stranger. Until `deadline` the
    registration can be completed.
    """

    first_name: str
    customer_name: str | None
    link: Link
    deadline: Moment


class EmailInUseProps(EmailProps):
    """To a user's address that was given at a registration: log in. Holds nothing that was typed there."""

    login_link: Link


class RegistrationCompletedProps(EmailProps):
    """To the person who registered. A private customer has neither `customer` nor `role` here."""

    first_name: str
    customer: CustomerLabel | None
    role: Role | None
    completed_at: Moment
    link: Link


class RegistrationNoticeProps(EmailProps):
    """To a company's contact and administrators: somebody has registered for the company.

    `person_name` is the one that strong identification gave. `dispute_link` works until `dispute_until`.
    """

    customer: CustomerLabel
    person_name: str
    role: Role
    registered_at: Moment
    dispute_link: Link
    dispute_until: Moment


class RegistrationSuspendedProps(EmailProps):
    """To the person whose authorization the company disputed; who did so is not told."""

    first_name: str
    customer: CustomerLabel
    suspended_at: Moment


class ContractsLinkedProps(EmailProps):
    """To a person whose contracts were fetched: what is seen now, and what has no contract in force any more.

    Both are empty when nothing was found under the personal identity code.
    """

    first_name: str
    linked: tuple[RelationLabel, ...]
    closed: tuple[RelationLabel, ...]
    linked_at: Moment
    link: Link


class ContractsNotLinkedProps(EmailProps):
    """To a person whose contracts could not be fetched: the customer registry did not answer."""

    first_name: str
    link: Link


class HeldRole(EmailProps):
    """A role that is or was held on the relation."""

    role: Role


class SubpageLevel(EmailProps):
    """What may be done on a subpage: to see, or to see and change."""

    subpage: Subpage
    level: Level


class _AuthorizationChangeProps(EmailProps):
    """About what a user held on a relation in these roles; `left`: what he may do there now, if anything."""

    first_name: str
    relation: RelationLabel
    roles: tuple[HeldRole, ...]
    changed_at: Moment
    left: tuple[SubpageLevel, ...]


class AuthorizationRemovedProps(_AuthorizationChangeProps):
    """To the user: somebody removed it. `actor_name`: None for customer service."""

    actor_name: str | None


class AuthorizationGivenUpProps(_AuthorizationChangeProps):
    """To the user who gave it up himself."""


class AuthorizationLevelsChangedProps(_AuthorizationChangeProps):
    """To the user: what it allows was changed by himself, somebody else, or customer service (None)."""

    actor_name: str | None
    by_reader: bool
    link: Link


class _ChangeNoticeProps(_AuthorizationChangeProps):
    """To somebody who manages the relation's users, about the user `user_name`."""

    user_name: str
    link: Link


class AuthorizationRemovedNoticeProps(_ChangeNoticeProps):
    """Somebody's was removed: by the reader, by another manager, or by customer service (None)."""

    actor_name: str | None
    by_reader: bool


class AuthorizationGivenUpNoticeProps(_ChangeNoticeProps):
    """Somebody gave his own up."""


class PasswordResetProps(EmailProps):
    """To a user whose address was given under *Forgotten password*. The link works until `deadline`, once."""

    first_name: str
    link: Link
    deadline: Moment


class PasswordChangedProps(EmailProps):
    """To a user whose password was changed. `link`: where he gets a new one if it was not he."""

    first_name: str
    changed_at: Moment
    link: Link


class UsernameReminderProps(EmailProps):
    """To a user whose address was given under *Forgotten username*.

    The username is shown as is, to be copied: it is the reader's own, without spaces.
    """

    first_name: str
    username: Annotated[str, Treatment.CODE, Field(pattern=r"^\S{1,254}$")]
    login_link: Link


class EmailChangeProps(EmailProps):
    """To the address that a user wants to change to: confirm it until `deadline`.

    `first_name` is the user's; he may be a stranger to whoever reads it.
    """

    first_name: str
    link: Link
    deadline: Moment


class EmailChangeAskedProps(EmailProps):
    """To a user's present address: somebody asked to change it. The other one, unconfirmed, is not told."""

    first_name: str
    asked_at: Moment


class EmailChangedProps(EmailProps):
    """To a user's old and new address. `username_changed`: it was the old address, and is the new one."""

    first_name: str
    changed_at: Moment
    username_changed: bool


class RightsRequestedProps(EmailProps):
    """To somebody who manages the users: a user asks for more. `asked`: what he does not have yet.

    `message` is what he wrote, perhaps nothing.
    """

    first_name: str
    user_name: str
    relation: RelationLabel
    asked: tuple[SubpageLevel, ...]
    message: Quoted
    deadline: Moment
    is_reminder: bool
    link: Link


class RightsRequestEndedProps(EmailProps):
    """To who asked: `state` is declined, expired or void."""

    first_name: str
    relation: RelationLabel
    state: RightsRequestState
    link: Link


class ErasureScheduledProps(EmailProps):
    """To a user who wants to be erased: it is done at `due`, unless he regrets it by `link` before."""

    first_name: str
    due: Moment
    link: Link


class ErasureCancelledProps(EmailProps):
    """To a user who regretted it."""

    first_name: str


class ErasureDueProps(EmailProps):
    """The last e-mail: the user's data are erased now."""

    first_name: str


PROPS: Mapping[Message, type[EmailProps]] = MappingProxyType(
    {
        Message.INVITATION: InvitationProps,
        Message.INVITATION_REMINDER: InvitationReminderProps,
        Message.INVITATION_ACCEPTED: InvitationAcceptedProps,
        Message.AUTHORIZATION_GRANTED: AuthorizationGrantedProps,
        Message.AUTHORIZATION_REMOVED: AuthorizationRemovedProps,
        Message.AUTHORIZATION_REMOVED_NOTICE: AuthorizationRemovedNoticeProps,
        Message.AUTHORIZATION_GIVEN_UP: AuthorizationGivenUpProps,
        Message.AUTHORIZATION_GIVEN_UP_NOTICE: AuthorizationGivenUpNoticeProps,
        Message.AUTHORIZATION_LEVELS_CHANGED: AuthorizationLevelsChangedProps,
        Message.RIGHTS_REQUESTED: RightsRequestedProps,
        Message.RIGHTS_REQUEST_ENDED: RightsRequestEndedProps,
        Message.ERASURE_SCHEDULED: ErasureScheduledProps,
        Message.ERASURE_CANCELLED: ErasureCancelledProps,
        Message.ERASURE_DUE: ErasureDueProps,
        Message.INVITATION_DECLINED: InvitationDeclinedProps,
        Message.INVITATION_CANCELLED: InvitationCancelledProps,
        Message.INVITATION_EXPIRED: InvitationExpiredProps,
        Message.INVITATION_UNDELIVERABLE: InvitationUndeliverableProps,
        Message.INVITATION_VOID: InvitationVoidProps,
        Message.INVITATION_WITHDRAWN: InvitationWithdrawnProps,
        Message.EMAIL_CONFIRMATION: EmailConfirmationProps,
        Message.EMAIL_IN_USE: EmailInUseProps,
        Message.REGISTRATION_COMPLETED: RegistrationCompletedProps,
        Message.REGISTRATION_NOTICE: RegistrationNoticeProps,
        Message.REGISTRATION_SUSPENDED: RegistrationSuspendedProps,
        Message.CONTRACTS_LINKED: ContractsLinkedProps,
        Message.CONTRACTS_NOT_LINKED: ContractsNotLinkedProps,
        Message.PASSWORD_RESET: PasswordResetProps,
        Message.PASSWORD_CHANGED: PasswordChangedProps,
        Message.USERNAME_REMINDER: UsernameReminderProps,
        Message.EMAIL_CHANGE: EmailChangeProps,
        Message.EMAIL_CHANGE_ASKED: EmailChangeAskedProps,
        Message.EMAIL_CHANGED: EmailChangedProps,
    }
)
