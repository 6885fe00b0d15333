"""*May I have more rights?*: managers are told and reminded, whoever asked hears what he does not know."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from domain.codes import Code, Refused
from domain.roles import Levels
from domain.vocabulary import AuthorizationChangeState, Message, RightsRequestState
from starter.services import removals, rights_requests
from starter.services.context import Services
from store.rights_requests import RightsRequest
from store.users import User
from tests.changing import Scene, received, services_of
from tests.changing import process as telling
from tests.harness import Harness, eventually
from tests.leaks import assert_nothing_personal, raw_history
from tests.rights import ASKED, HELD, MESSAGE, PART, ask, events, kept, process, scene_to_ask
from tests.smtp_server import Greylist

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REQUESTED, ENDED = Message.RIGHTS_REQUESTED, Message.RIGHTS_REQUEST_ENDED
LEVELS_CHANGED = Message.AUTHORIZATION_LEVELS_CHANGED


@pytest.fixture
def services(harness: Harness) -> Services:
    return services_of(harness)


@pytest.fixture
async def scene(harness: Harness) -> Scene:
    return await scene_to_ask(harness)


@pytest.fixture
async def request_(harness: Harness, services: Services, scene: Scene) -> RightsRequest:
    """Asked, and both managers told."""
    made = await ask(services, scene)
    for manager in (scene.manager, scene.other):
        await harness.smtp.taken(to=manager.email)
    return made


async def ended_as(harness: Harness, request: RightsRequest) -> RightsRequestState:
    """How the process ended, and the row with it: without the words."""
    state = (await process(harness, request).result()).state
    row = await kept(harness, request)
    assert (row.state, row.message, row.ended_at is None) == (state, "", False)
    return state


async def refusal_of(act: Awaitable[object]) -> Code:
    with pytest.raises(Refused) as refused:
        await act
    return refused.value.code


def mails(harness: Harness, request: RightsRequest, *people: User) -> list[list[Message]]:
    return [received(harness.smtp, request.id, each.email) for each in people]


async def test_asked_and_reminded_after_a_week(
    harness: Harness, services: Services, scene: Scene, request_: RightsRequest
) -> None:
    assert (request_.state, request_.levels, request_.message) == (RightsRequestState.OPEN, ASKED, MESSAGE)
    assert mails(harness, request_, scene.manager, scene.other, scene.user) == [[REQUESTED], [REQUESTED], []]
    await harness.skip(7 * _DAY - _HOUR)
    assert [each.to for each in harness.smtp.messages].count(scene.manager.email) == 1

    await harness.skip(_HOUR + _MINUTE)

    for manager in (scene.manager, scene.other):
        assert len(await harness.smtp.taken(to=manager.email, count=2)) == 2
    await harness.skip(6 * _DAY)
    assert len(harness.smtp.messages) == 4
    assert [each.id for each in await rights_requests.to_handle(services, scene.other)] == [request_.id]
    assert (await scene.of(scene.user))[0].levels == HELD


@pytest.mark.parametrize("given", [ASKED, PART], ids=["all of it", "a part of it"])
async def test_approved(
    harness: Harness, services: Services, scene: Scene, request_: RightsRequest, given: Levels
) -> None:
    change = await rights_requests.approve(services, scene.other, request_.id, given)

    # At once, whatever the processes do.
    assert (await scene.of(scene.user))[0].levels == given
    assert await ended_as(harness, request_) is RightsRequestState.APPROVED
    assert (await telling(harness, change).result()).state is AuthorizationChangeState.TOLD
    assert received(harness.smtp, change.id, scene.user.email) == [LEVELS_CHANGED]
    assert mails(harness, request_, scene.manager, scene.other, scene.user) == [[REQUESTED], [REQUESTED], []]
    assert await events(harness, request_) == ["made", "approved"]
    assert (await kept(harness, request_)).ended_by == scene.other.id


async def test_declined(harness: Harness, services: Services, scene: Scene, request_: RightsRequest) -> None:
    await rights_requests.decline(services, scene.manager, request_.id)
    await rights_requests.decline(services, scene.manager, request_.id)
    assert await ended_as(harness, request_) is RightsRequestState.DECLINED
    assert mails(harness, request_, scene.user, scene.other) == [[ENDED], [REQUESTED]]
    assert await events(harness, request_) == ["made", "declined"]
    assert (await scene.of(scene.user))[0].levels == HELD
    late = rights_requests.approve(services, scene.other, request_.id, ASKED)
    assert await refusal_of(late) is Code.RIGHTS_REQUEST_ENDED


async def test_withdrawn(harness: Harness, services: Services, scene: Scene, request_: RightsRequest) -> None:
    await rights_requests.withdraw(services, scene.user, request_.id)
    assert await ended_as(harness, request_) is RightsRequestState.WITHDRAWN
    assert await rights_requests.to_handle(services, scene.manager) == []
    await harness.skip(8 * _DAY)
    assert mails(harness, request_, scene.manager, scene.other, scene.user) == [[REQUESTED], [REQUESTED], []]
    again = await ask(services, scene)
    assert again.id != request_.id


async def test_nobody_answers(
    harness: Harness, services: Services, scene: Scene, request_: RightsRequest
) -> None:
    await harness.skip_to(request_.deadline + _MINUTE)
    assert await ended_as(harness, request_) is RightsRequestState.EXPIRED
    assert mails(harness, request_, scene.user) == [[ENDED]]
    assert len(harness.smtp.messages) == 5
    assert await events(harness, request_) == ["made", "expired"]


async def test_too_late_before_the_process_has_noticed(
    harness: Harness, services: Services, scene: Scene, request_: RightsRequest
) -> None:
    harness.clock.now = request_.deadline
    assert (await kept(harness, request_)).state is RightsRequestState.OPEN
    for act in (
        rights_requests.approve(services, scene.manager, request_.id, ASKED),
        rights_requests.decline(services, scene.manager, request_.id),
        rights_requests.withdraw(services, scene.user, request_.id),
    ):
        assert await refusal_of(act) is Code.RIGHTS_REQUEST_ENDED
    assert await rights_requests.to_handle(services, scene.manager) == []
    assert (await scene.of(scene.user))[0].levels == HELD
    # What its process has not ended is out of the way of a new one.
    assert (await ask(services, scene)).deadline > request_.deadline
    assert (await kept(harness, request_)).state is RightsRequestState.EXPIRED


async def test_the_authorization_is_removed_meanwhile(
    harness: Harness, services: Services, scene: Scene, request_: RightsRequest
) -> None:
    change = await removals.remove(services, scene.manager, [scene.held.id])
    assert (await kept(harness, request_)).state is RightsRequestState.VOID
    late = rights_requests.approve(services, scene.other, request_.id, ASKED)
    assert await refusal_of(late) is Code.RIGHTS_REQUEST_ENDED
    await harness.skip(_MINUTE)
    await harness.outbox.drain(timedelta(0))

    assert await ended_as(harness, request_) is RightsRequestState.VOID
    assert (await telling(harness, change).result()).state is AuthorizationChangeState.TOLD
    assert mails(harness, request_, scene.user, scene.other) == [[ENDED], [REQUESTED]]
    assert await events(harness, request_) == ["made", "void"]


async def test_who_manages_no_longer_is_not_reminded(
    harness: Harness, services: Services, scene: Scene, request_: RightsRequest
) -> None:
    await removals.remove(services, scene.manager, [await scene.one_of(scene.other)])
    await harness.skip(7 * _DAY + _MINUTE)
    assert len(received(harness.smtp, request_.id, scene.other.email)) == 1
    # Asked, told of the removal, reminded.
    assert len(await harness.smtp.taken(to=scene.manager.email, count=3)) == 3
    late = rights_requests.decline(services, scene.other, request_.id)
    assert await refusal_of(late) is Code.NOT_FOUND
    await rights_requests.decline(services, scene.manager, request_.id)
    assert await ended_as(harness, request_) is RightsRequestState.DECLINED


async def test_answered_while_the_mail_server_is_away(
    harness: Harness, services: Services, scene: Scene
) -> None:
    """It waits in *To handle* all the same, and once it is answered nobody is asked any more."""
    over = False
    harness.smtp.behave(scene.other.email, Greylist(lambda: over))
    request = await ask(services, scene)
    await eventually(lambda: harness.smtp.attempts.count(scene.other.email) >= 2)
    await rights_requests.approve(services, scene.other, request.id, ASKED)
    assert (await scene.of(scene.user))[0].levels == ASKED
    over = True
    await harness.skip(_HOUR)
    assert await ended_as(harness, request) is RightsRequestState.APPROVED
    assert received(harness.smtp, request.id, scene.other.email) == []


async def test_nothing_personal_in_the_history(
    harness: Harness, services: Services, scene: Scene, request_: RightsRequest
) -> None:
    await rights_requests.decline(services, scene.manager, request_.id)
    handle = process(harness, request_)
    await handle.result()
    people = (scene.user, scene.manager, scene.other)
    personal = [word for each in people for word in (each.email, each.username, each.last_name)]
    customer = scene.relation.customer
    words = [*personal, MESSAGE, "Kanelbullen", customer.name, customer.customer_number]
    assert_nothing_personal(await raw_history(handle), words)
    assert len((await handle.fetch_history()).events) <= 20
