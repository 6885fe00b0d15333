"""What most tests of the API begin with: a relation, who manages it, who is invited."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest

from domain.vocabulary import CustomerKind
from store.customers import CustomerRelation
from store.database import Database
from store.users import User
from tests import factories
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.frontend import Frontend, make_services
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer


@dataclass(frozen=True)
class Cast:
    """Who is there. `inviter` and `invitee` are logged in."""

    frontend: Frontend
    relation: CustomerRelation
    manager: User
    anna: User
    inviter: httpx2.AsyncClient
    invitee: httpx2.AsyncClient

    @property
    def invitations(self) -> str:
        """Where this relation's invitations are."""
        return f"/v1/customer-relations/{self.relation.id}/invitations"

    async def stranger(self) -> httpx2.AsyncClient:
        """Somebody with a session, who has nothing to do with any of it."""
        return await self.frontend.log_in(await factories.make_user(self.frontend.database))


async def assemble(frontend: Frontend, kind: CustomerKind = CustomerKind.COMPANY) -> Cast:
    """Makes them in the frontend's database and logs them in."""
    relation = await factories.make_relation(frontend.database, kind=kind)
    manager = await factories.make_manager(frontend.database, relation)
    anna = await factories.make_user(frontend.database)
    return Cast(
        frontend, relation, manager, anna, await frontend.log_in(manager), await frontend.log_in(anna)
    )


@pytest.fixture
async def cast(frontend: Frontend) -> Cast:
    """In-process, with nobody at work on the processes that start."""
    return await assemble(frontend)


@pytest.fixture
async def cast_on_both(
    log_file: object,
    dev_server: RunningDevServer,
    database: Database,
    smtp: ScriptedSmtpServer,
    clock: SettableClock,
) -> AsyncIterator[Cast]:
    """The same on each database, for what happens at once."""
    services = make_services(make_settings(database, smtp), database, dev_server.client, clock)
    frontend = Frontend(services)
    yield await assemble(frontend)
    await frontend.close()
