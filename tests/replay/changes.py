"""One process for every way the telling of a changed authorization can go, as in `scenarios`."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from domain.roles import ROLE_LEVELS
from domain.vocabulary import Level, Role, Subpage
from starter.services import levels, removals
from tests.changing import Scene, make_scene, process, services_of
from tests.harness import Harness, eventually
from tests.smtp_server import Greylist, Reply

Scenario = Callable[[Harness], Awaitable[WorkflowHandle[Any, Any]]]
_HOUR = timedelta(hours=1)


async def authorization_change_removal(harness: Harness) -> WorkflowHandle[Any, Any]:
    return await _removed(harness, await make_scene(harness.database))


async def authorization_change_given_up(harness: Harness) -> WorkflowHandle[Any, Any]:
    scene = await make_scene(harness.database)
    change = await removals.remove(services_of(harness), scene.user, [scene.held.id])
    return process(harness, change)


async def authorization_change_levels(harness: Harness) -> WorkflowHandle[Any, Any]:
    scene = await make_scene(harness.database)
    fewer = {**ROLE_LEVELS[Role.RELATION_USER], Subpage.INVOICES: Level.NONE}
    change = await levels.change(
        services_of(harness), scene.manager, scene.held.id, fewer, seen=levels.version(scene.held)
    )
    assert change is not None
    return process(harness, change)


async def authorization_change_after_an_outage(harness: Harness) -> WorkflowHandle[Any, Any]:
    scene, over = await make_scene(harness.database), False
    harness.smtp.behave(scene.user.email, Greylist(lambda: over))
    handle = await _removed(harness, scene)
    await eventually(lambda: harness.smtp.attempts.count(scene.user.email) >= 2)
    await harness.skip(3 * _HOUR)
    over = True
    await harness.skip(_HOUR)
    return handle


async def authorization_change_not_told(harness: Harness) -> WorkflowHandle[Any, Any]:
    scene = await make_scene(harness.database)
    harness.smtp.behave(scene.user.email, Reply(451))
    handle = await _removed(harness, scene)
    await eventually(lambda: harness.smtp.attempts.count(scene.user.email) >= 2)
    await harness.skip(25 * _HOUR)
    return handle


async def _removed(harness: Harness, scene: Scene) -> WorkflowHandle[Any, Any]:
    change = await removals.remove(services_of(harness), scene.manager, [scene.held.id])
    return process(harness, change)


SCENARIOS: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        authorization_change_removal,
        authorization_change_given_up,
        authorization_change_levels,
        authorization_change_after_an_outage,
        authorization_change_not_told,
    )
}
