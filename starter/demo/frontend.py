"""The API as a frontend uses it: HTTP and nothing else."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from starter.demo.people import EService, Person, Place


class BrokenOff(Exception):
    """A story cannot go on; the message says at which request."""


@dataclass(frozen=True)
class Reply:
    """What the API answered."""

    request: str
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def refusal(self) -> tuple[int, str | None]:
        """Status and code, to compare with the documented ones."""
        return self.status, self.body.get("code") if isinstance(self.body, dict) else None

    def must(self, status: int) -> Any:
        """The body of an answer that the story cannot do without. Raises BrokenOff."""
        if self.status != status:
            raise BrokenOff(f"{self.request} answered {self.status} {self.refusal[1] or ''}".strip())
        return self.body


@dataclass(frozen=True)
class Frontend:
    """Somebody at the API; with a token, somebody who is logged in."""

    http: httpx2.AsyncClient
    token: str | None = None

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request; the path is that of /v1."""
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        response = await self.http.request(method, f"/v1{path}", json=body, headers=headers)
        content = response.json() if response.content else None
        return Reply(f"{method} /v1{path}", response.status_code, content, response.headers)

    async def get(self, path: str) -> Reply:
        """Looks."""
        return await self.call("GET", path)

    async def post(self, path: str, body: Any = None) -> Reply:
        """Acts."""
        return await self.call("POST", path, body or {})

    async def log_in(self, person: Person) -> "Frontend":
        """The same API with a session of this person."""
        credentials = {"username": person.username, "password": person.password}
        started = (await self.post("/sessions", credentials)).must(201)
        return Frontend(self.http, started["token"])

    async def check(self, service: EService, question: Mapping[str, str]) -> bool:
        """What another e-service of the retailer is told: may this user do this? Raises BrokenOff."""
        credentials = f"{service.credential.name}:{service.secret}".encode()
        basic = f"Basic {base64.b64encode(credentials).decode()}"
        asked = await self.call("POST", "/authorization-checks", dict(question), Authorization=basic)
        return bool(asked.must(200)["allowed"])

    async def register(self, person: Person, token: str) -> Reply:
        """Becomes a user with an invitation's token."""
        terms = (await self.get("/terms")).must(200)
        return await self.post(
            "/invitation-registrations",
            {
                "invitation_token": token,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "username": person.username,
                "password": person.password,
                "language": person.language,
                "terms_version": terms["version"],
                "declared_accurate": True,
            },
        )

    async def relation_id(self, place: Place) -> str:
        """The id of a relation that this person holds something on. Raises BrokenOff."""
        for each in (await self.get("/customer-relations")).must(200)["items"]:
            if (each["customer_number"], each["commodity"]) == (place.customer_number, place.commodity):
                return str(each["id"])
        raise BrokenOff(f"No authorization on {place.customer_number}, {place.commodity}")

    async def invite(
        self, person: Person, place: Place, *, role: str, message: str, **levels: str
    ) -> dict[str, Any]:
        """Invites a person; the e-mail is in her language. `levels`: others than the role's."""
        relation_id = await self.relation_id(place)
        body = {
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "cover_message": message,
            "role": role,
            "language": person.language,
            "levels": levels,
        }
        made: dict[str, Any] = (await self.post(f"/customer-relations/{relation_id}/invitations", body)).must(
            201
        )
        return made

    async def roles(self, place: Place) -> dict[str, set[str]]:
        """By address: who holds which roles on a relation."""
        relation_id = await self.relation_id(place)
        held: dict[str, set[str]] = {}
        for each in (await self.get(f"/customer-relations/{relation_id}/users")).must(200)["items"]:
            held.setdefault(each["email"], set()).add(each["role"])
        return held


@asynccontextmanager
async def frontend(url: str) -> AsyncIterator[Frontend]:
    """Somebody who is not logged in, at the API at `url`."""
    async with httpx2.AsyncClient(
        base_url=url, timeout=20, headers={"Accept-Language": "en"}, trust_env=False
    ) as http:
        yield Frontend(http)
