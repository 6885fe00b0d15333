"""A row of the outbox that can never be delivered is in nobody's way."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.maintenance import Maintenance
from domain import ids
from domain.processes import DrainOutbox
from domain.vocabulary import ProcessKind
from runtime import outbox as delivery
from runtime.outbox import Outbox
from runtime.settings import Retention
from store import outbox
from store.database import Database
from store.outbox import OutboxRow, Owed
from tests import factories
from tests.activities.running import NOW, attempt
from tests.clock import SettableClock

MINUTE = timedelta(minutes=1)


def poisoned(payload: dict[str, Any]) -> OutboxRow:
    return OutboxRow(
        process_kind=ProcessKind.INVITATION,
        process_id=uuid4(),
        owed=Owed.START,
        payload=payload,
        created_at=NOW - timedelta(days=1),
    )


async def test_poisoned_rows_hold_nobody_up(
    database: Database, time_skipping: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a whole batch of them, older than all others."""
    monkeypatch.setattr(delivery, "_BATCH", 2)
    async with database.transaction() as session:
        session.add_all([poisoned({}), poisoned({"input": "?"}), poisoned({"state": 1, "relations": ["x"]})])
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    good = [
        await factories.make_invitation(
            database, inviter=inviter, relation=relation, email=f"{number}@example.com", now=NOW - 2 * MINUTE
        )
        for number in range(3)
    ]
    client = time_skipping.client
    rest = Outbox(client=client, database=database, task_queue=f"nobody-{uuid4()}", clock=SettableClock(NOW))
    house = Maintenance(database=database, outbox=rest, retention=Retention())

    drained = [await attempt(house.drain_outbox, DrainOutbox()) for _ in range(4)]

    assert sum(each.taken for each in drained) == len(good)
    assert drained[-1].left == 3
    async with database.reading() as session:
        left = await outbox.older_than(session, NOW, 10)
        assert all(row.attempts >= 1 for row in left)
        assert not {row.process_id for row in left} & {each.id for each in good}
    for each in good:
        handle = client.get_workflow_handle(ids.workflow_id(ProcessKind.INVITATION, each.id))
        await handle.terminate()  # so it was started
