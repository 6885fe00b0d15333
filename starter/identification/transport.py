"""HTTP to the broker: one time-out for a whole exchange, answers of bounded size, no redirects followed."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx2

from starter.identification.faults import Fault, Unavailable, reject
from starter.identification.strict_json import json_object

_LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, repr=False)
class Answer:
    """What the broker answered."""

    status: int
    media_type: str
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Rejected."""
        if self.media_type != "application/json" and not self.media_type.endswith("+json"):
            reject(Fault.ANSWER_MALFORMED)
        return json_object(self.body, Fault.ANSWER_MALFORMED)


@cache
def trust() -> ssl.SSLContext:
    """Which certificates are believed; reading them takes a tenth of a second."""
    return httpx2.create_ssl_context()


class Transport:
    """Speaks to the broker. Raises Unavailable when it does not answer or cannot now."""

    def __init__(self, timeout: timedelta) -> None:
        self._timeout = timeout.total_seconds()
        self._client: httpx2.AsyncClient | None = None

    async def get(self, url: str, *, bearer: str | None = None) -> Answer:
        """The answer to a GET."""
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        return await self._send("GET", url, headers=headers)

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """The answer to a posted form."""
        return await self._send("POST", url, data=dict(form))

    async def close(self) -> None:
        """Ends open connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _send(self, method: str, url: str, **request: Any) -> Answer:
        try:
            # A time-out of each step would let a broker that drips bytes hold us for ever.
            async with asyncio.timeout(self._timeout):
                answer = await self._exchange(method, url, **request)
        except (TimeoutError, httpx2.TransportError):
            raise Unavailable from None
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Unavailable
        return answer

    async def _exchange(self, method: str, url: str, **request: Any) -> Answer:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                # Nothing to unpack: a small answer cannot become a large one.
                headers={"Accept-Encoding": "identity", "User-Agent": "fullmakt"},
                follow_redirects=False,
                verify=trust(),
                timeout=None,
            )
        async with self._client.stream(method, url, **request) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                reject(Fault.ANSWER_MALFORMED)
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _LONGEST_ANSWER:
                    reject(Fault.ANSWER_TOO_LARGE)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(response.status_code, media_type, bytes(body))
