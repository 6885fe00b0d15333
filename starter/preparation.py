"""What must be true of database and Temporal before anything runs; all of it is safe to repeat."""

import asyncio

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from runtime.schedules import register_schedules
from runtime.settings import Settings
from runtime.temporal import connect, register_search_attributes
from starter.running import HostError
from store import migrate


async def migrate_database(settings: Settings) -> None:
    """Brings the database to this version. Raises HostError."""
    try:
        await asyncio.to_thread(migrate.upgrade, settings.database_url)
    except SQLAlchemyError:
        raise HostError(
            "The database that FULLMAKT_DATABASE_URL names did not answer, or refused the migration."
        ) from None
    except CommandError:
        raise HostError("The database was made by another version of this code.") from None


async def outside_temporal(runtime: Runtime | None = None) -> Client:
    """A client of the Temporal that the environment names. Raises HostError."""
    try:
        return await connect(runtime=runtime)
    except RuntimeError:
        raise HostError(
            "Temporal cannot be reached where TEMPORAL_ADDRESS (or Temporal's profile file) says that it is."
        ) from None


async def register(client: Client, settings: Settings) -> None:
    """Makes Temporal know our search attributes and schedules. Raises HostError."""
    try:
        await register_search_attributes(client)
        registry = settings.registry
        await register_schedules(
            client,
            settings.task_queue,
            settings.retailer.time_zone,
            pull_registry_every=None if registry.url is None else registry.pull_every,
        )
    except RPCError as error:
        raise HostError(
            f"Temporal refused our search attributes or schedules: {error.status.name}."
        ) from None
