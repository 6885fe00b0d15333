"""An activity that runs out of time is cancelled wherever it is: nothing of its transaction stays behind."""

import asyncio

import pytest
from sqlalchemy import text

from domain.vocabulary import Language
from store.database import Database
from store.users import User
from tests import factories
from tests.faulty_database import FaultyDatabase

# About a second of work, by whether it is SQLite.
SLOW = {
    True: "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n LIMIT 3000000) SELECT max(x) FROM n",
    False: "SELECT pg_sleep(1)",
}


async def rename(database: Database, user: User, name: str) -> None:
    async with database.transaction() as session:
        row = await session.get_one(User, user.id, with_for_update=True)
        row.first_name = name
        row.language = Language.FINNISH


async def name_of(database: Database, user: User) -> str:
    async with database.reading() as session:
        return (await session.get_one(User, user.id)).first_name


async def test_cancelled_while_it_waits_for_a_lock(database: Database) -> None:
    user = await factories.make_user(database, first_name="Anna")
    reached, let_go = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        reached.set()
        await let_go.wait()

    holder = FaultyDatabase(database)
    holder.before_commit = hold
    holding = asyncio.create_task(rename(holder, user, "Holder"))
    await reached.wait()
    waiting = asyncio.create_task(rename(database, user, "Waiter"))
    await asyncio.wait({waiting}, timeout=0.2)

    waiting.cancel()
    let_go.set()  # so that it may get the lock all the same, on its way out
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await holding

    assert await name_of(database, user) == "Holder"
    await rename(database, user, "Next")  # nobody holds a lock any more
    assert await name_of(database, user) == "Next"
    await holder.close()


async def test_cancelled_before_its_commit(database: Database) -> None:
    user = await factories.make_user(database, first_name="Anna")
    reached = asyncio.Event()

    async def never() -> None:
        reached.set()
        await asyncio.Event().wait()

    stuck = FaultyDatabase(database)
    stuck.before_commit = never
    writing = asyncio.create_task(rename(stuck, user, "Lost"))
    await reached.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert await name_of(database, user) == "Anna"
    await rename(database, user, "Next")
    async with stuck.reading() as session:  # its connection is as good as new
        assert (await session.execute(text("SELECT 1"))).scalar_one() == 1
    await stuck.close()


async def test_cancelled_in_the_middle_of_a_statement(database: Database) -> None:
    """Whoever keeps the error keeps the statement alive with it; the lock goes all the same."""
    user = await factories.make_user(database, first_name="Anna")
    running = asyncio.Event()

    async def write_slowly() -> None:
        async with database.transaction() as session:
            row = await session.get_one(User, user.id, with_for_update=True)
            row.first_name = "Lost"
            await session.flush()
            running.set()
            await session.execute(text(SLOW[database.is_sqlite]))

    writing = asyncio.create_task(write_slowly())
    await running.wait()
    await asyncio.wait({writing}, timeout=0.05)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError) as kept:
        await writing

    await rename(database, user, "Next")
    assert await name_of(database, user) == "Next"
    assert kept.value is not None
