"""One process for every way a request for more rights and an erasure can go, as in `scenarios`."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from domain import ids
from domain.vocabulary import Message, ProcessKind
from starter.services import erasures, removals, rights_requests, sessions
from starter.services.context import Services
from store.erasures import Erasure
from store.users import User
from tests import factories, rights
from tests.changing import received, services_of
from tests.frontend import new_source
from tests.harness import Harness, eventually
from tests.rights import ASKED, ask, scene_to_ask
from tests.smtp_server import Reply

Scenario = Callable[[Harness], Awaitable[WorkflowHandle[Any, Any]]]
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


async def rights_request_approved(harness: Harness) -> WorkflowHandle[Any, Any]:
    services, scene = services_of(harness), await scene_to_ask(harness)
    request = await ask(services, scene)
    await harness.smtp.taken(to=scene.other.email)
    await rights_requests.approve(services, scene.manager, request.id, ASKED)
    return rights.process(harness, request)


async def rights_request_declined(harness: Harness) -> WorkflowHandle[Any, Any]:
    services, scene = services_of(harness), await scene_to_ask(harness)
    request = await ask(services, scene)
    await harness.smtp.taken(to=scene.other.email)
    await rights_requests.decline(services, scene.manager, request.id)
    return rights.process(harness, request)


async def rights_request_withdrawn(harness: Harness) -> WorkflowHandle[Any, Any]:
    services, scene = services_of(harness), await scene_to_ask(harness)
    request = await ask(services, scene)
    await harness.smtp.taken(to=scene.other.email)
    await rights_requests.withdraw(services, scene.user, request.id)
    return rights.process(harness, request)


async def rights_request_expired(harness: Harness) -> WorkflowHandle[Any, Any]:
    scene = await scene_to_ask(harness)
    request = await ask(services_of(harness), scene)
    await harness.skip_to(request.deadline + _HOUR)
    return rights.process(harness, request)


async def rights_request_void(harness: Harness) -> WorkflowHandle[Any, Any]:
    services, scene = services_of(harness), await scene_to_ask(harness)
    request = await ask(services, scene)
    await harness.skip(8 * _DAY)
    await removals.remove(services, scene.manager, [scene.held.id])
    # What removing owes the request's process, the schedule delivers.
    await harness.skip(timedelta(minutes=1))
    await harness.outbox.drain(timedelta(0))
    return rights.process(harness, request)


async def rights_request_not_told(harness: Harness) -> WorkflowHandle[Any, Any]:
    scene = await scene_to_ask(harness)
    for person in (scene.manager, scene.other, scene.user):
        harness.smtp.behave(person.email, Reply(451))
    request = await ask(services_of(harness), scene)
    await eventually(lambda: harness.smtp.attempts.count(scene.other.email) >= 2)
    await harness.skip_to(request.deadline + 2 * _DAY)
    return rights.process(harness, request)


async def erasure_done(harness: Harness) -> WorkflowHandle[Any, Any]:
    services = services_of(harness)
    user = await factories.make_user(harness.database)
    erasure = await _scheduled(harness, services, user)
    await harness.skip_to(erasure.due + 2 * _HOUR)
    return _erasing(harness, erasure)


async def erasure_cancelled(harness: Harness) -> WorkflowHandle[Any, Any]:
    services = services_of(harness)
    user = await factories.make_user(harness.database)
    erasure = await _scheduled(harness, services, user)
    await erasures.regret(services, user)
    return _erasing(harness, erasure)


async def erasure_not_told(harness: Harness) -> WorkflowHandle[Any, Any]:
    services = services_of(harness)
    user = await factories.make_user(harness.database)
    harness.smtp.behave(user.email, Reply(451))
    erasure = await _scheduled(harness, services, user, told=False)
    await harness.skip_to(erasure.due + 2 * _DAY)
    return _erasing(harness, erasure)


async def _scheduled(harness: Harness, services: Services, user: User, *, told: bool = True) -> Erasure:
    token = (await sessions.start_for(services, user.id, new_source())).token
    session = await sessions.current(services, token)
    erasure = await erasures.schedule(services, session, factories.PASSWORD)
    if told:
        await harness.smtp.taken(to=user.email)
        assert received(harness.smtp, erasure.id, user.email) == [Message.ERASURE_SCHEDULED]
    else:
        await eventually(lambda: harness.smtp.attempts.count(user.email) >= 2)
    return erasure


def _erasing(harness: Harness, erasure: Erasure) -> WorkflowHandle[Any, Any]:
    return harness.client.get_workflow_handle(ids.workflow_id(ProcessKind.ERASURE, erasure.id))


SCENARIOS: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        rights_request_approved,
        rights_request_declined,
        rights_request_withdrawn,
        rights_request_expired,
        rights_request_void,
        rights_request_not_told,
        erasure_done,
        erasure_cancelled,
        erasure_not_told,
    )
}
