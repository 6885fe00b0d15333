"""The database locked, down, restarted under load, of another version (F11), seen through the API."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from temporalio.client import Client

from domain.vocabulary import GrantedThrough
from runtime.clock import system_clock
from store import migrate
from store.audit import AuditEvent
from store.authorizations import Authorization
from store.database import Database
from store.users import User
from tests import factories
from tests.api.conftest import Cast, assemble
from tests.dev_server import RunningDevServer
from tests.frontend import Frontend, draft, invite, make_services, refusal
from tests.harness import eventually_true, make_settings
from tests.own_registry import own_registry
from tests.postgresql_server import PostgresqlServer
from tests.smtp_server import ScriptedSmtpServer
from worker.bootstrap import Parts, smtp_mailer, worker

UNAVAILABLE = (503, "service.unavailable")


def frontend_of(database: Database, smtp: ScriptedSmtpServer, client: Client) -> Frontend:
    return Frontend(make_services(make_settings(database, smtp), database, client, system_clock))


async def test_sqlite_locked_by_another_process(
    sqlite_url: str, smtp: ScriptedSmtpServer, dev_server: RunningDevServer, log_file: Path
) -> None:
    database = Database(sqlite_url, lock_timeout=timedelta(milliseconds=200))
    frontend = frontend_of(database, smtp, dev_server.client)
    cast = await assemble(frontend)
    before = await frontend.dump()
    locking = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    locking.execute("BEGIN IMMEDIATE")

    responses = await asyncio.gather(
        *(
            cast.inviter.post(cast.invitations, json=draft(), headers={"Idempotency-Key": "k"})
            for _ in range(5)
        )
    )
    assert {refusal(each) for each in responses} == {UNAVAILABLE}
    # What only looks goes on; nothing was written.
    assert (await cast.inviter.get(cast.invitations)).json()["items"] == []
    assert await frontend.dump() == before

    locking.execute("COMMIT")
    locking.close()
    again = await cast.inviter.post(cast.invitations, json=draft(), headers={"Idempotency-Key": "k"})
    assert again.status_code == 201
    await frontend.close()
    await database.close()


async def test_a_short_lock_is_waited_for(
    sqlite_database: Database, smtp: ScriptedSmtpServer, dev_server: RunningDevServer, log_file: Path
) -> None:
    frontend = frontend_of(sqlite_database, smtp, dev_server.client)
    cast = await assemble(frontend)
    path = str(sqlite_database.url.database)
    locking = sqlite3.connect(path, isolation_level=None)
    locking.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(invite(cast.inviter, cast.relation.id))
    # It cannot be done yet: another answer comes first.
    assert (await cast.inviter.get("/v1/me")).status_code == 200
    assert not waiting.done()
    locking.execute("COMMIT")
    locking.close()
    assert (await waiting)["state"] == "pending"
    await frontend.close()


@pytest.fixture
def restarted() -> Iterator[PostgresqlServer]:
    """A server of this test's own."""
    server = PostgresqlServer()
    server.start()
    yield server
    server.stop()


async def answers(database: Database) -> bool:
    try:
        await database.ping()
    except OperationalError:
        return False
    return True


async def known(database: Database, request: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """The same request, with its key, until the service is back and the outcome known."""
    async with asyncio.timeout(60):
        while (response := await request()).status_code == 503:
            assert refusal(response) in {UNAVAILABLE, (503, "processes.outcome_unknown")}
            await eventually_true(lambda: answers(database), 30)
    return response


async def test_postgresql_restarted_under_load(
    restarted: PostgresqlServer, smtp: ScriptedSmtpServer, dev_server: RunningDevServer, log_file: Path
) -> None:
    url = restarted.create("fullmakt")
    unmigrated = Database(url)
    ready = frontend_of(unmigrated, smtp, dev_server.client)
    response = await ready.client().get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "outdated")
    await asyncio.to_thread(migrate.upgrade, url)
    assert (await ready.client().get("/readyz")).status_code == 200
    await ready.close()
    await unmigrated.close()

    database = Database(url)
    frontend = frontend_of(database, smtp, dev_server.client)
    cast = await assemble(frontend)
    people = [await factories.make_user(database) for _ in range(8)]
    settings, outbox = frontend.services.settings, frontend.services.outbox
    mailer = smtp_mailer(settings.smtp, settings.mail_domain)
    registry = own_registry(settings, database)
    parts = Parts(settings=settings, database=database, mailer=mailer, outbox=outbox, registry=registry)
    begun = asyncio.Event()

    async def invited_and_accepted(person: User) -> None:
        invitee = await frontend.log_in(person)
        body, key = draft(email=person.email), {"Idempotency-Key": person.username}
        made = await known(database, lambda: cast.inviter.post(cast.invitations, json=body, headers=key))
        assert made.status_code == 201, made.text
        begun.set()
        path = f"/v1/invitations/{made.json()['id']}/accept"
        accepted = await known(database, lambda: invitee.post(path, headers=key))
        assert accepted.status_code == 200, accepted.text
        assert accepted.json()["state"] == "accepted"
        await frontend.ended(made.json()["id"])

    async with worker(dev_server.client, parts):
        work = [asyncio.create_task(invited_and_accepted(person)) for person in people[:4]]
        await begun.wait()
        await asyncio.to_thread(restarted.go_down)
        await asyncio.to_thread(restarted.start_again)
        work += [asyncio.create_task(invited_and_accepted(person)) for person in people[4:]]
        await asyncio.gather(*work)

    await assert_each_once(database, cast, len(people))
    await asyncio.to_thread(restarted.go_down)
    response = await frontend.client().get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "unreachable")
    assert (await frontend.client().get("/healthz")).status_code == 200
    assert refusal(await cast.inviter.get("/v1/me")) == UNAVAILABLE
    await asyncio.to_thread(restarted.start_again)
    assert (await cast.inviter.get("/v1/me")).status_code == 200
    await frontend.close()
    await database.close()


async def assert_each_once(database: Database, cast: Cast, count: int) -> None:
    """As many grants as people, each with its audit event: nothing half done, nothing twice."""
    async with database.reading() as session:
        granted = select(func.count()).where(
            Authorization.relation_id == cast.relation.id,
            Authorization.granted_through == GrantedThrough.INVITATION,
        )
        assert (await session.execute(granted)).scalar_one() == count
        for event in ("invitation.created", "invitation.accepted", "authorization.granted"):
            audited = select(func.count()).where(AuditEvent.event == event)
            assert (await session.execute(audited)).scalar_one() == count, event
