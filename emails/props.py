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

from domain.vocabulary import Commodity, CustomerKind, Message, Role


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


class InvitationProps(EmailProps):
    """To the invitee: somebody wants to give you an authorization."""

    invitee_first_name: str
    inviter_name: str
    relation: RelationLabel
    role: Role
    cover_message: Quoted
    link: Link
    deadline: Moment


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


PROPS: Mapping[Message, type[EmailProps]] = MappingProxyType(
    {
        Message.INVITATION: InvitationProps,
        Message.INVITATION_REMINDER: InvitationReminderProps,
        Message.INVITATION_ACCEPTED: InvitationAcceptedProps,
        Message.AUTHORIZATION_GRANTED: AuthorizationGrantedProps,
        Message.INVITATION_DECLINED: InvitationDeclinedProps,
        Message.INVITATION_CANCELLED: InvitationCancelledProps,
        Message.INVITATION_EXPIRED: InvitationExpiredProps,
        Message.INVITATION_UNDELIVERABLE: InvitationUndeliverableProps,
        Message.INVITATION_VOID: InvitationVoidProps,
        Message.INVITATION_WITHDRAWN: InvitationWithdrawnProps,
    }
)
