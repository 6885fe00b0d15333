"""Every way an invitation ends: result, row, grant, audit events, message rows, and e-mails received."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from domain.codes import Code
from domain.invitations import Act
from domain.roles import ROLE_LEVELS
from domain.vocabulary import CustomerKind, DeliveryState, InvitationState, Message, Role
from store.authorizations import Authorization, active_on
from store.customers import CustomerRelation
from tests import factories
from tests.harness import Harness, Invited
from tests.smtp_server import Reply


@dataclass(frozen=True)
class Expected:
    """How everything stands after the end; e-mails by who got them, in order."""

    state: InvitationState
    events: list[str]
    to_invitee: list[Message] = field(default_factory=list)
    to_inviter: list[Message] = field(default_factory=list)
    failed: list[Message] = field(default_factory=list)
    queued: list[Message] = field(default_factory=list)
    delivery: DeliveryState = DeliveryState.SENT


async def assert_ended(harness: Harness, invited: Invited, expected: Expected) -> None:
    """Looks at everything that an end leaves behind."""
    assert (await invited.handle.result()).state is expected.state
    row = await harness.row(invited)
    assert (row.state, row.delivery) == (expected.state, expected.delivery)
    assert row.ended_at is not None
    assert row.created_at <= row.ended_at <= await harness.now()
    assert len(await harness.grants(invited)) == (expected.state is InvitationState.ACCEPTED)
    assert await harness.events(invited) == ["created", *expected.events]
    assert harness.received(invited, invited.email) == expected.to_invitee
    assert harness.received(invited, invited.inviter.email) == expected.to_inviter
    rows = dict.fromkeys([*expected.to_invitee, *expected.to_inviter], "sent")
    rows |= dict.fromkeys(expected.failed, "failed") | dict.fromkeys(expected.queued, "queued")
    assert await harness.message_rows(invited) == rows


async def end_right(harness: Harness, invited: Invited) -> None:
    """The inviter's right ends in the database; nobody tells the process."""
    async with harness.database.transaction() as session:
        held = await active_on(session, invited.inviter.id, invited.relation.id, await harness.now())
        for authorization in held:
            authorization.ended_at = harness.clock()


async def end_relation(harness: Harness, invited: Invited) -> None:
    async with harness.database.transaction() as session:
        relation = await session.get_one(CustomerRelation, invited.relation.id)
        relation.ended_at = await harness.now()


@pytest.mark.parametrize("kind", CustomerKind)
async def test_accepted(harness: Harness, kind: CustomerKind) -> None:
    invited = await harness.invite(kind=kind)
    await harness.sent(invited)

    outcome = await harness.accept(invited)

    assert invited.invitee is not None
    assert (outcome.state, outcome.decided_by) == (InvitationState.ACCEPTED, invited.invitee.id)
    assert outcome.refusal is None
    expected = Expected(
        InvitationState.ACCEPTED,
        ["sent", "authorization.granted", "accepted"],
        to_invitee=[Message.INVITATION, Message.AUTHORIZATION_GRANTED],
        to_inviter=[Message.INVITATION_ACCEPTED],
    )
    await assert_ended(harness, invited, expected)
    [grant] = await harness.grants(invited)
    row = await harness.row(invited)
    assert (grant.user_id, grant.role) == (invited.invitee.id, Role.RELATION_USER)
    assert grant.levels == ROLE_LEVELS[Role.RELATION_USER]
    assert (grant.process_id, grant.valid_from) == (invited.id, row.ended_at)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (
            Act.DECLINE,
            Expected(
                InvitationState.DECLINED,
                ["sent", "declined"],
                to_invitee=[Message.INVITATION],
                to_inviter=[Message.INVITATION_DECLINED],
            ),
        ),
        (
            Act.CANCEL,
            Expected(
                InvitationState.CANCELLED,
                ["sent", "cancelled"],
                to_invitee=[Message.INVITATION, Message.INVITATION_CANCELLED],
            ),
        ),
    ],
)
async def test_declined_or_cancelled(harness: Harness, act: Act, expected: Expected) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    assert invited.invitee is not None
    person = invited.invitee if act is Act.DECLINE else invited.inviter

    outcome = await harness.decide(invited, act, person)

    assert (outcome.state, outcome.decided_by) == (expected.state, person.id)
    await assert_ended(harness, invited, expected)
    assert (await harness.row(invited)).ended_by == person.id


