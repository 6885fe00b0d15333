"""The rows of e-mails: one each, and one moment that a doubtful one speaks of (F2)."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from domain.vocabulary import DeliveryState, Message
from store import messages
from store.database import Database

NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
HOUR = timedelta(hours=1)


async def queued(database: Database, process_id: UUID, at: datetime = NOW) -> tuple[UUID, datetime]:
    async with database.transaction() as session:
        row = await messages.queued(session, process_id, Message.INVITATION, 1, at)
        return row.id, row.created_at


async def hand_over(database: Database, message_id: UUID, at: datetime) -> datetime:
    async with database.transaction() as session:
        return await messages.hand_over(session, message_id, at)


async def test_the_first_row_moment_and_fate_stay(database: Database) -> None:
    process = uuid4()
    message_id, _ = await queued(database, process)
    assert await queued(database, process, NOW + HOUR) == (message_id, NOW)

    assert await hand_over(database, message_id, NOW) == NOW
    assert await hand_over(database, message_id, NOW + HOUR) == NOW
    async with database.transaction() as session:
        await messages.take_back(session, message_id)
    assert await hand_over(database, message_id, NOW + HOUR) == NOW + HOUR

    for number, delivery in enumerate((DeliveryState.SENT, DeliveryState.FAILED)):
        async with database.transaction() as session:
            first = await messages.settle(session, message_id, delivery, NOW + number * HOUR)
            assert first is (number == 0)
    async with database.reading() as session:
        [row] = await messages.of_process(session, process)
    assert (row.delivery, row.settled_at) == (DeliveryState.SENT, NOW)


async def test_two_hand_overs_at_once_speak_of_one_moment(database: Database) -> None:
    message_id, _ = await queued(database, uuid4())
    async with database.transaction() as session:
        assert await messages.hand_over(session, message_id, NOW) == NOW
        await session.flush()
        other = asyncio.create_task(hand_over(database, message_id, NOW + HOUR))
        assert await asyncio.wait({other}, timeout=0.3) == (set(), {other})  # it waits
    assert await other == NOW
