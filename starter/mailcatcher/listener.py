"""aiosmtpd's SMTP server on the running event loop: no thread, and a stop that leaves nothing behind."""

import asyncio
import ipaddress
from collections.abc import Callable

from aiosmtpd.smtp import SMTP


class SmtpListener:
    """Listens on one loopback port and gives each connection its own protocol."""

    def __init__(self, make_protocol: Callable[[], SMTP]) -> None:
        self._make_protocol = make_protocol
        self._protocols: set[SMTP] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port listened on. Raises RuntimeError while stopped."""
        if self._server is None:
            raise RuntimeError("not listening")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes any free one. Raises ValueError unless `host` is a loopback address."""
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise ValueError("mail is caught on a loopback address only")
        self._server = await asyncio.get_running_loop().create_server(self._connected, host, port)

    async def stop(self) -> None:
        """Stop listening, break open connections and wait until their tasks have ended."""
        if self._server is None:
            return
        self._server.close()
        tasks = [task for protocol in self._protocols if (task := protocol._handler_coroutine)]
        for protocol in self._protocols:
            if isinstance(protocol.transport, asyncio.WriteTransport):
                protocol.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._protocols.clear()
        self._server = None

    def _connected(self) -> SMTP:
        self._protocols = {protocol for protocol in self._protocols if protocol.transport is not None}
        protocol = self._make_protocol()
        self._protocols.add(protocol)
        return protocol
