"""Worker Versioning on the real server: processes move to the newest worker by themselves (docs/adr/0007)."""

from uuid import uuid4

from temporalio.testing import WorkflowEnvironment

from domain.vocabulary import InvitationState
from store.database import Database
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.harness import Harness
from tests.smtp_server import ScriptedSmtpServer
from worker.versions import make_current


async def test_a_waiting_process_moves_to_the_new_version(
    dev_server: RunningDevServer, sqlite_database: Database, smtp: ScriptedSmtpServer, clock: SettableClock
) -> None:
    environment = WorkflowEnvironment.from_client(dev_server.client)
    queue = f"versioned-{uuid4()}"
    old, new = (
        Harness(
            environment,
            dev_server.client,
            sqlite_database,
            smtp,
            clock,
            worker_build_id=f"{name}-{queue}",
            task_queue=queue,
        )
        for name in ("old", "new")
    )
    async with old.worker():
        await make_current(old.client, f"old-{queue}")
        invited = await old.invite()
        await old.sent(invited)
    async with new.worker():
        await make_current(new.client, f"new-{queue}")
        assert (await new.accept(invited)).state is InvitationState.ACCEPTED
        await invited.handle.result()
    await old.end_all()
