"""Requests for more rights in tests, on a scene of `tests.changing`: Maria asks, Åsa and Björn may answer.

request = await ask(services, scene)                   # to read the reports, beyond what a viewer may
await rights_requests.approve(services, scene.manager, request.id, request.levels)
assert (await process(harness, request).result()).state is RightsRequestState.APPROVED
"""

from typing import Any

from temporalio.client import WorkflowHandle

from domain import ids
from domain.rights_requests import RightsRequestResult
from domain.roles import ROLE_LEVELS
from domain.vocabulary import Level, ProcessKind, Role, Subpage
from starter.services import rights_requests
from starter.services.context import Services
from store import audit
from store.rights_requests import RightsRequest
from tests.changing import Scene, make_scene
from tests.harness import Harness

MESSAGE = "Kanelbullens fakturor behöver jag se."
# Two steps up from what a user of the relation has; neither needs a strong identity.
HELD = {**ROLE_LEVELS[Role.RELATION_USER], Subpage.REPORTS: Level.READ, Subpage.INVOICES: Level.NONE}
ASKED = {**HELD, Subpage.REPORTS: Level.WRITE, Subpage.INVOICES: Level.READ}
PART = {**HELD, Subpage.INVOICES: Level.READ}


async def scene_to_ask(harness: Harness) -> Scene:
    """A scene where Maria holds `HELD`."""
    return await make_scene(harness.database, levels=HELD)


async def ask(services: Services, scene: Scene) -> RightsRequest:
    """Maria asks for `ASKED`."""
    return await rights_requests.ask(services, scene.user, scene.held.id, ASKED, MESSAGE)


def process(harness: Harness, request: RightsRequest) -> WorkflowHandle[Any, RightsRequestResult]:
    """The process behind a request."""
    return harness.client.get_workflow_handle(
        ids.workflow_id(ProcessKind.RIGHTS_REQUEST, request.id), result_type=RightsRequestResult
    )


async def kept(harness: Harness, request: RightsRequest) -> RightsRequest:
    """The row as it is now."""
    async with harness.database.reading() as session:
        return await session.get_one(RightsRequest, request.id)


async def events(harness: Harness, request: RightsRequest) -> list[str]:
    """Its audit events, in order, without the prefix."""
    async with harness.database.reading() as session:
        found = await audit.of_process(session, request.id)
        return [each.event.removeprefix("rights_request.") for each in found]
