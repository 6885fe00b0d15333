"""Everything on one machine in one process: Temporal's server, API, worker, mail catcher, metrics.

For development, tests and the demo. API and worker share one Temporal client, so that a process's first step
runs without a detour over the server (an eager start).
"""

import asyncio
import fcntl
import os
import stat
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import HttpUrl
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime

from registry.opening import open_registry
from runtime import logs, passwords
from runtime.clock import Clock, system_clock
from runtime.http import serving
from runtime.outbox import Outbox
from runtime.settings import Address, Settings
from runtime.temporal import telemetry
from starter.app import create_app
from starter.identification.opening import key_file, open_provider
from starter.identification.provider import IdentityProvider
from starter.mailcatcher import MailCatcher
from starter.ports import Wanted, local_url, settled
from starter.preparation import migrate_database, outside_temporal, register
from starter.running import HostError
from starter.services import Services
from starter.services.identifications import callback_address
from starter.temporal_server import TemporalServer, temporal_server
from starter.testbroker.process import running_broker
from store.database import Database
from worker.bootstrap import Parts, smtp_mailer, worker
from worker.versions import make_current

_HOST = "127.0.0.1"
# Where commands and programs on this machine get the broker's answer, on any port (RFC 8252).
LOOPBACK_CALLBACK = f"http://{_HOST}/callback"
_OTHER_DIRECTORY = "set FULLMAKT_DATA_DIRECTORY to another directory"


@dataclass(frozen=True)
class Embedded:
    """Which parts the stack starts itself; the others are used where the environment says they are."""

    temporal: bool = True
    mail: bool = True
    identification: bool = True
    metrics: bool = True


@dataclass(frozen=True)
class Stack:
    """A running stack. `settings` are those it runs with: every port is a real one."""

    settings: Settings
    services: Services
    temporal: TemporalServer | None
    mail: MailCatcher | None

    @property
    def api_url(self) -> str:
        """Where the API answers on this machine."""
        return local_url(self.settings.api)

    @property
    def mailbox_url(self) -> str | None:
        """Where caught mail is shown."""
        return None if self.mail is None else f"http://{_HOST}:{self.settings.stack_mail_port}"


def log_files(settings: Settings) -> Sequence[Path]:
    """Our own log and that of Temporal's server."""
    directory = settings.data_directory / "logs"
    return directory / "fullmakt.log", directory / "temporal.log"


