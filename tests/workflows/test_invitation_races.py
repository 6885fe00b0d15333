"""Decisions at once, by the wrong person, repeated; calls that make no sense (A1, A11, F17, F19)."""

import asyncio
from collections import Counter

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.service import RPCError

from domain.codes import Code
from domain.invitations import Act, DecisionOutcome
from domain.vocabulary import InvitationState
from store.users import User
from tests import factories
from tests.faulty_database import Fault, FaultyDatabase
from tests.harness import Harness, Invited, eventually

FIFTY = 50


async def answer(harness: Harness, invited: Invited, act: Act, by: User) -> DecisionOutcome | str:
    """What a decision gets: an outcome, the code of a refusal, or NOT_FOUND from a process that is over."""
    try:
        return await harness.decide(invited, act, by)
    except WorkflowUpdateFailedError as error:
        return str(getattr(error.cause, "type", error.cause))
    except RPCError as error:
        return error.status.name


async def test_fifty_accepts_at_once(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    assert invited.invitee is not None
    invitee = invited.invitee

    answers = await asyncio.gather(*(answer(harness, invited, Act.ACCEPT, invitee) for _ in range(FIFTY)))

    accepted = DecisionOutcome(state=InvitationState.ACCEPTED, decided_by=invitee.id)
    counted = Counter(str(each) if isinstance(each, str) else each.model_dump_json() for each in answers)
    assert set(counted) <= {accepted.model_dump_json(), Code.INVITATION_ENDED, "NOT_FOUND"}, counted
    assert counted[accepted.model_dump_json()] >= 1
    assert len(await harness.grants(invited)) == 1
    assert (await invited.handle.result()).state is InvitationState.ACCEPTED
    events = await harness.events(invited)
    assert (events.count("accepted"), events.count("authorization.granted")) == (1, 1)


@pytest.mark.parametrize("order", [(Act.ACCEPT, Act.CANCEL), (Act.CANCEL, Act.ACCEPT)])
async def test_accept_against_cancel(harness: Harness, order: tuple[Act, Act]) -> None:
    """A11: never "cancelled" with a live grant; both are told the same end."""
    invited = await harness.invite()
    await harness.sent(invited)
    assert invited.invitee is not None
    people = {Act.ACCEPT: invited.invitee, Act.CANCEL: invited.inviter}

    answers = await asyncio.gather(*(answer(harness, invited, act, people[act]) for act in order))

    row, grants = await harness.row(invited), await harness.grants(invited)
    assert (row.state, len(grants)) in {(InvitationState.ACCEPTED, 1), (InvitationState.CANCELLED, 0)}
    told = {each.state for each in answers if isinstance(each, DecisionOutcome)}
    assert told == {row.state}
    refused = {each for each in answers if isinstance(each, str)}
    assert refused <= {Code.INVITATION_ENDED, "NOT_FOUND"}
    assert (await invited.handle.result()).state is row.state


async def test_a_wrong_user_changes_nothing(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)
    stranger = await factories.make_user(harness.database)

    outcome = await harness.decide(invited, Act.ACCEPT, stranger)

    assert outcome == DecisionOutcome(state=InvitationState.PENDING, refusal=Code.INVITATION_WRONG_RECIPIENT)
    assert await harness.grants(invited) == []
    assert await harness.events(invited) == ["created", "sent"]
    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED
    assert len(await harness.grants(invited)) == 1


async def test_the_same_update_twenty_times(dev_harness: Harness) -> None:
    """F17: one effect and one answer, also when the worker goes away in between."""
    harness = dev_harness
    away = FaultyDatabase(harness.database)
    async with harness.worker(away):
        invited = await harness.invite()
        await harness.sent(invited)
        away.faults.extend([Fault.UNREACHABLE] * 100)
        tried = away.tries
        first = [asyncio.create_task(harness.accept(invited, key="one-click")) for _ in range(10)]
        await eventually(lambda: away.tries > tried + 1)
    async with harness.worker():
        again = [asyncio.create_task(harness.accept(invited, key="one-click")) for _ in range(10)]
        answers = await asyncio.gather(*first, *again)
        assert (await invited.handle.result()).state is InvitationState.ACCEPTED

    assert {each.model_dump_json() for each in answers} == {answers[0].model_dump_json()}
    assert answers[0].state is InvitationState.ACCEPTED
    history = await invited.handle.fetch_history()
    accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    assert [each.event_type for each in history.events].count(accepted) == 1
    assert len(await harness.grants(invited)) == 1
    await away.close()


SENSELESS: list[list[object]] = [
    [],
    [None],
    ["accept"],
    [{"act": "burn", "actor_id": 7}],
    [[1, 2]],
    [b"\xff"],
]


@pytest.mark.parametrize("update", ["no_such_update", "decide", "begin_registration"])
async def test_an_update_that_makes_no_sense_fails_alone(harness: Harness, update: str) -> None:
    invited = await harness.invite()
    await harness.sent(invited)

    for arguments in SENSELESS:
        with pytest.raises(WorkflowUpdateFailedError):
            await invited.handle.execute_update(update, args=arguments)

    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED


async def test_a_signal_that_makes_no_sense_is_dropped(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)

    for name in ("no_such_signal", "right_lost"):
        for arguments in [None], ["x"], [{"why": 1}], [[None]], [b"\xff"]:
            await invited.handle.signal(name, args=arguments)

    assert (await harness.progress(invited)).state is InvitationState.PENDING
    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED


async def test_a_query_that_makes_no_sense_fails_alone(harness: Harness) -> None:
    invited = await harness.invite()
    await harness.sent(invited)

    with pytest.raises(WorkflowQueryFailedError):
        await invited.handle.query("no_such_query", 5)

    assert (await harness.accept(invited)).state is InvitationState.ACCEPTED
