"""Strong identifications under way, and the strong identities of users (spec sections 2 and 5)."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.vocabulary import IdentificationPurpose
from store.base import Base
from store.users import User


class Identification(Base):
    """One way to the bank and back. Holds nothing of the person: that goes where it is for."""

    __tablename__ = "identifications"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    purpose: Mapped[IdentificationPurpose]
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registrations.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    # The `state` of OpenID Connect, and the secret of whoever began: only he may come back with it.
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    holder_hash: Mapped[str] = mapped_column(String(64))
    redirect_uri: Mapped[str] = mapped_column(String(500))
    # Where on the pages one goes on.
    return_to: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # Set when somebody comes back, whatever the outcome: a second time is refused.
    used_at: Mapped[datetime | None]


class StrongIdentity(Base):
    """Who a user is, as strong identification said. One identity code, one user."""

    __tablename__ = "strong_identities"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    identity_index: Mapped[str] = mapped_column(String(64), unique=True)
    # The personal identity code under the identity key, for fetching contracts.
    identity_sealed: Mapped[str] = mapped_column(String(200))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    identified_at: Mapped[datetime]


async def by_state_hash(session: AsyncSession, state_hash: str) -> Identification | None:
    """The identification with this state, locked."""
    query = (
        select(Identification)
        .where(Identification.state_hash == state_hash)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


async def identity_of(session: AsyncSession, user_id: UUID, *, lock: bool = False) -> StrongIdentity | None:
    """The user's strong identity, if he has one."""
    query = select(StrongIdentity).where(StrongIdentity.user_id == user_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def verified_name(session: AsyncSession, user: User) -> str:
    """The name that the bank gave; of somebody without a strong identity the typed one."""
    known = await identity_of(session, user.id)
    return user.full_name if known is None else f"{known.first_name} {known.last_name}"


async def by_identity_index(session: AsyncSession, identity_index: str) -> StrongIdentity | None:
    """The strong identity with this blind index, whoever's it is."""
    query = select(StrongIdentity).where(StrongIdentity.identity_index == identity_index)
    return (await session.scalars(query)).one_or_none()


async def forget_expired(session: AsyncSession, at: datetime) -> None:
    """Erases the identifications whose time is up at a moment."""
    await session.execute(delete(Identification).where(Identification.expires_at <= at))
