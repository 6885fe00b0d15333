"""A customer registry that stands in for the retailer's: a real HTTP server that fails when it is told to.

It offers what docs/customer-registry.openapi.json asks for; `test_contract` holds it to that.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from registry.http import HttpRegistry
from runtime.http import serving
from runtime.settings import Address

TOKEN = "the-stand-in-knows-us"
_CURSOR = re.compile(r"after-([0-9]{1,9})")

Said = dict[str, Any]


def contract(number: str, *, starts_on: str = "2020-01-01", ends_on: str | None = None) -> Said:
    return {"contract_number": number, "starts_on": starts_on, "ends_on": ends_on}


def private(
    number: str = "300001",
    *,
    code: str | None = None,
    name: str = "Åsa Öhman",
    electricity: Sequence[Said] | None = None,
    district_heating: Sequence[Said] | None = None,
) -> Said:
    """A private customer with the contracts of its relations."""
    relations = _relations(electricity, district_heating)
    return _customer(number, "private", name, None, relations) | {"personal_identity_code": code}


def company(
    number: str = "300002",
    *,
    name: str = "Påhittade Oy",
    business_id: str = "0737546-2",
    electricity: Sequence[Said] | None = None,
    district_heating: Sequence[Said] | None = None,
) -> Said:
    """A company with the contracts of its relations."""
    return _customer(number, "company", name, business_id, _relations(electricity, district_heating))


def _relations(electricity: Sequence[Said] | None, district_heating: Sequence[Said] | None) -> list[Said]:
    said = {"electricity": electricity, "district_heating": district_heating}
    return [{"commodity": each, "contracts": its} for each, its in said.items() if its is not None]


def _customer(number: str, kind: str, name: str, business_id: str | None, relations: list[Said]) -> Said:
    return {
        "customer_number": number,
        "kind": kind,
        "name": name,
        "business_id": business_id,
        "contact_email": "kontakt@example.com",
        "relations": relations,
    }


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    method: str
    address: str
    body: bytes


class StandIn:
    """Its customers and their changes; `answers` are given instead of its own, one request each."""

    def __init__(self) -> None:
        self.customers: dict[str, Said] = {}
        self.changed: list[str] = []
        self.forgotten = 0
        self.page_size = 100
        self.answers: deque[Callable[[], Response]] = deque()
        self.asked: list[Asked] = []
        self.url = ""
        self._leaving = asyncio.Event()
        self.app = Starlette(
            routes=[
                Route("/registry/customer-searches", self._search, methods=["POST"]),
                Route("/registry/customer-changes", self._changes),
            ]
        )

    def says(self, *customers: Said) -> None:
        """From now on it says this of these customers."""
        for each in customers:
            self.customers[each["customer_number"]] = each
            self.changed.append(each["customer_number"])

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["StandIn"]:
        """Serves while the block runs."""
        async with serving(self.app, Address(port=0), what="The stand-in") as port:
            self.url = f"http://127.0.0.1:{port}/registry/"
            yield self
            self._leaving.set()

    @asynccontextmanager
    async def asked_by(
        self,
        *,
        patience: timedelta = timedelta(seconds=10),
        token: str = TOKEN,
        allow_temporary: bool = True,
    ) -> AsyncIterator[HttpRegistry]:
        """The adapter, asking here."""
        registry = HttpRegistry(url=self.url, token=token, timeout=patience, allow_temporary=allow_temporary)
        yield registry
        await registry.close()

    # Answers that are none

    def silence(self) -> Response:
        """Says that an answer comes, and never sends it."""
        return self._dripping(b"", times=1)

    def drip(self) -> Response:
        """One byte after the other, without an end: no single byte takes long."""
        return self._dripping(b" ", times=10**9)

    def flood(self) -> Response:
        """More than anybody could want."""

        async def body() -> AsyncIterator[bytes]:
            while not self._leaving.is_set():
                yield b" " * 65536
                await asyncio.sleep(0)

        return StreamingResponse(body(), media_type="application/json")

    def _dripping(self, piece: bytes, times: int) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(times):
                yield piece
                try:
                    async with asyncio.timeout(0.02 if piece else None):
                        await self._leaving.wait()
                        return
                except TimeoutError:
                    continue

        return StreamingResponse(body(), media_type="application/json")

    # What it offers

    async def _search(self, request: Request) -> Response:
        body = await request.body()
        scripted = self._scripted(request, body)
        if scripted is not None:
            return scripted
        try:
            wanted = json.loads(body)
        except ValueError:
            return Response(status_code=422)
        match wanted:
            case {"customer_number": str(number), **rest} if not rest and re.fullmatch("[0-9]{6,10}", number):
                found = [each for each in self.customers.values() if each["customer_number"] == number]
            case {"personal_identity_code": str(code), **rest} if not rest:
                found = [
                    each for each in self.customers.values() if each.get("personal_identity_code") == code
                ]
            case _:
                return Response(status_code=422)
        return JSONResponse({"customers": found})

    async def _changes(self, request: Request) -> Response:
        scripted = self._scripted(request, b"")
        if scripted is not None:
            return scripted
        begin = 0
        if (cursor := request.query_params.get("cursor")) is not None:
            known = _CURSOR.fullmatch(cursor)
            if known is None:
                return Response(status_code=422)
            begin = int(known[1])
            if begin < self.forgotten or begin > len(self.changed):
                return Response(status_code=410)
        numbers = self.changed[begin : begin + self.page_size]
        end = begin + len(numbers)
        return JSONResponse(
            {
                "customers": [self.customers[number] for number in dict.fromkeys(numbers)],
                "cursor": f"after-{end}",
                "more": end < len(self.changed),
            }
        )

    def _scripted(self, request: Request, body: bytes) -> Response | None:
        self.asked.append(Asked(request.method, str(request.url), body))
        if self.answers:
            return self.answers.popleft()()
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        return None