async def test_expired_after_a_reminder(harness: Harness) -> None:
    invited = await harness.invite(registered=False)
    await harness.sent(invited)
    await harness.skip(timedelta(days=7, minutes=1))

    expected = Expected(
        InvitationState.EXPIRED,
        ["sent", "reminded", "expired"],
        to_invitee=[Message.INVITATION, Message.INVITATION_REMINDER],
        to_inviter=[Message.INVITATION_EXPIRED],
    )
    await assert_ended(harness, invited, expected)


async def test_undeliverable_when_refused_for_good(harness: Harness) -> None:
    harness.smtp.behave("ingen@example.com", Reply(550))
    invited = await harness.invite(registered=False, email="ingen@example.com")

    expected = Expected(
        InvitationState.UNDELIVERABLE,
        ["undeliverable"],
        to_inviter=[Message.INVITATION_UNDELIVERABLE],
        failed=[Message.INVITATION],
        delivery=DeliveryState.FAILED,
    )
    await assert_ended(harness, invited, expected)
    assert harness.smtp.attempts.count("ingen@example.com") == 1


async def test_undeliverable_after_a_day_of_later(harness: Harness) -> None:
    harness.smtp.behave("full@example.com", Reply(452))
    invited = await harness.invite(registered=False, email="full@example.com")
    await harness.tried(invited)
    await harness.skip(timedelta(hours=23, minutes=45))
    assert (await harness.progress(invited)).state is InvitationState.PENDING
    assert harness.smtp.attempts.count("full@example.com") > 100

    await harness.skip(timedelta(minutes=30))

    expected = Expected(
        InvitationState.UNDELIVERABLE,
        ["undeliverable"],
        to_inviter=[Message.INVITATION_UNDELIVERABLE],
        queued=[Message.INVITATION],
        delivery=DeliveryState.FAILED,
    )
    await assert_ended(harness, invited, expected)


VOID = Expected(
    InvitationState.VOID,
    ["sent", "void"],
    to_invitee=[Message.INVITATION, Message.INVITATION_WITHDRAWN],
    to_inviter=[Message.INVITATION_VOID],
)


async def test_void_when_the_right_is_lost(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    async with harness.database.transaction() as session:
        session.add(factories.owed_signal(await harness.row(invited), "right_lost", harness.clock()))

    assert await harness.outbox.deliver(invited.id)

    await assert_ended(harness, invited, VOID)


@pytest.mark.parametrize("lose", [end_right, end_relation])
async def test_void_at_acceptance_when_what_it_rests_on_has_ended(
    harness: Harness, lose: Callable[[Harness, Invited], Awaitable[None]]
) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    await lose(harness, invited)

    outcome = await harness.accept(invited)

    assert (outcome.state, outcome.decided_by) == (InvitationState.VOID, None)
    await assert_ended(harness, invited, VOID)


async def test_an_end_is_final(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    assert invited.invitee is not None
    # Keeps the process telling of the end, so that it is still there to refuse.
    harness.smtp.behave(invited.inviter.email, Reply(450))
    await harness.decide(invited, Act.DECLINE, invited.invitee)

    for act, person in ((Act.ACCEPT, invited.invitee), (Act.CANCEL, invited.inviter)):
        assert await harness.refusal(invited, act, person) == Code.INVITATION_ENDED
    assert (await harness.row(invited)).state is InvitationState.DECLINED
    assert await harness.grants(invited) == []


async def test_who_holds_the_role_already_gets_no_second_one(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    assert invited.invitee is not None
    held: Authorization = await factories.make_authorization(
        harness.database, invited.invitee, invited.relation, role=Role.RELATION_USER
    )

    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED

    assert await harness.grants(invited) == []
    assert "authorization.granted" not in await harness.events(invited)
    async with harness.database.reading() as session:
        [only] = await active_on(session, held.user_id, held.relation_id, await harness.now())
    assert only.id == held.id
