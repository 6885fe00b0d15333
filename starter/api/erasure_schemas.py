"""What the API takes and gives about the erasure of oneself."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from domain.vocabulary import ErasureState
from starter.api.given import Given
from starter.api.schemas import RelationLabel
from starter.services.erasures import ErasurePreview
from store.erasures import Erasure


class ErasureWish(Given):
    """One's password, once more."""

    password: str = Field(max_length=1000)


class ErasureView(BaseModel):
    """An erasure; from `due` on it is done."""

    id: UUID
    state: ErasureState
    due: datetime

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        """From the row."""
        return cls(id=erasure.id, state=erasure.state, due=erasure.due)


class ErasurePreviewView(BaseModel):
    """What being erased would end, and where nobody would be left who manages the users."""

    relations: list[RelationLabel]
    without_manager: list[RelationLabel]
    scheduled: ErasureView | None

    @classmethod
    def of(cls, preview: ErasurePreview) -> Self:
        """From the use case's."""
        return cls(
            relations=[RelationLabel.of(each) for each in preview.relations],
            without_manager=[RelationLabel.of(each) for each in preview.without_manager],
            scheduled=None if preview.scheduled is None else ErasureView.of(preview.scheduled),
        )
