"""What the API takes and gives about requests for more rights."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from domain.vocabulary import Level, RightsRequestState, Role, Subpage
from starter.api.authorization_schemas import Holder
from starter.api.given import Given
from starter.api.schemas import InvitationView, RelationLabel
from starter.services.rights_requests import Askable, Viewed


class NewRightsRequest(Given):
    """What a user asks for."""

    levels: dict[Subpage, Level] = Field(description="One for every subpage; at least one is higher.")
    message: str = Field(default="", description="A few words to those who decide.")


class Approval(Given):
    """What is given of what was asked for."""

    levels: dict[Subpage, Level] | None = Field(
        default=None, description="One for every subpage; without it, all that was asked for."
    )


class AskableView(BaseModel):
    """What may be asked for on one's own authorization per subpage, lowest first; with the present level."""

    authorization_id: UUID
    levels: dict[Subpage, list[Level]]
    identified: bool = Field(description="Whether one has identified strongly; some levels need that.")
    open_request: UUID | None = Field(description="The request that waits already.")

    @classmethod
    def of(cls, found: Askable) -> Self:
        """From what was found."""
        return cls(
            authorization_id=found.authorization.id,
            levels={subpage: list(levels) for subpage, levels in found.levels.items()},
            identified=found.identified,
            open_request=None if found.open_request is None else found.open_request.id,
        )


class RightsRequestView(BaseModel):
    """A request, for who made it and for those who manage the relation's users.

    `message` is empty once it has ended. `held`: what the authorization allows now.
    """

    id: UUID
    relation: RelationLabel
    user: Holder
    authorization_id: UUID
    role: Role
    held: dict[Subpage, Level]
    asked: dict[Subpage, Level]
    message: str
    state: RightsRequestState
    created_at: datetime
    deadline: datetime
    ended_at: datetime | None
    own: bool
    can_answer: bool

    @classmethod
    def of(cls, viewed: Viewed) -> Self:
        """As somebody sees it."""
        request = viewed.request
        return cls(
            id=request.id,
            relation=RelationLabel.of(request.relation),
            user=Holder.of(request.user),
            authorization_id=request.authorization_id,
            role=request.authorization.role,
            held=request.authorization.levels,
            asked=request.levels,
            message=request.message,
            state=viewed.state,
            created_at=request.created_at,
            deadline=request.deadline,
            ended_at=request.ended_at,
            own=viewed.own,
            can_answer=viewed.manages and viewed.state is RightsRequestState.OPEN,
        )


class Tasks(BaseModel):
    """What waits for this user's answer, the most urgent first: invitations to him, and others' requests."""

    items: list[InvitationView]
    rights_requests: list[RightsRequestView]
