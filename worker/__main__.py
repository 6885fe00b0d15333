"""A worker as a process of its own: `python -m worker` or `fullmakt worker`."""

import asyncio
import signal

import structlog
from temporalio.client import Client
from temporalio.runtime import Runtime

from registry.opening import open_registry
from runtime import logs
from runtime.clock import system_clock
from runtime.http import serving
from runtime.keys import Keys
from runtime.outbox import Outbox
from runtime.settings import Settings
from runtime.temporal import connect, telemetry
from store.database import Database
from worker.bootstrap import Parts, smtp_mailer, worker
from worker.health import health_app
from worker.versions import make_current

_PAUSE_SECONDS = 2.0
log = structlog.get_logger()


async def _patient_client(runtime: Runtime) -> Client:
    """A worker may start before Temporal does: it tries until it is there."""
    while True:
        try:
            return await connect(runtime=runtime)
        except RuntimeError:
            log.warning("worker.temporal_unreachable")
            await asyncio.sleep(_PAUSE_SECONDS)


async def serve(settings: Settings) -> None:
    """Runs a worker until SIGTERM or SIGINT, then lets it finish what it has begun (30 s)."""
    client = await _patient_client(telemetry(settings.worker_metrics))
    database = Database(settings.database_url)
    outbox = Outbox(client=client, database=database, task_queue=settings.task_queue, clock=system_clock)
    keys = Keys(settings.secret_key.get_secret_value())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    health = serving(health_app(database, client), settings.worker_health, what="the worker's health page")
    async with health, open_registry(settings, database, keys) as registry:
        parts = Parts(
            settings=settings,
            database=database,
            mailer=smtp_mailer(settings.smtp, settings.mail_domain),
            outbox=outbox,
            registry=registry,
        )
        async with worker(client, parts):
            log.info("worker.started", task_queue=settings.task_queue)
            if settings.worker_build_id is not None:
                await make_current(client, settings.worker_build_id)
            await stop.wait()
            log.info("worker.stopping")
    await database.close()


def main() -> None:
    """Entry of `python -m worker`."""
    settings = Settings()
    logs.configure(settings.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
