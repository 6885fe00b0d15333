"""Sessions: opaque tokens, kept as hashes (spec section 4)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store import audit
from store.audit import Actor, Event
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
    # In which browser, in coarse words ("Firefox, Windows"); empty when unknown.
    device: Mapped[str] = mapped_column(String(60), default="")

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


async def living(
    session: AsyncSession, user_id: UUID, now: datetime, idle: timedelta, *, lock: bool = False
) -> Sequence[Session]:
    """A user's sessions that still open something, the newest first."""
    query = (
        select(Session)
        .where(
            Session.user_id == user_id,
            Session.ended_at.is_(None),
            Session.expires_at > now,
            Session.last_seen_at > now - idle,
        )
        .order_by(Session.created_at.desc(), Session.id)
    )
    if lock:
        query = query.with_for_update(of=Session).execution_options(populate_existing=True)
    return (await session.scalars(query)).all()


async def of_user(session: AsyncSession, session_id: UUID, user_id: UUID) -> Session | None:
    """The session, locked, if it is this user's."""
    query = (
        select(Session)
        .where(Session.id == session_id, Session.user_id == user_id)
        .with_for_update(of=Session)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one_or_none()


def end(session: AsyncSession, ended: Session, at: datetime) -> None:
    """Ends a session, at its user's wish, with its audit event."""
    ended.ended_at = at
    record(session, Event.SESSION_ENDED, ended, at)


async def end_all(
    session: AsyncSession, user_id: UUID, at: datetime, idle: timedelta, *, but: UUID | None = None
) -> int:
    """Ends all sessions of a user but one. Returns how many there were."""
    found = [each for each in await living(session, user_id, at, idle, lock=True) if each.id != but]
    for each in found:
        end(session, each, at)
    return len(found)


def record(session: AsyncSession, event: Event, of: Session, at: datetime) -> None:
    """Adds an event about a session."""
    audit.record(session, event, at=at, actor=Actor.USER, actor_id=of.user_id, subject_id=of.user_id)


async def forget_before(session: AsyncSession, moment: datetime) -> None:
    """Erases sessions that ended or expired before a moment."""
    await session.execute(delete(Session).where(or_(Session.expires_at < moment, Session.ended_at < moment)))
