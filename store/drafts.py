"""Drafts: what somebody typed in a guided flow, kept between its phases and for a day at most."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.vocabulary import DraftKind
from store.base import Base, JsonObject


class Draft(Base):
    """One flow under way. Once confirmed, it has lost its data and says what was made of them."""

    __tablename__ = "drafts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[DraftKind]
    relation_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_relations.id"))
    # Changed by putting another one in its place: changes inside are not seen.
    data: Mapped[dict[str, str]] = mapped_column(JsonObject())
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # What confirming made.
    result_id: Mapped[UUID | None]

    def confirm(self, result_id: UUID) -> None:
        """Ends it: nothing typed stays."""
        self.data = {}
        self.result_id = result_id


async def of_user(
    session: AsyncSession, draft_id: UUID, user_id: UUID, at: datetime, *, lock: bool = False
) -> Draft | None:
    """The draft, if it is this user's and its time is not up."""
    query = select(Draft).where(Draft.id == draft_id, Draft.user_id == user_id, Draft.expires_at > at)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def forget_beyond(session: AsyncSession, user_id: UUID, most: int) -> None:
    """Erases a user's oldest unconfirmed drafts, so that `most` are left."""
    surplus = (
        select(Draft.id)
        .where(Draft.user_id == user_id, Draft.result_id.is_(None))
        .order_by(Draft.created_at.desc(), Draft.id.desc())
        .offset(most)
    )
    found = (await session.scalars(surplus)).all()
    await session.execute(delete(Draft).where(Draft.id.in_(found)))


async def forget_expired(session: AsyncSession, at: datetime) -> None:
    """Erases the drafts whose time is up at a moment."""
    await session.execute(delete(Draft).where(Draft.expires_at <= at))
