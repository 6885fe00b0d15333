"""The database is away while somebody decides: the claim holds, with one grant in the end (F1, F11)."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.codes import Code
from domain.invitations import Act
from domain.vocabulary import InvitationState
from tests.faulty_database import Fault, FaultyDatabase
from tests.harness import Harness, eventually


@pytest.mark.parametrize(
    "faults",
    [
        [Fault.UNREACHABLE] * 5,
        [Fault.BEFORE_COMMIT] * 5,
        [Fault.AFTER_COMMIT],
        [Fault.BEFORE_COMMIT, Fault.UNREACHABLE, Fault.AFTER_COMMIT],
    ],
    ids=["unreachable", "crash-before-commit", "crash-after-commit", "all"],
)
async def test_the_grant_is_tried_until_it_is_there_once(idle_harness: Harness, faults: list[Fault]) -> None:
    harness = idle_harness
    faulty = FaultyDatabase(harness.database)
    async with harness.worker(faulty):
        invited = await harness.invite()
        await harness.sent(invited)
        faulty.faults.extend(faults)
        tried = faulty.tries

        accepting = asyncio.create_task(harness.accept(invited))
        # More tries than the local ones: the server's queue has pauses, which need not be waited for.
        await eventually(lambda: faulty.tries > tried + min(len(faults), 3) - 1)
        await harness.skip(timedelta(minutes=2))
        outcome = await accepting

        assert outcome.state is InvitationState.ACCEPTED
        assert (await invited.handle.result()).state is InvitationState.ACCEPTED
    assert len(await harness.grants(invited)) == 1
    events = await harness.events(invited)
    assert (events.count("authorization.granted"), events.count("accepted")) == (1, 1)
    await faulty.close()


async def test_a_locked_database_holds_the_claim(idle_harness: Harness) -> None:
    """Another process holds SQLite's write lock; who decides second waits, and hears how it ended."""
    harness = idle_harness
    impatient = FaultyDatabase(harness.database)
    async with harness.worker(impatient):
        invited = await harness.invite()
        await harness.sent(invited)
        tried = impatient.tries
        assert harness.database.url.database is not None
        other = sqlite3.connect(Path(harness.database.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        accepting = asyncio.create_task(harness.accept(invited))
        await eventually(lambda: impatient.tries > tried)
        cancelling = asyncio.create_task(harness.decide(invited, Act.CANCEL, invited.inviter))
        await eventually(lambda: impatient.tries > tried + 2)
        assert not accepting.done()
        other.execute("ROLLBACK")
        other.close()
        await harness.skip(timedelta(minutes=1))

        accepted, cancelled = await asyncio.gather(accepting, cancelling)
        assert accepted == cancelled
        assert accepted.state is InvitationState.ACCEPTED
    assert len(await harness.grants(invited)) == 1
    await impatient.close()


async def test_an_expiry_waits_for_the_database(idle_harness: Harness) -> None:
    """Meanwhile the process is still open, and the deadline alone refuses whoever comes late."""
    harness = idle_harness
    faulty = FaultyDatabase(harness.database)
    async with harness.worker(faulty):
        invited = await harness.invite()
        await harness.sent(invited)
        await harness.skip(timedelta(days=6))
        await harness.progress(invited)
        faulty.faults.extend([Fault.UNREACHABLE] * 1000)
        await harness.skip(timedelta(days=1, hours=1))

        assert (await harness.progress(invited)).state is InvitationState.PENDING
        assert invited.invitee is not None
        for act, person in ((Act.ACCEPT, invited.invitee), (Act.CANCEL, invited.inviter)):
            assert await harness.refusal(invited, act, person) == Code.INVITATION_EXPIRED
        with pytest.raises(WorkflowUpdateFailedError):
            await harness.begin_registration(invited)

        faulty.faults.clear()
        await harness.skip(timedelta(minutes=1))
        assert (await invited.handle.result()).state is InvitationState.EXPIRED
    assert await harness.grants(invited) == []
    assert (await harness.events(invited)).count("expired") == 1
    await faulty.close()
