"""The broker as a process: serving it, and starting it as a child that cannot outlive us."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from runtime.http import AddressInUse, serving
from runtime.identification_settings import Broker
from runtime.settings import Address
from starter import tether
from starter.running import HostError
from starter.testbroker.app import Registration, broker_app

_HOST = "127.0.0.1"
_LISTENING = "listening"
_PATIENCE = timedelta(seconds=30)
_STOPPING = timedelta(seconds=10)
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


class TestBrokerError(HostError):
    """The broker may not or cannot run here; a sentence for people."""

    __test__ = False  # no test, whatever pytest thinks of the name


def issuer_on(port: int) -> str:
    """The broker's name when it listens there."""
    return f"http://{_HOST}:{port}"


def metadata(issuer: str) -> Broker:
    """The settings with which a client finds this broker."""
    return Broker(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        userinfo_endpoint=f"{issuer}/userinfo",
        pushed_authorization_request_endpoint=f"{issuer}/par",
        keys_url=f"{issuer}/jwks.json",
    )


async def serve(port: int, registration: Registration) -> None:
    """Serves the broker until it is cancelled; a line on standard output tells when it answers.

    Raises TestBrokerError in production mode and when the port is taken.
    """
    if os.environ.get("FULLMAKT_PRODUCTION", "").lower() in _TRUE:
        raise TestBrokerError("The test broker believes everybody: it does not run in production.")
    try:
        address = Address(host=_HOST, port=port)
        async with serving(broker_app(registration), address, what="The test broker"):
            sys.stdout.write(f"{_LISTENING} {registration.issuer}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()
    except AddressInUse as error:
        raise TestBrokerError(f"{error}.") from None


@asynccontextmanager
async def running_broker(
    *,
    port: int,
    client_id: str,
    client_keys: Path,
    redirect_uris: tuple[str, ...],
    log: Path,
) -> AsyncIterator[Broker]:
    """Runs the broker as a child process while the block does; yields the settings that lead to it.

    `client_keys`: the file with our public keys; `log`: where its complaints go. Raises TestBrokerError.
    """
    issuer = issuer_on(port)
    given = {
        "port": port,
        "issuer": issuer,
        "client_id": client_id,
        "client_keys": str(client_keys),
        "redirect_uris": redirect_uris,
    }
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", tether.__file__, str(os.getpid())),
            *(sys.executable, "-m", "starter.testbroker", json.dumps(given)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    try:
        await _answers(process, log)
        yield metadata(issuer)
    finally:
        await _stop(process)


async def _answers(process: asyncio.subprocess.Process, log: Path) -> None:
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if not line.startswith(_LISTENING.encode()):
        raise TestBrokerError(f"The test broker did not start; see {log}.")


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
