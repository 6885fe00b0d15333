"""Counters with windows, and the memory of Idempotency-Keys."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.codes import Code, Refused
from store import limits
from store.database import Database
from store.limits import Counter, IdempotencyKey

NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
WINDOW = timedelta(minutes=15)
DAY = timedelta(hours=24)
ONE = timedelta(microseconds=1)


async def count(database: Database, key: str, at: datetime = NOW) -> tuple[int, datetime]:
    async with database.transaction() as session:
        return await limits.count(session, key, at, WINDOW)


async def test_a_window_counts_and_rolls_over(database: Database) -> None:
    end = NOW + WINDOW
    assert [await count(database, "a", NOW + n * ONE) for n in range(3)] == [(1, end), (2, end), (3, end)]
    assert await count(database, "b") == (1, end)
    assert await count(database, "a", end - ONE) == (4, end)
    # The window does not move with each count, and the next begins when it is over.
    assert await count(database, "a", end) == (1, end + WINDOW)
    assert await count(database, "a", end + timedelta(days=1)) == (1, end + timedelta(days=1) + WINDOW)


async def test_counting_at_once_loses_none(database: Database) -> None:
    values = await asyncio.gather(*(count(database, "a") for _ in range(20)))
    assert sorted(value for value, _ in values) == list(range(1, 21))


async def test_uncount_and_clear(database: Database) -> None:
    await count(database, "a")
    await count(database, "a")
    async with database.transaction() as session:
        for key in ("a", "a", "a", "unknown"):  # once too often: never below nothing
            await limits.uncount(session, key)
    assert await count(database, "a", NOW + ONE) == (1, NOW + WINDOW)
    async with database.transaction() as session:
        await limits.clear(session, "a")
        await limits.clear(session, "unknown")
    assert await count(database, "a", NOW + ONE) == (1, NOW + ONE + WINDOW)


def key_of(user_id: UUID, at: datetime = NOW) -> IdempotencyKey:
    return IdempotencyKey(
        user_id=user_id, key_hash="key", request_hash="request", resource_id=uuid4(), created_at=at
    )


async def recalled(database: Database, user_id: UUID, at: datetime, request: str = "request") -> UUID | None:
    async with database.transaction() as session:
        earlier = await limits.recall(session, user_id, "key", request, at - DAY)
        return earlier.resource_id if earlier else None


async def test_a_request_is_recalled_for_a_day(database: Database) -> None:
    user, other = uuid4(), uuid4()
    first = key_of(user)
    async with database.transaction() as session:
        session.add(first)

    assert await recalled(database, other, NOW) is None
    for at in (NOW, NOW + DAY):
        assert await recalled(database, user, at) == first.resource_id
        with pytest.raises(Refused) as refused:
            await recalled(database, user, at, "another request")
        assert refused.value.code is Code.IDEMPOTENCY_KEY_REUSED

    # Then it is forgotten, and the key free for whatever request.
    assert await recalled(database, user, NOW + DAY + ONE, "another request") is None
    second = key_of(user, NOW + DAY + ONE)
    async with database.transaction() as session:
        session.add(second)
    assert await recalled(database, user, NOW + DAY + ONE) == second.resource_id


async def test_what_is_forgotten(database: Database) -> None:
    old, kept = uuid4(), uuid4()
    await count(database, "old", NOW - WINDOW - ONE)
    await count(database, "kept", NOW - WINDOW)
    async with database.transaction() as session:
        session.add_all([key_of(old, NOW - DAY - ONE), key_of(kept, NOW - DAY)])
    async with database.transaction() as session:
        await limits.forget_before(session, keys=NOW - DAY, counters=NOW)
    async with database.reading() as session:
        assert (await session.scalars(select(Counter.key))).all() == ["kept"]
        assert (await session.scalars(select(IdempotencyKey.user_id))).all() == [kept]
