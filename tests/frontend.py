"""The API as a frontend sees it: over real HTTP or in-process, with what a test looks at behind it.

frontend = Frontend(services)                          # in-process
anna = await frontend.log_in(user)                     # a client with a session and a source of its own
made = await invite(anna, relation.id, email="bo@example.com")
assert_refused(await anna.post(f"/v1/invitations/{made['id']}/cancel"), 409, "invitation.ended")
"""

from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx2
from temporalio.client import Client

from domain import ids
from domain.invitations import InvitationResult
from domain.vocabulary import ProcessKind
from runtime.clock import Clock
from runtime.outbox import Outbox
from runtime.settings import Settings
from starter.app import create_app
from starter.identification.provider import IdentityProvider
from starter.services import Services
from store.database import Database
from store.tables import METADATA
from store.users import User
from tests.factories import PASSWORD
from workflows.invitation import InvitationProcess

MESSAGE = "Hej! Nu kan du se vår elförbrukning."
PROBLEM = "application/problem+json"
_SOURCES = count(1)


def new_source() -> str:
    """An address that no other client of this test run has."""
    number = next(_SOURCES)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def make_services(
    settings: Settings,
    database: Database,
    client: Client,
    clock: Clock,
    *,
    identity_provider: IdentityProvider | None = None,
) -> Services:
    """The use cases' services, as `starter.serve` makes them."""
    outbox = Outbox(client=client, database=database, task_queue=settings.task_queue, clock=clock)
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        client=client,
        outbox=outbox,
        identity_provider=identity_provider,
    )


class Frontend:
    """Clients of one API. Without `url` it is called in-process, through the whole ASGI application."""

    def __init__(self, services: Services, url: str | None = None) -> None:
        self.services = services
        self._url = url
        self._app = None if url else create_app(services)
        self._clients: list[httpx2.AsyncClient] = []

    @property
    def database(self) -> Database:
        """The database behind it."""
        return self.services.database

    def client(self, source: str | None = None) -> httpx2.AsyncClient:
        """Somebody who is not logged in, at an address of his own."""
        source = source or new_source()
        if self._app is None:
            transport: httpx2.AsyncBaseTransport = httpx2.AsyncHTTPTransport(
                limits=httpx2.Limits(max_connections=100)
            )
            headers = {"X-Forwarded-For": source}
        else:
            transport = httpx2.ASGITransport(self._app, raise_app_exceptions=False, client=(source, 1))
            headers = {}
        made = httpx2.AsyncClient(
            transport=transport, base_url=self._url or "http://api.example.com", headers=headers, timeout=30
        )
        self._clients.append(made)
        return made

    async def log_in(
        self, user: User | str, password: str = PASSWORD, source: str | None = None
    ) -> httpx2.AsyncClient:
        """A client with a session."""
        client = self.client(source)
        username = user if isinstance(user, str) else user.username
        response = await client.post("/v1/sessions", json={"username": username, "password": password})
        assert response.status_code == 201, response.text
        client.headers["Authorization"] = f"Bearer {response.json()['token']}"
        return client

    async def close(self) -> None:
        """Closes all clients."""
        for client in self._clients:
            await client.aclose()

    # Processes

    async def ended(self, invitation_id: str) -> InvitationResult:
        """Waits until the process has ended: everybody concerned has been told."""
        handle = self.services.client.get_workflow_handle(
            ids.workflow_id(ProcessKind.INVITATION, UUID(invitation_id)), result_type=InvitationResult
        )
        result: InvitationResult = await handle.result(rpc_timeout=timedelta(seconds=30))
        return result

    async def sent(self, invitation_id: str) -> None:
        """Waits until the process has recorded what became of its e-mail (a query waits for that)."""
        handle = self.services.client.get_workflow_handle(
            ids.workflow_id(ProcessKind.INVITATION, UUID(invitation_id))
        )
        await handle.query(InvitationProcess.progress)

    async def dump(self, *without: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, in order, to compare before and after."""
        async with self.database.reading() as session:
            return {
                table.name: sorted(
                    (tuple(row) for row in (await session.execute(table.select())).all()), key=repr
                )
                for table in METADATA.sorted_tables
                if table.name not in without
            }


def draft(**changes: Any) -> dict[str, Any]:
    """The body of a good invitation."""
    return {
        "email": "bo.boman@example.com",
        "first_name": "Bo",
        "last_name": "Boman",
        "cover_message": MESSAGE,
        "role": "relation_user",
        **changes,
    }


async def invite(client: httpx2.AsyncClient, relation_id: UUID, **changes: Any) -> dict[str, Any]:
    """Invites somebody, who then is invited."""
    response = await client.post(f"/v1/customer-relations/{relation_id}/invitations", json=draft(**changes))
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def registration(token: str, **changes: Any) -> dict[str, Any]:
    """The body of a good registration."""
    return {
        "invitation_token": token,
        "first_name": "Bo",
        "last_name": "Boman",
        "username": f"bo.{token[:8]}",
        "password": PASSWORD,
        "language": "sv",
        "terms_version": "2026-11",
        "declared_accurate": True,
        **changes,
    }


def refusal(response: httpx2.Response) -> tuple[int, str]:
    """Status and code, having seen that it is a whole problem document."""
    body = response.json()
    assert response.headers["content-type"] == PROBLEM, response.text
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    if response.status_code in {429, 503}:
        assert int(response.headers["retry-after"]) >= 1
    code: str = body["code"]
    return response.status_code, code


def field_codes(response: httpx2.Response) -> Mapping[str, str]:
    """What is wrong with which field of a 422."""
    assert refusal(response) == (422, "request.invalid"), response.text
    return {each["pointer"]: each["code"] for each in response.json()["errors"]}
