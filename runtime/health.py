"""Whether a process is alive, and whether it can do its work (`/healthz`, `/readyz`)."""

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from store.database import Database
from store.migrate import is_current

_PATIENCE = timedelta(seconds=2)


class Readiness(BaseModel):
    """What a process needs, and whether each part answers now: `ok`, `unreachable`, `outdated`."""

    database: str
    temporal: str

    @property
    def ready(self) -> bool:
        """Whether all of it answers."""
        return self.database == self.temporal == "ok"


async def readiness(database: Database, client: Client) -> Readiness:
    """Asks the database and Temporal, 2 seconds at most each."""
    answers = await asyncio.gather(_database(database), _temporal(client))
    return Readiness(database=answers[0], temporal=answers[1])


async def _database(database: Database) -> str:
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            await database.ping()
            return "ok" if await is_current(database) else "outdated"
    except (SQLAlchemyError, OSError, TimeoutError):
        return "unreachable"


async def _temporal(client: Client) -> str:
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            healthy = await client.service_client.check_health(timeout=_PATIENCE)
            return "ok" if healthy else "unreachable"
    except (RPCError, RuntimeError, TimeoutError):
        return "unreachable"
