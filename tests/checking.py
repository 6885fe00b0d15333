"""Another e-service of the retailer, which checks authorizations, and what it takes to answer it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx2
from temporalio.client import Client

from domain.vocabulary import Level, Subpage
from runtime.clock import Clock
from runtime.service_credentials import ServiceCredential, new_service_credential
from runtime.settings import SessionRules, Settings
from starter.services import Services
from store.database import Database
from tests.frontend import Frontend, make_services

SERVICE: Final = "reports"
SECRET, CREDENTIAL = new_service_credential(SERVICE)
NEW_SECRET, NEW_CREDENTIAL = new_service_credential(SERVICE)
BASIC: Final = httpx2.BasicAuth(SERVICE, SECRET)
PATH: Final = "/v1/authorization-checks"


async def services_without_temporal(database: Database, clock: Clock, *given: ServiceCredential) -> Services:
    """The use cases' services, with these credentials, where no Temporal answers and patience is short."""
    client = await Client.connect("127.0.0.1:1", lazy=True)
    settings = Settings(
        _env_file=None,
        database_url=database.url.set(drivername=database.url.get_backend_name()).render_as_string(False),
        service_credentials=list(given),
        sessions=SessionRules(failures_of_source=3),
    )
    return make_services(settings, database, client, clock)


@dataclass(frozen=True)
class EService:
    """Asks in its own name, from one address."""

    frontend: Frontend
    http: httpx2.AsyncClient = field(repr=False)

    async def ask(
        self, user_id: UUID, relation_id: UUID, subpage: Subpage, level: Level
    ) -> tuple[bool, Level]:
        """Whether it is allowed, and what is held."""
        question = question_about(user_id, relation_id, subpage=subpage, level=level)
        response = await self.http.post(PATH, json=question, auth=BASIC)
        assert response.status_code == 200, response.text
        assert response.headers["cache-control"] == "no-store"
        answer = response.json()
        assert set(answer) == {"allowed", "held", "checked_at"}
        return answer["allowed"], Level(answer["held"])


@asynccontextmanager
async def e_service(database: Database, clock: Clock, *given: ServiceCredential) -> AsyncIterator[EService]:
    """One that has `CREDENTIAL`, unless others are given."""
    frontend = Frontend(await services_without_temporal(database, clock, *(given or (CREDENTIAL,))))
    yield EService(frontend, frontend.client())
    await frontend.close()


def question_about(user_id: UUID, relation_id: UUID, **changes: Any) -> dict[str, Any]:
    """The body of a good question."""
    return {
        "user_id": str(user_id),
        "relation_id": str(relation_id),
        "subpage": "consumption",
        "level": "read",
        **changes,
    }
