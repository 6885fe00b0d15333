"""What the API gives."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from domain.vocabulary import (
    AuthorizationChangeKind,
    AuthorizationChangeState,
    Commodity,
    CustomerKind,
    DeliveryState,
    GrantedThrough,
    InvitationState,
    Language,
    Level,
    ProcessKind,
    Role,
    Subpage,
)
from emails.render import RenderedEmail
from starter.services.e_services import OpenService as OpenServiceFound
from starter.services.timelines import Summary
from store.customers import CustomerRelation
from store.invitations import Invitation
from store.users import User


class OwnDetails(BaseModel):
    """A user, as he sees himself."""

    id: UUID
    username: str
    first_name: str
    last_name: str
    email: str
    language: Language
    name_suggestion_allowed: bool

    @classmethod
    def of(cls, user: User) -> Self:
        """From the row."""
        return cls(
            id=user.id,
            username=user.username,
            first_name=user.first_name,
            last_name=user.last_name,
            email=user.email,
            language=user.language,
            name_suggestion_allowed=user.name_suggestion_allowed,
        )


class StartedSession(BaseModel):
    """A session; the token is shown this once."""

    token: str
    expires_at: datetime
    user: OwnDetails


class Terms(BaseModel):
    """The terms of use in force."""

    version: str


class RelationLabel(BaseModel):
    """How a relation is named to people who may not see more of it."""

    id: UUID
    customer_name: str
    customer_kind: CustomerKind
    business_id: str | None
    commodity: Commodity

    @classmethod
    def of(cls, relation: CustomerRelation) -> Self:
        """From the row."""
        customer = relation.customer
        return cls(
            id=relation.id,
            customer_name=customer.name,
            customer_kind=customer.kind,
            business_id=customer.business_id,
            commodity=relation.commodity,
        )


class OpenService(BaseModel):
    """One of the retailer's e-services; name and description are in the reader's language."""

    name: str
    description: str | None
    address: str
    subpage: Subpage
    relations: list[RelationLabel] = Field(description="Those that the user may use it for.")

    @classmethod
    def of(cls, found: OpenServiceFound, language: Language) -> Self:
        """From the setting."""
        service = found.service
        return cls(
            name=service.name[language],
            description=service.description[language] if service.description else None,
            address=str(service.address),
            subpage=service.subpage,
            relations=[RelationLabel.of(each) for each in found.relations],
        )


class OpenServices(BaseModel):
    """The e-services that a user may use."""

    items: list[OpenService]


class OwnAuthorization(BaseModel):
    """One of the user's own authorizations on a relation."""

    id: UUID
    role: Role
    granted_through: GrantedThrough


class Relation(RelationLabel):
    """A customer relation, as somebody sees it who holds something on it."""

    customer_number: str
    ended: bool
    my_authorizations: list[OwnAuthorization]
    my_roles: list[Role]
    my_levels: dict[Subpage, Level]


class Relations(BaseModel):
    """The relations that a user holds something on."""

    items: list[Relation]


class RelationUser(BaseModel):
    """Somebody who holds a role on a relation."""

    authorization_id: UUID
    user_id: UUID
    first_name: str
    last_name: str
    email: str
    role: Role
    levels: dict[Subpage, Level]
    valid_from: datetime
    granted_through: GrantedThrough


class RelationUsers(BaseModel):
    """Everybody who holds a role on a relation."""

    items: list[RelationUser]


class InvitationView(BaseModel):
    """An invitation, as its recipient and those who manage the relation's users see it.

    `state` is as of now: `expired` from the deadline on. Names and address are null once erased.
    """

    id: UUID
    state: InvitationState
    delivery: DeliveryState
    relation: RelationLabel
    role: Role
    levels: dict[Subpage, Level]
    email: str | None
    first_name: str | None
    last_name: str | None
    cover_message: str | None
    language: Language
    inviter_name: str
    created_at: datetime
    sent_at: datetime | None
    deadline: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, invitation: Invitation, now: datetime) -> Self:
        """From the row, as of a moment."""
        return cls(
            id=invitation.id,
            state=invitation.state_at(now),
            delivery=invitation.delivery,
            relation=RelationLabel.of(invitation.relation),
            role=invitation.role,
            levels=invitation.levels,
            email=invitation.email or None,
            first_name=invitation.first_name or None,
            last_name=invitation.last_name or None,
            cover_message=invitation.cover_message or None,
            language=invitation.language,
            inviter_name=invitation.inviter.full_name,
            created_at=invitation.created_at,
            sent_at=invitation.sent_at,
            deadline=invitation.deadline,
            ended_at=invitation.ended_at,
        )


class InvitationPreview(BaseModel):
    """The e-mail that an invited person would get; its link leads nowhere yet."""

    subject: str
    text: str
    html: str

    @classmethod
    def of(cls, email: RenderedEmail) -> Self:
        """From the e-mail."""
        return cls(subject=email.subject, text=email.text, html=email.html)


class Invitations(BaseModel):
    """A page of invitations, the newest first; `next_cursor` is null on the last page."""

    items: list[InvitationView]
    next_cursor: str | None


class LocatedInvitation(BaseModel):
    """What a link's token shows to whoever has it, before any log-in."""

    id: UUID
    state: InvitationState
    relation: RelationLabel
    role: Role
    inviter_name: str
    first_name: str | None
    last_name: str | None
    deadline: datetime
    recipient_is_registered: bool


class SuggestedName(BaseModel):
    """The name of a registered person; null when there is nobody, or nobody who may be told."""

    first_name: str | None
    last_name: str | None


class TimelineStep(BaseModel):
    """Something that happened; `text` is in the reader's language."""

    at: datetime
    event: str
    text: str
    by: str = Field(
        description="`inviter`, `manager` (another one who manages the users), `invitee`, `user` (whose"
        " authorization it is), `customer_service` or `process`"
    )


class ProcessTimeline(BaseModel):
    """A process: what was done, who is waited for, until when, how it ended.

    `change` and `user_name` are what was done to what a user holds, and his name; null for an invitation.
    """

    id: UUID
    kind: ProcessKind
    state: InvitationState | AuthorizationChangeState
    waiting_for: str | None
    until: datetime | None
    change: AuthorizationChangeKind | None
    user_name: str | None
    steps: list[TimelineStep]


class ProcessSummary(BaseModel):
    """A process in a list. `until` is null once nobody's answer is waited for.

    An invitation has `invitee_name` until it is erased; what was done to what a user holds has `change` and
    `user_name`.
    """

    id: UUID
    kind: ProcessKind
    state: InvitationState | AuthorizationChangeState
    invitee_name: str | None
    change: AuthorizationChangeKind | None
    user_name: str | None
    created_at: datetime
    until: datetime | None

    @classmethod
    def of(cls, summary: Summary) -> Self:
        """From the use case's."""
        return cls(**vars(summary))


class Processes(BaseModel):
    """A page of processes, the newest first; `next_cursor` is null on the last page."""

    items: list[ProcessSummary]
    next_cursor: str | None
