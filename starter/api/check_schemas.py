"""What the retailer's other e-services send, and get."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from domain.vocabulary import Level, Subpage
from starter.api.given import Given
from starter.services.authorization_checks import Checked


class AuthorizationCheck(Given):
    """A question: may this user do this on this subpage of this relation?"""

    user_id: UUID
    relation_id: UUID
    subpage: Subpage
    level: Literal[Level.READ, Level.WRITE] = Field(description="One that the subpage has.")


class AuthorizationAnswer(BaseModel):
    """The answer, right at `checked_at` and not to be kept: the next check may say something else."""

    allowed: bool
    held: Level = Field(description="The level that the user holds on the subpage of the relation.")
    checked_at: datetime

    @classmethod
    def of(cls, checked: Checked) -> Self:
        """From the use case's."""
        return cls(**vars(checked))
