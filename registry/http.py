"""The retailer's registry behind HTTP: docs/customer-registry.openapi.json says what it has to offer.

A person's identity code goes into a body, never into an address, and no body is ever logged. Answers are
bounded in time and size, read as what was asked for and nothing else, and must be about whom was asked.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, TypeVar

import httpx2
import structlog
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError
from pydantic_core import to_json

from domain.vocabulary import CustomerKind
from registry.client import Changes, RegistryTrouble, RegistryUnavailable
from registry.records import TEMPORARY_CODES, RegistryCustomer

_KILOBYTE = 1024
_LARGEST_SEARCH = 1024 * _KILOBYTE
_LARGEST_PAGE = 8 * 1024 * _KILOBYTE
_LONGEST_PAUSE = timedelta(hours=1)

log = structlog.get_logger()


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class _Found(_Answer):
    customers: Annotated[list[RegistryCustomer], Field(max_length=200)]


class _Page(_Answer):
    # Each is read by itself: one that breaks the rules must not hold up the others.
    customers: Annotated[list[JsonValue], Field(max_length=1000)]
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
    more: bool


Answer = TypeVar("Answer", bound=_Answer)


class HttpRegistry:
    """A `CustomerRegistry`. Keeps connections open until `close()`."""

    def __init__(self, *, url: str, token: str, timeout: timedelta, allow_temporary: bool) -> None:
        """`timeout` is for a whole answer; `allow_temporary` accepts identity codes 900-999."""
        self._seconds = timeout.total_seconds()
        self._context = {TEMPORARY_CODES: allow_temporary}
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                # What is not compressed cannot be larger than it looks.
                "Accept-Encoding": "identity",
            },
            timeout=self._seconds,
            # Settings alone say what is asked and by which way; a redirect is no answer.
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Gives back all connections."""
        await self._client.aclose()

    async def by_customer_number(self, customer_number: str) -> RegistryCustomer | None:
        """As `CustomerRegistry.by_customer_number`."""
        found = await self._search({"customer_number": customer_number})
        if len(found) > 1 or any(each.customer_number != customer_number for each in found):
            raise _unavailable(RegistryTrouble.MALFORMED)
        return found[0] if found else None

    async def by_identity(self, personal_identity_code: str) -> Sequence[RegistryCustomer]:
        """As `CustomerRegistry.by_identity`."""
        found = await self._search({"personal_identity_code": personal_identity_code})
        numbers = {each.customer_number for each in found}
        if len(numbers) < len(found) or any(
            each.kind is not CustomerKind.PRIVATE or each.personal_identity_code != personal_identity_code
            for each in found
        ):
            raise _unavailable(RegistryTrouble.MALFORMED)
        return found

    async def changes(self, cursor: str | None) -> Changes:
        """As `CustomerRegistry.changes`."""
        parameters = {} if cursor is None else {"cursor": cursor}
        request = self._client.build_request("GET", "customer-changes", params=parameters)
        try:
            page = await self._ask(_Page, _LARGEST_PAGE, request)
        except RegistryUnavailable as unavailable:
            if unavailable.status != httpx2.codes.GONE or cursor is None:
                raise
            # It does not know any more what has changed since: all over again, which changes nothing twice.
            log.warning("registry.cursor_gone")
            return await self.changes(None)
        if page.more and page.cursor == cursor:
            # It would go round in circles.
            raise _unavailable(RegistryTrouble.MALFORMED)
        read = [self._customer(each) for each in page.customers]
        customers = [each for each in read if each is not None]
        return Changes(
            customers=customers,
            cursor=page.cursor,
            more=page.more,
            left_out=len(read) - len(customers),
        )

    async def _search(self, wanted: Mapping[str, str]) -> Sequence[RegistryCustomer]:
        request = self._client.build_request("POST", "customer-searches", json=wanted)
        return (await self._ask(_Found, _LARGEST_SEARCH, request)).customers

    def _customer(self, told: JsonValue) -> RegistryCustomer | None:
        """A record; None when it breaks the rules. Logs which fields do, and nothing of what is in them."""
        try:
            return RegistryCustomer.model_validate_json(to_json(told), context=self._context)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
            fields = sorted({".".join(str(part) for part in each["loc"]) or "record" for each in problems})
            log.warning("registry.record_left_out", fields=fields)
            return None

    async def _ask(self, kind: type[Answer], largest: int, request: httpx2.Request) -> Answer:
        body = await self._body(request, largest)
        try:
            return kind.model_validate_json(body, context=self._context)
        except ValidationError:
            raise _unavailable(RegistryTrouble.MALFORMED) from None

    async def _body(self, request: httpx2.Request, largest: int) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._client.send(request, stream=True)
                try:
                    _refuse_unless_good(response)
                    return await _whole(response, largest)
                finally:
                    await response.aclose()
        except (httpx2.TimeoutException, TimeoutError):
            raise _unavailable(RegistryTrouble.TIMEOUT) from None
        except httpx2.HTTPError:
            raise _unavailable(RegistryTrouble.UNREACHABLE) from None


async def _whole(response: httpx2.Response, largest: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > largest:
            raise _unavailable(RegistryTrouble.MALFORMED)
    return bytes(body)


def _refuse_unless_good(response: httpx2.Response) -> None:
    status = response.status_code
    match status:
        case httpx2.codes.OK:
            media = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            encoding = response.headers.get("Content-Encoding", "identity")
            if media != "application/json" or encoding != "identity":
                raise _unavailable(RegistryTrouble.MALFORMED, status)
        case httpx2.codes.UNAUTHORIZED | httpx2.codes.FORBIDDEN:
            raise _unavailable(RegistryTrouble.REJECTS_US, status)
        case httpx2.codes.TOO_MANY_REQUESTS | httpx2.codes.SERVICE_UNAVAILABLE:
            raise _unavailable(RegistryTrouble.BUSY, status, _pause(response))
        case _:
            raise _unavailable(RegistryTrouble.FAILING, status)


def _pause(response: httpx2.Response) -> timedelta | None:
    """How long the registry asks to be left alone, within reason; a date is not understood."""
    seconds = response.headers.get("Retry-After", "").strip()
    if not (seconds.isascii() and seconds.isdigit()):
        return None
    return min(timedelta(seconds=min(int(seconds[:9]), 10**6)), _LONGEST_PAUSE)


def _unavailable(
    trouble: RegistryTrouble, status: int | None = None, pause: timedelta | None = None
) -> RegistryUnavailable:
    return RegistryUnavailable(trouble, status=status, retry_after=pause)
