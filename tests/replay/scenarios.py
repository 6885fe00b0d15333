"""One process for every way an invitation can go; what they leave in Temporal is what replay tests keep."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from domain.invitations import Act, RightLost
from store.authorizations import active_on
from tests import factories
from tests.harness import Harness, Invited
from tests.smtp_server import ACCEPT, Greylist, Reply
from tests.workflows.test_forgotten_end import end_behind_its_back
from workflows.invitation import InvitationProcess

Scenario = Callable[[Harness], Awaitable[Invited]]
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


async def accepted(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    await harness.accept(invited)
    return invited


async def accepted_after_reminder(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    await harness.skip(6 * _DAY)
    await harness.accept(invited)
    return invited


async def accepted_by_a_new_person(harness: Harness) -> Invited:
    invited = await harness.invite(registered=False)
    await harness.sent(invited)
    await harness.begin_registration(invited)
    await harness.begin_registration(invited)
    invitee = await factories.make_user(harness.database, email=invited.email)
    await harness.decide(invited, Act.ACCEPT, invitee)
    return invited


async def accepted_while_still_sending(harness: Harness) -> Invited:
    harness.smtp.behave("sending@example.com", Reply(450))
    invited = await harness.invite(registered=False, email="sending@example.com")
    await harness.tried(invited)
    invitee = await factories.make_user(harness.database, email=invited.email)
    harness.smtp.behave(invited.email, ACCEPT)
    await harness.decide(invited, Act.ACCEPT, invitee)
    return invited


async def accepted_after_the_wrong_person_tried(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    stranger = await factories.make_user(harness.database)
    await harness.decide(invited, Act.ACCEPT, stranger)
    await harness.accept(invited)
    return invited


async def declined(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    assert invited.invitee is not None
    await harness.decide(invited, Act.DECLINE, invited.invitee)
    return invited


async def cancelled(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    await harness.decide(invited, Act.CANCEL, invited.inviter)
    return invited


async def expired(harness: Harness) -> Invited:
    invited = await harness.invite(registered=False)
    await harness.sent(invited)
    await harness.skip(8 * _DAY)
    return invited


async def expired_while_registering(harness: Harness) -> Invited:
    invited = await harness.invite(registered=False)
    await harness.sent(invited)
    await harness.skip_to((await harness.row(invited)).deadline - timedelta(minutes=1))
    await harness.begin_registration(invited)
    await harness.skip(2 * _HOUR)
    return invited


async def expired_after_late_delivery(harness: Harness) -> Invited:
    over = False
    harness.smtp.behave("late@example.com", Greylist(lambda: over))
    invited = await harness.invite(registered=False, email="late@example.com")
    await harness.tried(invited)
    await harness.skip(3 * _HOUR)
    over = True
    await harness.skip(_HOUR)
    await harness.sent(invited)
    await harness.skip(8 * _DAY)
    return invited


async def undeliverable_at_once(harness: Harness) -> Invited:
    harness.smtp.behave("nobody@example.com", Reply(550))
    return await harness.invite(registered=False, email="nobody@example.com")


async def undeliverable_after_a_day(harness: Harness) -> Invited:
    harness.smtp.behave("full@example.com", Reply(452))
    invited = await harness.invite(registered=False, email="full@example.com")
    await harness.tried(invited)
    await harness.skip(_DAY + _HOUR)
    return invited


async def void(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    await invited.handle.signal(InvitationProcess.right_lost, RightLost())
    return invited


async def void_at_acceptance(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    now = await harness.now()
    async with harness.database.reading() as session:
        [right] = await active_on(session, invited.inviter.id, invited.relation.id, now)
    await factories.end_authorization(harness.database, right, now)
    await harness.accept(invited)
    return invited


async def cancelled_and_forgotten(harness: Harness) -> Invited:
    invited = await harness.invite()
    await harness.sent(invited)
    await end_behind_its_back(harness, invited)
    await harness.outbox.deliver(invited.id)
    return invited


SCENARIOS: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        accepted,
        accepted_after_reminder,
        accepted_by_a_new_person,
        accepted_while_still_sending,
        accepted_after_the_wrong_person_tried,
        declined,
        cancelled,
        expired,
        expired_while_registering,
        expired_after_late_delivery,
        undeliverable_at_once,
        undeliverable_after_a_day,
        void,
        void_at_acceptance,
        cancelled_and_forgotten,
    )
}
