"""An end that is in the database and that the process does not know of (docs/adr/0004).

So it is when a worker dies after the transaction and before Temporal has written down the update behind it,
and whoever sent the update has given up meanwhile: then Temporal forgets it.
"""

from temporalio.testing import ActivityEnvironment

from activities.invitations import InvitationActivities
from domain.invitations import EndInvitation
from domain.vocabulary import InvitationState, Message
from store import outbox
from tests.harness import Harness, Invited


async def end_behind_its_back(harness: Harness, invited: Invited) -> None:
    """Runs the transaction of a cancellation, and nothing else."""
    end = EndInvitation(
        invitation_id=invited.id,
        state=InvitationState.CANCELLED,
        actor_id=invited.inviter.id,
        now=await harness.now(),
    )
    await ActivityEnvironment().run(InvitationActivities(harness.database).end, end)


async def owed(harness: Harness, invited: Invited) -> list[str | None]:
    async with harness.database.reading() as session:
        return [row.signal for row in await outbox.of_process(session, invited.id)]


async def test_the_outbox_reminds_the_process(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    await end_behind_its_back(harness, invited)
    assert (await harness.progress(invited)).state is InvitationState.PENDING
    assert await owed(harness, invited) == ["row_ended"]

    assert await harness.outbox.deliver(invited.id)

    assert (await invited.handle.result()).state is InvitationState.CANCELLED
    assert harness.received(invited, invited.email) == [Message.INVITATION, Message.INVITATION_CANCELLED]
    assert await harness.events(invited) == ["created", "sent", "cancelled"]
    assert await owed(harness, invited) == []


async def test_a_process_that_knows_is_owed_nothing(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    await harness.accept(invited)
    await invited.handle.result()

    assert await owed(harness, invited) == []
