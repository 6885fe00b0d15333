"""Counters that slow down guessing and flooding, and the memory of Idempotency-Keys.

In the database, so that they hold over several API processes and a restart.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import String, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from domain.codes import Code, Refused
from store.base import Base


class Counter(Base):
    """How often something happened in a window of time. The key holds hashes and ids, no personal data."""

    __tablename__ = "counters"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    count: Mapped[int]
    window_ends_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyKey(Base):
    """A request that a user sent with an Idempotency-Key, and the thing it made."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Of method, path and body: the same key with another request is a mistake.
    request_hash: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


async def count(session: AsyncSession, key: str, at: datetime, window: timedelta) -> tuple[int, datetime]:
    """Adds one to a counter; returns its value in the current window and when that window ends."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    over = Counter.window_ends_at <= at
    statement = (
        insert(Counter)
        .values(key=key, count=1, window_ends_at=at + window)
        .on_conflict_do_update(
            index_elements=[Counter.key],
            set_={
                "count": case((over, 1), else_=Counter.count + 1),
                "window_ends_at": case((over, at + window), else_=Counter.window_ends_at),
            },
        )
        .returning(Counter.count, Counter.window_ends_at)
    )
    value, ends_at = (await session.execute(statement)).one()
    return value, ends_at


async def uncount(session: AsyncSession, key: str) -> None:
    """Takes one back from a counter: it turned out to be none of what is counted."""
    await session.execute(
        update(Counter).where(Counter.key == key, Counter.count > 0).values(count=Counter.count - 1)
    )


async def clear(session: AsyncSession, key: str) -> None:
    """Sets a counter back to nothing."""
    await session.execute(delete(Counter).where(Counter.key == key))


async def recall(
    session: AsyncSession, user_id: UUID, key_hash: str, request_hash: str, since: datetime
) -> IdempotencyKey | None:
    """The earlier request with this key, if there was one since a moment.

    Raises Refused(`idempotency.key_reused`) when that was another request.
    """
    query = select(IdempotencyKey).where(
        IdempotencyKey.user_id == user_id, IdempotencyKey.key_hash == key_hash
    )
    earlier = (await session.scalars(query)).one_or_none()
    if earlier is None:
        return None
    if earlier.created_at < since:
        await session.delete(earlier)
        await session.flush()
        return None
    if earlier.request_hash != request_hash:
        raise Refused(Code.IDEMPOTENCY_KEY_REUSED)
    return earlier


async def forget_before(session: AsyncSession, *, keys: datetime, counters: datetime) -> None:
    """Erases keys made, and counters whose window ended, before these moments."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < keys))
    await session.execute(delete(Counter).where(Counter.window_ends_at < counters))
