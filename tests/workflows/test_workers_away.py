"""Nobody at work for a while (F15), on the real server: the time-skipping one skips no time then."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.codes import Code
from domain.invitations import InvitationWaits
from domain.vocabulary import InvitationState, Message
from tests.harness import Harness, eventually
from tests.smtp_server import Reply

SHORT = InvitationWaits(
    acceptance=timedelta(seconds=7),
    reminder_after=timedelta(seconds=6),
    registration=timedelta(seconds=60),
)


async def test_across_the_deadline(dev_harness: Harness) -> None:
    """What counts is when a decision is processed: on return the process refuses, then expires."""
    harness = dev_harness
    async with harness.worker():
        asked_before, asked_after, unregistered = [await harness.invite(waits=SHORT) for _ in range(3)]
        for invited in (asked_before, asked_after, unregistered):
            await harness.sent(invited)
        assert not (await harness.progress(asked_after)).reminded
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
            with pytest.raises(WorkflowUpdateFailedError) as error:
                await refused
            assert getattr(error.value.cause, "type", None) == Code.INVITATION_EXPIRED
        for invited in (asked_before, asked_after, unregistered):
            assert (await invited.handle.result()).state is InvitationState.EXPIRED
            assert await harness.grants(invited) == []
            # Nobody is reminded of what is over.
            assert harness.received(invited, invited.email) == [Message.INVITATION]


async def test_while_the_mail_waits(dev_harness: Harness) -> None:
    """The days run from when the mail server took it, not from when that try was due."""
    harness = dev_harness
    harness.smtp.behave("later@example.com", [Reply(450), Reply(450)])
    async with harness.worker():
        invited = await harness.invite(registered=False, email="later@example.com")
        await harness.tried(invited)
    tried_at = await harness.now()
    due = tried_at + timedelta(seconds=5)  # workflows.policies.mail: the first pause
    back = due + timedelta(seconds=2)
    await harness.skip_to(back)

    async with harness.worker():
        await harness.sent(invited)
        await eventually(lambda: bool(harness.smtp.messages))
        row = await harness.row(invited)
        assert row.sent_at is not None
        assert back <= row.sent_at <= await harness.now()
        assert row.deadline == (await harness.progress(invited)).deadline == row.sent_at + timedelta(days=7)
