"""Around every request: bounded bodies, safe headers, one log line and metrics without anything personal."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.common import MetricMeter

from domain.codes import Code
from starter.services.context import Services

MAXIMUM_BODY = 64 * 1024
_DIGITS = len(str(MAXIMUM_BODY))
_PATIENCE = timedelta(seconds=10)
# On every response that has not its own.
SAFE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        # A window that another site opened is not that site's, nor is what we answer.
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
)
Refuse = Callable[[Request, Code], Response]
_UUID = re.compile(r"[0-9a-fA-F-]{32,36}")
_ONLY_HTTPS = (b"strict-transport-security", b"max-age=31536000")
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SAFE_HEADERS.items()]
log = structlog.get_logger()


def guard(app: Starlette, services: Services, refuse: Refuse) -> None:
    """Puts all of this around an application. `refuse` answers what is too large, too slow or no text."""
    app.add_middleware(BoundedBody, refuse=refuse)
    app.add_middleware(SafeHeaders, is_https=services.settings.origin.scheme == "https")
    app.add_middleware(Observed, meter=services.meter)


class BoundedBody:
    """Reads a request's body before anything else looks at it: 64 KB of UTF-8 in 10 s at most (case A25).

    `refuse` makes the answer to what is not.
    """

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        length = request.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and (len(length) > _DIGITS or int(length) > MAXIMUM_BODY):
            await self._refuse(request, Code.REQUEST_TOO_LARGE)(scope, receive, send)
            return
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                body = await _read(receive)
        except TimeoutError:
            await self._refuse(request, Code.REQUEST_TOO_SLOW)(scope, receive, send)
            return
        if body is None:
            await self._refuse(request, Code.REQUEST_TOO_LARGE)(scope, receive, send)
            return
        if not _is_text(body):
            await self._refuse(request, Code.REQUEST_MALFORMED)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when it is too large."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > MAXIMUM_BODY:
            return None
        if not message.get("more_body", False):
            return body


def _is_text(body: bytes) -> bool:
    """Whether it is UTF-8. Python would read JSON in UTF-16, too; that has NULs, which JSON has not."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hands over the body once, then whatever else arrives (a disconnect)."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


class SafeHeaders:
    """Nothing is cached, framed, sniffed or referred; a response's own headers go first."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._headers = [*_RAW_HEADERS, *([_ONLY_HTTPS] if is_https else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in self._headers if header[0] not in present),
                ]
            await send(message)

        await self._app(scope, receive, sending)


class Observed:
    """Counts and logs requests by their route, never by their address: a link's path holds its token."""

    def __init__(self, app: ASGIApp, meter: MetricMeter) -> None:
        self._app = app
        self._requests = meter.create_counter("fullmakt_http_requests", "Requests answered")
        self._seconds = meter.create_histogram_float(
            "fullmakt_http_request_duration", "Time to answer", "seconds"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        structlog.contextvars.clear_contextvars()
        try:
            await self._app(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            labels = {"method": _method(scope), "route": _route(scope), "status": str(status)}
            self._requests.add(1, labels)
            self._seconds.record(seconds, labels)
            log.info("request.answered", **labels, milliseconds=round(seconds * 1000, 1), **_ids(scope))


def _route(scope: Scope) -> str:
    """The route's pattern; a page has only its endpoint's name."""
    endpoint_name: str = getattr(scope.get("endpoint"), "__name__", "none")
    path: str = getattr(scope.get("route"), "path", endpoint_name)
    return path


def _method(scope: Scope) -> str:
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return scope["method"] if scope["method"] in known else "other"


def _ids(scope: Scope) -> dict[str, str]:
    """The ids in the address, when they are ids and not something else that was typed there."""
    found = scope.get("path_params", {})
    return {name: str(value) for name, value in found.items() if _UUID.fullmatch(str(value))}
