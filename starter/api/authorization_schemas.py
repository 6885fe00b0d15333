"""What the API takes and gives about authorizations that exist: removing them, and their levels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from domain.codes import Code
from domain.vocabulary import AuthorizationChangeKind, GrantedThrough, Language, Level, Role, Subpage
from runtime.settings import EService
from starter.api.given import Given
from starter.api.schemas import RelationLabel
from starter.services.levels import Choices
from starter.services.removals import RemovalPreview
from store.authorization_changes import AuthorizationChange
from store.users import User

# One user holds no more than one in each role.
Also = Annotated[
    list[UUID],
    Field(
        max_length=len(Role),
        description="Others of the same user on the same relation, to be removed in the same act.",
    ),
]


class Removal(Given):
    """What is removed besides the authorization in the address."""

    also: Also = Field(default_factory=list)


class NewLevels(Given):
    """What the user may do from now on."""

    levels: dict[Subpage, Level] = Field(description="One for every subpage.")


class Holder(BaseModel):
    """Whose an authorization is."""

    id: UUID
    first_name: str
    last_name: str

    @classmethod
    def of(cls, user: User) -> Self:
        """From the row."""
        return cls(id=user.id, first_name=user.first_name, last_name=user.last_name)


class AuthorizationView(BaseModel):
    """An authorization, for whose it is and for those who manage the relation's users."""

    id: UUID
    relation: RelationLabel
    user: Holder
    own: bool = Field(description="Whether it is the reader's: removing it is giving it up.")
    role: Role
    levels: dict[Subpage, Level]
    valid_from: datetime
    granted_through: GrantedThrough
    settable: dict[Subpage, list[Level]] = Field(
        description="The levels that the reader may set on each subpage, lowest first."
    )
    identified: bool = Field(
        description="Whether the user has identified strongly; without that, some levels cannot be set."
    )
    removal_refused: str | None = Field(
        description="The code of why the reader cannot remove it; null when he can."
    )

    @classmethod
    def of(cls, choices: Choices, removal_refused: Code | None) -> Self:
        """From the use cases'."""
        authorization = choices.authorization
        return cls(
            id=authorization.id,
            relation=RelationLabel.of(choices.held.relation),
            user=Holder.of(authorization.user),
            own=choices.held.own,
            role=authorization.role,
            levels=_every(authorization.levels),
            valid_from=authorization.valid_from,
            granted_through=authorization.granted_through,
            settable={subpage: list(levels) for subpage, levels in choices.settable.items()},
            identified=choices.identified,
            removal_refused=removal_refused,
        )


class ClosingService(BaseModel):
    """One of the retailer's e-services; name and description are in the reader's language."""

    name: str
    description: str | None
    address: str
    subpage: Subpage

    @classmethod
    def of(cls, service: EService, language: Language) -> Self:
        """From the setting."""
        return cls(
            name=service.name[language],
            description=service.description[language] if service.description else None,
            address=str(service.address),
            subpage=service.subpage,
        )


class FallingInvitation(BaseModel):
    """An open invitation of the user's that would become void."""

    id: UUID
    invitee_name: str


class RemovalPreviewView(BaseModel):
    """What removing would do. The levels are all that the user may do on the relation."""

    authorization_ids: list[UUID]
    roles: list[Role]
    relation: RelationLabel
    user: Holder
    own: bool = Field(description="Whether they are the reader's: he would give them up.")
    levels_before: dict[Subpage, Level]
    levels_after: dict[Subpage, Level]
    closing_services: list[ClosingService] = Field(
        description="The e-services that close to the user for this relation."
    )
    falling_invitations: list[FallingInvitation]

    @classmethod
    def of(cls, preview: RemovalPreview, language: Language) -> Self:
        """From the use case's."""
        held = preview.held
        return cls(
            authorization_ids=[each.id for each in held.chosen],
            roles=[each.role for each in held.chosen],
            relation=RelationLabel.of(held.relation),
            user=Holder.of(held.user),
            own=held.own,
            levels_before=_every(preview.before),
            levels_after=_every(preview.after),
            closing_services=[ClosingService.of(each, language) for each in preview.closing],
            falling_invitations=[
                FallingInvitation(id=each.id, invitee_name=each.invitee_name) for each in preview.falling
            ],
        )


class AuthorizationChangeView(BaseModel):
    """What was done; it holds since `changed_at`. Its process, of the same id, tells everybody concerned."""

    id: UUID
    kind: AuthorizationChangeKind
    relation: RelationLabel
    user_id: UUID
    authorization_ids: list[UUID]
    roles: list[Role]
    levels_before: dict[Subpage, Level]
    levels_after: dict[Subpage, Level]
    fallen_invitations: list[UUID] = Field(description="The user's open invitations that fell with it.")
    changed_at: datetime

    @classmethod
    def of(cls, change: AuthorizationChange) -> Self:
        """From the row."""
        return cls(
            id=change.id,
            kind=change.kind,
            relation=RelationLabel.of(change.relation),
            user_id=change.user_id,
            authorization_ids=[UUID(each) for each in change.authorization_ids],
            roles=list(change.of_roles),
            levels_before=_every(change.levels_before),
            levels_after=_every(change.levels_after),
            fallen_invitations=[UUID(each) for each in change.fallen_invitations],
            changed_at=change.created_at,
        )


def _every(levels: Mapping[Subpage, Level]) -> dict[Subpage, Level]:
    """In their usual order, which PostgreSQL does not keep."""
    return {subpage: levels[subpage] for subpage in Subpage}
