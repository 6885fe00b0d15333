"""Nobody at work for a while (F15), on the real server: the time-skipping one skips no time then."""

import asyncio
from datetime import UTC, timedelta
from typing import Any

from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from domain.codes import Code
from domain.invitations import InvitationWaits
from domain.vocabulary import InvitationState
from tests.harness import Harness
from tests.smtp_server import Greylist
from workflows.policies import mail

# Long enough to stop a worker on a busy machine. The reminder goes out at once, so that it is out of the way.
SHORT = InvitationWaits(
    acceptance=timedelta(seconds=10), reminder_after=timedelta(0), registration=timedelta(seconds=60)
)


async def answer_to(update: "asyncio.Task[Any]") -> str:
    """The code of a refusal; NOT_FOUND when the process ended before it got to the update."""
    try:
        return f"done: {await update}"
    except WorkflowUpdateFailedError as error:
        return str(getattr(error.cause, "type", error.cause))
    except RPCError as error:
        return error.status.name


async def test_across_the_deadline(dev_harness: Harness) -> None:
    """What counts is when a decision is processed: on return the process refuses, then expires."""
    harness = dev_harness
    async with harness.worker():
        asked_before, asked_after, unregistered = [await harness.invite(waits=SHORT) for _ in range(3)]
        for invited in (asked_before, asked_after, unregistered):
            await harness.smtp.taken(to=invited.email, count=2)
            assert (await harness.progress(invited)).reminded
    asked = [asyncio.create_task(harness.accept(asked_before))]
    rows = [await harness.row(invited) for invited in (asked_before, asked_after, unregistered)]
    latest = max(row.deadline for row in rows)
    await harness.skip_to(latest)
    asked.append(asyncio.create_task(harness.accept(asked_after)))
    beginning = asyncio.create_task(harness.begin_registration(unregistered))

    # Nobody has written the end, but lists compare times.
    assert {row.state for row in rows} == {InvitationState.PENDING}
    assert {row.state_at(await harness.now()) for row in rows} == {InvitationState.EXPIRED}

    async with harness.worker():
        for refused in (*asked, beginning):
            assert await answer_to(refused) in {Code.INVITATION_EXPIRED, "NOT_FOUND"}
        for invited in (asked_before, asked_after, unregistered):
            assert (await invited.handle.result()).state is InvitationState.EXPIRED
            assert await harness.grants(invited) == []


async def test_while_the_mail_waits(dev_harness: Harness) -> None:
    """The days run from when the mail server took it, not from when that try was due."""
    harness = dev_harness
    away = False
    harness.smtp.behave("later@example.com", Greylist(lambda: away))
    async with harness.worker():
        invited = await harness.invite(registered=False, email="later@example.com")
        await harness.tried(invited)
    away = True
    [waiting] = (await invited.handle.describe()).raw_description.pending_activities
    due = waiting.scheduled_time.ToDatetime(UTC)
    # It counts as no time: at most this much is lost.
    first_try = mail(harness.settings.waits.delivery).local_attempt
    await harness.skip_to(due + first_try + timedelta(seconds=1))
    back = await harness.now()

    async with harness.worker():
        await harness.sent(invited)
        row = await harness.row(invited)
        assert row.sent_at is not None
        assert back - first_try <= row.sent_at <= await harness.now()
        assert row.deadline == (await harness.progress(invited)).deadline == row.sent_at + timedelta(days=7)
