"""Until when an answer is taken: the last minute, the reminder, registrations."""

from datetime import timedelta

import pytest
from temporalio.service import RPCError, RPCStatusCode

from domain.codes import Code
from domain.invitations import Act
from domain.vocabulary import InvitationState, Message
from tests.harness import Harness

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


async def test_the_reminder_comes_after_five_days(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    await harness.skip(timedelta(days=5) - MINUTE)
    assert harness.received(invited, invited.email) == [Message.INVITATION]

    await harness.skip(2 * MINUTE)
    await harness.smtp.taken(to=invited.email, count=2)

    assert harness.received(invited, invited.email) == [Message.INVITATION, Message.INVITATION_REMINDER]
    assert (await harness.progress(invited)).reminded
    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED


async def test_the_last_minute_counts_and_the_next_does_not(harness: Harness) -> None:
    in_time, late = await harness.invite(), await harness.invite()
    await harness.sent(in_time)
    await harness.sent(late)
    assert (await harness.row(late)).deadline - await harness.now() <= WEEK

    await harness.skip_to((await harness.row(in_time)).deadline - MINUTE)
    assert (await harness.accept(in_time)).state is InvitationState.ACCEPTED
    await harness.skip_to((await harness.row(late)).deadline + MINUTE)

    assert (await late.handle.result()).state is InvitationState.EXPIRED
    with pytest.raises(RPCError) as refused:
        await harness.accept(late)
    assert refused.value.status is RPCStatusCode.NOT_FOUND
    assert await harness.grants(late) == []


async def test_who_begins_to_register_in_time_has_an_hour(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    plain = (await harness.row(invited)).deadline
    await harness.skip_to(plain - 30 * MINUTE)

    first = await harness.begin_registration(invited)

    row = await harness.row(invited)
    assert row.state is InvitationState.REGISTERING
    assert plain + 29 * MINUTE <= first.deadline <= plain + 31 * MINUTE
    assert row.deadline == first.deadline == (await harness.progress(invited)).deadline
    await harness.skip_to(plain + 10 * MINUTE)
    assert (await harness.begin_registration(invited)).deadline == first.deadline
    await harness.skip_to(first.deadline - MINUTE)
    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED
    await invited.handle.result()
    assert await harness.events(invited) == [
        *("created", "sent", "reminded", "registering", "authorization.granted", "accepted")
    ]


async def test_registrations_extend_by_one_hour_in_all(harness: Harness) -> None:
    invited = await harness.invite(registered=False)
    await harness.sent(invited)
    plain = (await harness.row(invited)).deadline
    assert (await harness.begin_registration(invited)).deadline == plain

    await harness.skip_to(plain - MINUTE)
    last = (await harness.begin_registration(invited)).deadline
    assert plain + 58 * MINUTE <= last < plain + HOUR
    await harness.skip_to(plain + 30 * MINUTE)
    assert (await harness.begin_registration(invited)).deadline == last

    await harness.skip_to(last + MINUTE)
    assert (await invited.handle.result()).state is InvitationState.EXPIRED


async def test_a_running_process_keeps_its_waits(harness: Harness) -> None:
    waits = harness.settings.waits.model_copy(update={"acceptance": 2 * HOUR, "reminder_after": HOUR})
    invited = await harness.invite(waits=waits)
    await harness.sent(invited)
    row = await harness.row(invited)
    assert row.sent_at is not None
    assert row.deadline == row.sent_at + 2 * HOUR

    await harness.skip(HOUR + MINUTE)
    await harness.smtp.taken(to=invited.email, count=2)
    await harness.skip(HOUR)
    assert (await invited.handle.result()).state is InvitationState.EXPIRED


async def test_a_decision_after_the_end_is_refused_by_code(harness: Harness) -> None:
    invited = await harness.invite(registered=False)
    await harness.sent(invited)
    harness.smtp.behave(invited.inviter.email, [])
    await harness.smtp.stop()  # the process has to wait for its last e-mail, so it can still be asked
    await harness.skip(WEEK + MINUTE)

    assert await harness.refusal(invited, Act.CANCEL, invited.inviter) == Code.INVITATION_ENDED