def log_to_file(settings: Settings) -> None:
    """Sends this process's logs to the stack's file, so that its terminal stays readable."""
    prepare_directory(settings.data_directory)
    descriptor = os.open(log_files(settings)[0], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    logs.configure(settings.log_level, os.fdopen(descriptor, "a", encoding="utf-8"))


def embedded_parts(settings: Settings) -> Embedded:
    """What is left to start when the environment names an outside Temporal or mail server."""
    return Embedded(
        temporal="target_host" not in ClientConfig.load_client_connect_config(),
        mail="host" not in settings.smtp.model_fields_set,
        identification=settings.identification.broker is None,
    )


def prepare_directory(directory: Path) -> None:
    """Makes the data directory, for its owner alone. Raises HostError when that cannot be."""
    try:
        (directory / "logs").mkdir(parents=True, exist_ok=True, mode=0o700)
        if directory.stat().st_mode & stat.S_ISVTX:
            raise HostError(f"{directory} is shared with others; {_OTHER_DIRECTORY}.")
        directory.chmod(0o700)
    except OSError as error:
        raise HostError(f"{directory} cannot be used ({error.strerror}); {_OTHER_DIRECTORY}.") from None


@asynccontextmanager
async def stack(settings: Settings, embedded: Embedded | None = None) -> AsyncIterator[Stack]:
    """Runs the stack while the block does, and stops it in order: API, worker, mail, Temporal.

    A port 0 becomes any free one. Raises HostError, with nothing left
    running.
    """
    embedded = embedded or Embedded()
    if settings.production:
        raise HostError("This stack is for development; in production run `fullmakt api` and the rest apart.")
    async with AsyncExitStack() as parts:
        settings = parts.enter_context(with_real_ports(settings, embedded))
        prepare_directory(settings.data_directory)
        parts.enter_context(alone_in(settings.data_directory))
        await migrate_database(settings)
        runtime = telemetry(settings.api_metrics) if embedded.metrics else None
        server = await parts.enter_async_context(_temporal(settings)) if embedded.temporal else None
        client = await (outside_temporal(runtime) if server is None else server.connect(runtime))
        await register(client, settings)
        mail = await parts.enter_async_context(_mail(settings)) if embedded.mail else None
        if embedded.identification:
            settings = await parts.enter_async_context(_with_test_broker(settings))
        provider = await parts.enter_async_context(open_provider(settings))
        services = await parts.enter_async_context(
            hosting(settings, client, runtime=runtime, identity_provider=provider)
        )
        yield Stack(settings, services, server, mail)


@asynccontextmanager
async def hosting(
    settings: Settings,
    client: Client,
    *,
    clock: Clock = system_clock,
    runtime: Runtime | None = None,
    identity_provider: IdentityProvider | None = None,
) -> AsyncIterator[Services]:
    """API and worker around one client. On leaving, the API finishes first, then the worker."""
    database = Database(settings.database_url)
    outbox = Outbox(client=client, database=database, task_queue=settings.task_queue, clock=clock, eager=True)
    services = Services(
        settings=settings,
        database=database,
        clock=clock,
        client=client,
        outbox=outbox,
        runtime=runtime,
        identity_provider=identity_provider,
    )
    mailer = smtp_mailer(settings.smtp, settings.mail_domain)
    try:
        async with AsyncExitStack() as hosts:
            registry = await hosts.enter_async_context(open_registry(settings, database, services.keys))
            parts = Parts(
                settings=settings, database=database, mailer=mailer, outbox=outbox, registry=registry
            )
            await hosts.enter_async_context(worker(client, parts))
            if settings.worker_build_id is not None:
                await make_current(client, settings.worker_build_id)
            await asyncio.to_thread(passwords.dummy_hash)
            app = create_app(services)
            proxies = settings.trusted_proxies
            async with serving(app, settings.api, what="The API", trusted_proxies=proxies):
                yield services
    finally:
        await database.close()


@contextmanager
def with_real_ports(settings: Settings, embedded: Embedded) -> Iterator[Settings]:
    """The settings with a free port for each 0, and an origin that fits. Raises PortsInUse."""
    with settled(_wanted(settings, embedded)) as found:
        changed: dict[str, object] = {"api": found["api"]}
        if "origin" not in settings.model_fields_set:
            changed["origin"] = HttpUrl(local_url(found["api"]))
        if embedded.metrics:
            changed["api_metrics"] = found["metrics"]
        if embedded.temporal:
            changed["stack_temporal_port"] = found["temporal"].port
            changed["stack_temporal_ui_port"] = found["ui"].port
        if embedded.mail:
            changed["smtp"] = settings.smtp.model_copy(update={"host": _HOST, "port": found["smtp"].port})
            changed["stack_mail_port"] = found["mailbox"].port
        if embedded.identification:
            changed["stack_broker_port"] = found["broker"].port
        yield settings.model_copy(update=changed)


def _wanted(settings: Settings, embedded: Embedded) -> Mapping[str, Wanted]:
    def local(what: str, port: int, variable: str) -> Wanted:
        return Wanted(what, Address(host=_HOST, port=port), f"FULLMAKT_{variable}")

    wanted = {"api": Wanted("The API", settings.api, "FULLMAKT_API__PORT")}
    if embedded.metrics:
        wanted["metrics"] = Wanted("The metrics", settings.api_metrics, "FULLMAKT_API_METRICS__PORT")
    if embedded.temporal:
        wanted |= {
            "temporal": local("Temporal's server", settings.stack_temporal_port, "STACK_TEMPORAL_PORT"),
            "ui": local("Temporal's UI", settings.stack_temporal_ui_port, "STACK_TEMPORAL_UI_PORT"),
        }
    if embedded.mail:
        wanted |= {
            "smtp": local("The mail catcher", settings.smtp.port, "SMTP__PORT"),
            "mailbox": local("The mailbox page", settings.stack_mail_port, "STACK_MAIL_PORT"),
        }
    if embedded.identification:
        wanted["broker"] = local("The test broker", settings.stack_broker_port, "STACK_BROKER_PORT")
    return wanted


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Two stacks would write over each other's mailbox and Temporal's file. Raises HostError."""
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError(f"Another stack runs with its data in {directory}.") from None
        yield


@asynccontextmanager
async def _temporal(settings: Settings) -> AsyncIterator[TemporalServer]:
    directory = settings.data_directory
    async with temporal_server(
        address=Address(host=_HOST, port=settings.stack_temporal_port),
        ui_port=settings.stack_temporal_ui_port,
        database=directory / "temporal.db",
        log=log_files(settings)[1],
    ) as server:
        yield server


@asynccontextmanager
async def _with_test_broker(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with a broker of test persons, which runs as long as the block."""
    identification = settings.identification
    redirects = [*identification.redirect_addresses, LOOPBACK_CALLBACK]
    keys = key_file(settings)
    await asyncio.to_thread(keys.ensure)
    async with running_broker(
        port=settings.stack_broker_port,
        client_id=identification.client_id,
        client_keys=keys.public_path,
        redirect_uris=(callback_address(settings), *redirects),
        log=settings.data_directory / "logs" / "broker.log",
    ) as broker:
        found = identification.model_copy(update={"broker": broker, "redirect_addresses": redirects})
        yield settings.model_copy(update={"identification": found})


@asynccontextmanager
async def _mail(settings: Settings) -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(settings.data_directory / "mail")
    await catcher.start(_HOST, settings.smtp.port)
    try:
        page = Address(host=_HOST, port=settings.stack_mail_port)
        async with serving(catcher.app, page, what="The mailbox page"):
            yield catcher
    finally:
        await catcher.stop()
