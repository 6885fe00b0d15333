"""Sessions: opaque tokens, kept as hashes (spec section 4)."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.base import Base
from store.users import User


class Session(Base):
    """A user's log-in at one place."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    # A keyed hash of where the log-in came from: a known source is never locked out by strangers.
    source_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    # When its user last identified strongly in it.
    identified_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


async def by_token_hash(session: AsyncSession, token_hash: str) -> Session | None:
    """The session of a token, with its user, whatever its state."""
    return (await session.scalars(select(Session).where(Session.token_hash == token_hash))).one_or_none()


async def knows_source(session: AsyncSession, user_id: UUID, source_hash: str, since: datetime) -> bool:
    """Whether this user has logged in from that source since then."""
    query = select(Session.id).where(
        Session.user_id == user_id, Session.source_hash == source_hash, Session.created_at >= since
    )
    return (await session.scalars(query.limit(1))).first() is not None


async def forget_before(session: AsyncSession, moment: datetime) -> None:
    """Erases sessions that ended or expired before a moment."""
    await session.execute(delete(Session).where(or_(Session.expires_at < moment, Session.ended_at < moment)))
