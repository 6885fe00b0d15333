"""A worker killed at the worst moments (F1, F2, F25), as a process of its own."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, text

from domain.vocabulary import DeliveryState, GrantedThrough
from runtime.clock import system_clock
from store.audit import AuditEvent
from store.authorizations import Authorization
from store.database import Database
from store.invitations import Invitation
from store.messages import Message
from tests.api.conftest import Cast, assemble
from tests.dev_server import RunningDevServer
from tests.faults.processes import python, says
from tests.frontend import Frontend, invite, make_services
from tests.harness import eventually, make_settings
from tests.smtp_server import ScriptedSmtpServer, Slow

HALTING = "tests/faults/halting_worker.py"


@dataclass(frozen=True)
class Scene:
    """A database, a task queue and a mail server of its own, on the shared Temporal."""

    cast: Cast
    smtp: ScriptedSmtpServer
    temporal: str
    log: Path

    @property
    def frontend(self) -> Frontend:
        return self.cast.frontend

    def worker(self, *arguments: str) -> Any:
        settings = self.frontend.services.settings
        return python(*arguments, settings=settings, temporal=self.temporal, log=self.log)

    async def invited(self) -> str:
        made = await invite(self.cast.inviter, self.cast.relation.id, email=self.cast.anna.email)
        return str(made["id"])

    async def accept(self, invitation_id: str) -> httpx2.Response:
        """With one key, until the outcome is known."""
        path, headers = f"/v1/invitations/{invitation_id}/accept", {"Idempotency-Key": "once"}
        async with asyncio.timeout(60):
            while (response := await self.cast.invitee.post(path, headers=headers)).status_code == 503:
                assert response.json()["code"] == "processes.outcome_unknown"
        return response

    async def count(self, table: Any, *conditions: Any) -> int:
        async with self.frontend.database.reading() as session:
            query = select(func.count()).select_from(table).where(*conditions)
            return (await session.execute(query)).scalar_one()

    async def traces(self) -> dict[str, int]:
        """What an acceptance leaves behind: each of it once."""
        return {
            "grants": await self.count(
                Authorization, Authorization.granted_through == GrantedThrough.INVITATION
            ),
            "audited": await self.count(AuditEvent, AuditEvent.event == "invitation.accepted"),
            "messages": await self.count(Message, Message.template == "authorization_granted"),
        }


async def killed_after_a_grant(scene: Scene, point: str, then: str) -> httpx2.Response:
    invitation_id = await scene.invited()
    async with scene.worker(HALTING, point) as killed:
        await scene.smtp.taken(to=scene.cast.anna.email, seconds=40)
        await scene.frontend.sent(invitation_id)
        accepting = asyncio.create_task(scene.accept(invitation_id))
        await says(killed, "halted")
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
    async with scene.worker(HALTING, then):
        response = await accepting
        await scene.frontend.ended(invitation_id)
    return response


async def killed_after_a_mail(scene: Scene) -> None:
    invitation_id = await scene.invited()
    async with scene.worker(HALTING, "mail") as killed:
        await says(killed, "halted")
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
    async with scene.worker(HALTING, "none"):
        await scene.smtp.taken(to=scene.cast.anna.email, count=2, seconds=60)
        await scene.frontend.sent(invitation_id)


async def asked_to_stop_while_mailing(scene: Scene) -> int | None:
    scene.smtp.behave(scene.cast.anna.email, Slow(0.5))
    await scene.invited()
    async with scene.worker("-m", "worker") as worker:
        await eventually(lambda: bool(scene.smtp.attempts), 40)
        worker.send_signal(signal.SIGTERM)
        await asyncio.wait_for(worker.communicate(), 30)
        returncode: int | None = worker.returncode
        return returncode


@dataclass(frozen=True)
class Outcomes:
    """All scenes side by side: most of the time is Temporal waiting for a dead worker."""

    scenes: dict[str, Scene]
    results: dict[str, Any]


@pytest.fixture(scope="module")
async def outcomes(
    dev_server: RunningDevServer, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outcomes]:
    scenes: dict[str, Scene] = {}
    for name in ("grant", "mail", "naive", "stop"):
        folder = tmp_path_factory.mktemp(name)
        database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, folder / 'fullmakt.db')}")
        smtp = ScriptedSmtpServer()
        await smtp.start()
        settings = make_settings(database, smtp)
        services = make_services(settings, database, dev_server.client, system_clock)
        cast = await assemble(Frontend(services))
        scenes[name] = Scene(cast, smtp, dev_server.address, folder / "worker.log")
    async with scenes["naive"].frontend.database.transaction() as session:
        # The database itself would not let the naive build do it.
        await session.execute(text("DROP INDEX uq_authorizations_active"))
    work: dict[str, Coroutine[Any, Any, Any]] = {
        "grant": killed_after_a_grant(scenes["grant"], "grant", "none"),
        "mail": killed_after_a_mail(scenes["mail"]),
        "naive": killed_after_a_grant(scenes["naive"], "naive", "naive-none"),
    }
    results = dict(zip(work, await asyncio.gather(*work.values()), strict=True))
    # By itself: on a busy machine the short local try would end before its time.
    results["stop"] = await asked_to_stop_while_mailing(scenes["stop"])
    yield Outcomes(scenes, results)
    for scene in scenes.values():
        await scene.smtp.stop()
        await scene.frontend.close()
        await scene.frontend.database.close()


ONCE = {"grants": 1, "audited": 1, "messages": 1}


async def test_killed_between_commit_and_completion(outcomes: Outcomes) -> None:
    scene, response = outcomes.scenes["grant"], outcomes.results["grant"]
    assert (response.status_code, response.json()["state"]) == (200, "accepted")
    assert await scene.traces() == ONCE
    assert len(await scene.smtp.taken(to=scene.cast.anna.email, count=2)) == 2
    assert len(scene.smtp.messages) == 3


async def test_a_naive_build_would_grant_twice(outcomes: Outcomes) -> None:
    """The negative control of the test above."""
    assert (await outcomes.scenes["naive"].traces())["grants"] == 2


async def test_killed_between_the_servers_250_and_our_commit(outcomes: Outcomes) -> None:
    scene = outcomes.scenes["mail"]
    first, again = await scene.smtp.taken(to=scene.cast.anna.email, count=2)
    assert first.raw == again.raw
    assert b"Message-ID" in first.raw
    async with scene.frontend.database.reading() as session:
        [message] = (await session.scalars(select(Message))).all()
        [invitation] = (await session.scalars(select(Invitation))).all()
    assert message.delivery is invitation.delivery is DeliveryState.SENT
    assert invitation.sent_at is not None
    assert invitation.deadline == invitation.sent_at + timedelta(days=7)
    assert await scene.count(AuditEvent, AuditEvent.event == "invitation.sent") == 1


async def test_sigterm_lets_an_activity_finish(outcomes: Outcomes) -> None:
    scene = outcomes.scenes["stop"]
    assert outcomes.results["stop"] == 0
    assert len(await scene.smtp.taken(to=scene.cast.anna.email)) == 1
    assert await scene.count(Message, Message.delivery == DeliveryState.SENT) == 1
