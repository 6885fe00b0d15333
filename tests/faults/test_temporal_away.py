"""Temporal down, killed, back again, under an API that goes on (F4, F5, F6)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx2
import pytest
from temporalio.client import Client

from runtime.clock import system_clock
from runtime.failures import DATA_CONVERTER
from runtime.settings import Settings
from store.database import Database
from store.invitations import Invitation
from store.outbox import OutboxRow
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.dev_server import DevServer
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, invite, make_services, refusal
from tests.harness import make_settings
from tests.own_registry import own_registry
from tests.smtp_server import ScriptedSmtpServer
from worker.bootstrap import Parts, smtp_mailer, worker

Answer = TypeVar("Answer")
UNKNOWN = (503, "processes.outcome_unknown")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DevServer]:
    """Not started yet."""
    server = DevServer(tmp_path)
    yield server
    server.stop()


def parts(frontend: Frontend, settings: Settings) -> Parts:
    mailer = smtp_mailer(settings.smtp, settings.mail_domain)
    return Parts(
        settings=settings,
        database=frontend.database,
        mailer=mailer,
        outbox=frontend.services.outbox,
        registry=own_registry(settings, frontend.database),
    )


async def timed(request: Awaitable[Answer], seconds: float) -> Answer:
    """The answer, which comes in this time."""
    begun = time.monotonic()
    response = await request
    assert time.monotonic() - begun < seconds
    return response


async def answered(cast: Cast, path: str, key: str) -> httpx2.Response:
    """The same request until its outcome is known."""
    async with asyncio.timeout(40):
        while True:
            response = await cast.invitee.post(path, headers={"Idempotency-Key": key})
            if response.status_code != 503:
                return response


async def readiness(frontend: Frontend) -> tuple[int, Any]:
    client = frontend.client()
    alive = await client.get("/healthz")
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    ready = await client.get("/readyz")
    return ready.status_code, ready.json()


async def test_down_then_up_then_killed_then_back(
    server: DevServer, sqlite_database: Database, smtp: ScriptedSmtpServer, log_file: Path
) -> None:
    settings = make_settings(sqlite_database, smtp)
    client = await Client.connect(server.address, data_converter=DATA_CONVERTER, lazy=True)
    frontend = Frontend(make_services(settings, sqlite_database, client, system_clock))
    cast = await assemble(frontend)

    # An API that began while Temporal was down.
    assert await readiness(frontend) == (503, {"database": "ok", "temporal": "unreachable"})
    created = await timed(invite(cast.inviter, cast.relation.id, email=cast.anna.email), 3)
    first = created["id"]
    assert created["state"] == "pending"
    for person, act in ((cast.invitee, "accept"), (cast.invitee, "decline"), (cast.inviter, "cancel")):
        path, headers = f"/v1/invitations/{first}/{act}", {"Idempotency-Key": act}
        refused = await timed(person.post(path, headers=headers), 6)
        assert refusal(refused) == UNKNOWN
    shown = (await cast.inviter.get(f"/v1/invitations/{first}")).json()
    assert shown == created

    # It comes: what is owed is delivered, the repeat gets its outcome.
    started = await server.start()
    drained = await frontend.services.outbox.drain(timedelta(0))
    assert (drained.taken, drained.left) == (1, 0)
    async with worker(started, parts(frontend, settings)):
        accepted = await answered(cast, f"/v1/invitations/{first}/accept", "accept")
        assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
        await frontend.ended(first)
        assert await readiness(frontend) == (200, {"database": "ok", "temporal": "ok"})

        # It is killed while an invitation waits; another is made meanwhile.
        eva = await factories.make_user(sqlite_database)
        waiting = (await invite(cast.inviter, cast.relation.id, email=eva.email))["id"]
        await smtp.taken(to=eva.email)
        await frontend.sent(waiting)
        server.kill()
        assert (await readiness(frontend))[1]["temporal"] == "unreachable"
        ida = await factories.make_user(sqlite_database)
        meanwhile = (await timed(invite(cast.inviter, cast.relation.id, email=ida.email), 3))["id"]
        invitee = Cast(frontend, cast.relation, cast.manager, eva, cast.inviter, await frontend.log_in(eva))
        path = f"/v1/invitations/{waiting}/accept"
        headers = {"Idempotency-Key": "eva"}
        lost = await timed(invitee.invitee.post(path, headers=headers), 8)
        assert refusal(lost) == UNKNOWN
        cancel = await timed(cast.inviter.post(f"/v1/invitations/{meanwhile}/cancel"), 8)
        assert refusal(cancel) == UNKNOWN

        # On the same file it knows everything again.
        await server.start()
        accepted = await answered(invitee, path, "eva")
        assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
        await frontend.services.outbox.drain(timedelta(0))
        await smtp.taken(to=ida.email, seconds=30)
    async with sqlite_database.reading() as session:
        row = await session.get_one(Invitation, UUID(waiting))
        assert row.state == "accepted"
    await frontend.close()


async def test_a_crash_between_the_row_and_the_start(live_stack: LiveStack) -> None:
    """F4: the row and what it owes are there, the process is not. The schedule starts it."""
    database, services = live_stack.frontend.database, live_stack.frontend.services
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    row = await factories.make_invitation(
        database,
        inviter=inviter,
        relation=relation,
        email="crash@example.com",
        now=system_clock() - timedelta(seconds=40),
    )

    await services.client.get_schedule_handle("drain-outbox").trigger()

    assert len(await live_stack.smtp.taken(to="crash@example.com", seconds=20)) == 1
    await live_stack.frontend.sent(str(row.id))
    async with database.reading() as session:
        left = (await session.scalars(OutboxRow.__table__.select())).all()
        assert left == []
        sent = await session.get_one(Invitation, row.id)
        assert sent.sent_at is not None
