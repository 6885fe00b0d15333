"""A real database that fails when the test says so: unreachable, or a crash on either side of a commit."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import Enum, auto

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import Database


class Fault(Enum):
    """What becomes of one transaction."""

    NONE = auto()
    UNREACHABLE = auto()
    """It does not even begin."""
    BEFORE_COMMIT = auto()
    """Its work is done, then lost: a crash just before the commit."""
    AFTER_COMMIT = auto()
    """It is committed, but who asked never hears of it: a crash just after."""


class FaultyDatabase(Database):
    """The next transactions meet `faults`, one each; when these are used up, all is well.

    `before_commit` is awaited at the end of each transaction, while it still holds its locks.
    `words` is what the error says: personal data, where a test looks for leaks.
    """

    def __init__(self, like: Database, *, words: str = "scripted") -> None:
        url = like.url.set(drivername=like.url.get_backend_name()).render_as_string(hide_password=False)
        super().__init__(url, lock_timeout=timedelta(milliseconds=100))
        self.faults: deque[Fault] = deque()
        self.before_commit: Callable[[], Awaitable[None]] | None = None
        self.tries = 0
        self._words = words

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        self.tries += 1
        fault = self.faults.popleft() if self.faults else Fault.NONE
        if fault is Fault.UNREACHABLE:
            raise self._error()
        async with super().transaction() as session:
            yield session
            if self.before_commit is not None:
                await session.flush()
                await self.before_commit()
            if fault is Fault.BEFORE_COMMIT:
                raise self._error()
        if fault is Fault.AFTER_COMMIT:
            raise self._error()

    def _error(self) -> OperationalError:
        return OperationalError(self._words, {"words": self._words}, Exception(self._words))
