"""The database: one engine, and the one transaction that commits.

Everything that changes something runs in `Database.transaction()`; what only looks, in `Database.reading()`.
SQLite takes its write lock when a transaction begins (BEGIN IMMEDIATE), so that two writers wait for each
other instead of failing half-way; PostgreSQL locks the rows that queries ask it to lock.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import Connection, ExceptionContext, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
_WRITES = "fullmakt_writes"


class Database:
    """An engine for one database URL (`sqlite:///file` or `postgresql://...`, without a driver).

    `lock_timeout` is how long a statement waits for another's lock before it fails with SQLAlchemy's
    OperationalError; the failure is then the caller's to retry.
    """

    def __init__(
        self, url: str, *, pool_size: int = 10, lock_timeout: timedelta = timedelta(seconds=5)
    ) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.url = parsed.set(drivername=DRIVERS[parsed.get_backend_name()])
        # hide_parameters: the text of a database error would carry names and addresses otherwise.
        self.engine = create_async_engine(
            self.url, hide_parameters=True, pool_size=pool_size, pool_pre_ping=not self.is_sqlite
        )
        # SQLite lets waiting writers in by luck; in this process they queue, first come, first served.
        self._turn = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._writing = self.engine.execution_options(**{_WRITES: True})
        if self.is_sqlite:
            self._prepare_sqlite(lock_timeout)
        else:
            self._prepare_postgresql(lock_timeout)

    def _prepare_sqlite(self, lock_timeout: timedelta) -> None:
        @event.listens_for(self.engine.sync_engine, "connect")
        def connect(connection: Any, _: ConnectionPoolEntry) -> None:
            connection.isolation_level = None  # BEGIN is ours, below
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {int(lock_timeout.total_seconds() * 1000)}")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()

        @event.listens_for(self.engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get(_WRITES)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")

        @event.listens_for(self.engine.sync_engine, "invalidate")
        def invalidate(connection: Any, record: ConnectionPoolEntry, error: BaseException | None) -> None:
            # What was cancelled in the middle of a statement may keep that statement alive in its traceback,
            # and SQLite closes a connection, and gives up its lock, only when its last statement is gone.
            with suppress(asyncio.CancelledError, sqlite3.Error):
                connection.rollback()

    def _prepare_postgresql(self, lock_timeout: timedelta) -> None:
        @event.listens_for(self.engine.sync_engine, "connect")
        def connect(connection: Any, _: ConnectionPoolEntry) -> None:
            cursor = connection.cursor()
            cursor.execute(f"SET lock_timeout = {int(lock_timeout.total_seconds() * 1000)}")
            cursor.close()
            connection.commit()

        @event.listens_for(self.engine.sync_engine, "handle_error")
        def drop_detail(context: ExceptionContext) -> None:
            # PostgreSQL's DETAIL repeats values that hide_parameters hides: `Key (email)=(...) exists`.
            original, wrapped = context.original_exception, context.sqlalchemy_exception
            words = original.diag.message_primary if isinstance(original, psycopg.Error) else None
            if words is not None and wrapped is not None:
                original.args = (words,)
                wrapped.args = (f"({type(original).__name__}) {words}",)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends and rolls back when it raises."""
        async with (
            self._turn,
            AsyncSession(self._writing, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state and changes nothing."""
        async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    async def ping(self) -> None:
        """Raises SQLAlchemy's error when the database does not answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Gives back all connections."""
        await self.engine.dispose()
