"""The API as a process of its own, and preparing what the settings name for it and the workers."""

import asyncio

import structlog

from runtime import passwords
from runtime.clock import system_clock
from runtime.http import serving
from runtime.outbox import Outbox
from runtime.settings import Address, Settings
from runtime.temporal import connect, telemetry
from starter.app import create_app
from starter.identification.opening import open_provider
from starter.ports import Wanted, settled
from starter.preparation import migrate_database, outside_temporal, register
from starter.services import Services
from store.database import Database

log = structlog.get_logger()


async def serve_api(settings: Settings) -> None:
    """Serves the API until it is cancelled; then requests under way are finished.

    It starts while Temporal or the database are down, and its `/readyz` says so. Raises PortsInUse.
    """
    wanted = {
        "api": Wanted("The API", settings.api, "FULLMAKT_API__PORT"),
        "metrics": Wanted("The metrics", settings.api_metrics, "FULLMAKT_API_METRICS__PORT"),
    }
    with settled(wanted) as found:
        await _serve(settings, found["api"], found["metrics"])


async def _serve(settings: Settings, address: Address, metrics: Address) -> None:
    runtime = telemetry(metrics)
    client = await connect(runtime=runtime, lazy=True)
    database = Database(settings.database_url)
    outbox = Outbox(client=client, database=database, task_queue=settings.task_queue, clock=system_clock)
    await asyncio.to_thread(passwords.dummy_hash)
    try:
        async with open_provider(settings) as provider:
            services = Services(
                settings=settings,
                database=database,
                clock=system_clock,
                client=client,
                outbox=outbox,
                runtime=runtime,
                identity_provider=provider,
            )
            app, proxies = create_app(services), settings.trusted_proxies
            async with serving(app, address, what="The API", trusted_proxies=proxies):
                log.info("api.started", address=str(address), metrics=str(metrics))
                await asyncio.Event().wait()
    finally:
        log.info("api.stopping")
        await database.close()


async def set_up(settings: Settings) -> None:
    """Migrates the database and makes Temporal know search attributes and schedules. Raises HostError."""
    await migrate_database(settings)
    await register(await outside_temporal(), settings)
