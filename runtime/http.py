"""Serving an ASGI application inside a process that does other things too."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from runtime.settings import Address


class AddressInUse(Exception):
    """Something else listens there already."""

    def __init__(self, address: Address, what: str) -> None:
        super().__init__(f"{what} cannot listen on {address}: the address is in use")
        self.address = address
        self.what = what


class _Server(uvicorn.Server):
    """Leaves signals to its host."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()


def bound_socket(address: Address, what: str) -> socket.socket:
    """A socket bound to an address (port 0: any free one). Raises AddressInUse, which names `what`."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # With its protocol named, asyncio sends each answer at once: no waiting for the last one's receipt.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(address, what) from None
        raise
    return listening


@asynccontextmanager
async def serving(
    app: Any, address: Address, *, what: str, trusted_proxies: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """Serves `app` while the block runs; yields the port. On leaving, requests under way are finished.

    Raises AddressInUse.
    """
    listening = bound_socket(address, what)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=trusted_proxies,
            timeout_graceful_shutdown=10,
            h11_max_incomplete_event_size=16 * 1024,
        )
    )
    answering = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await server.answers.wait()
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await answering
        listening.close()
