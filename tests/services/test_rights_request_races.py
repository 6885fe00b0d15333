"""A request for more rights, answered, withdrawn, overtaken at one moment, as in `test_removal_races`."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from domain.codes import Code
from domain.roles import Levels
from domain.vocabulary import RightsRequestState
from starter.services import rights_requests
from starter.services.context import Services
from starter.services.idempotency import RequestKey
from store.authorization_changes import AuthorizationChange
from store.database import Database
from store.rights_requests import RightsRequest
from store.users import User
from tests.changing import Scene, make_scene
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.frontend import make_services
from tests.harness import make_settings
from tests.rights import ASKED, HELD, MESSAGE, PART, ask
from tests.services.test_removal_races import RUNS, one_after_the_other, raced, removing
from tests.smtp_server import ScriptedSmtpServer

Act = Callable[[Services], Awaitable[object]]


@pytest.fixture
async def services(
    database: Database, dev_server: RunningDevServer, smtp: ScriptedSmtpServer, clock: SettableClock
) -> Services:
    """Processes start, and nobody runs them."""
    return make_services(make_settings(database, smtp), database, dev_server.client, clock)


@pytest.fixture
async def scene(services: Services) -> Scene:
    return await make_scene(services.database, levels=HELD)


def approving(actor: User, request: RightsRequest, levels: Levels, key: RequestKey | None = None) -> Act:
    async def act(services: Services) -> object:
        return await rights_requests.approve(services, actor, request.id, levels, key)

    return act


def declining(actor: User, request: RightsRequest) -> Act:
    async def act(services: Services) -> object:
        return await rights_requests.decline(services, actor, request.id)

    return act


def withdrawing(actor: User, request: RightsRequest) -> Act:
    async def act(services: Services) -> object:
        return await rights_requests.withdraw(services, actor, request.id)

    return act


def asking(scene: Scene, key: RequestKey | None = None) -> Act:
    async def act(services: Services) -> object:
        return await rights_requests.ask(services, scene.user, scene.held.id, ASKED, MESSAGE, key)

    return act


async def requests(services: Services) -> list[RightsRequest]:
    async with services.database.reading() as session:
        return list(await session.scalars(select(RightsRequest)))


async def assert_kept(
    services: Services, scene: Scene, states: set[RightsRequestState], levels: Levels
) -> None:
    """One request, in one of these states; and these levels."""
    [request] = await requests(services)
    assert request.state in states
    assert (await scene.of(scene.user))[0].levels == levels


@RUNS
async def test_two_managers_give_different_levels(services: Services, scene: Scene, run: str | int) -> None:
    request = await ask(services, scene)
    answers = await raced(
        run,
        services,
        approving(scene.manager, request, ASKED),
        approving(scene.other, request, PART),
    )
    [change] = [each for each in answers if isinstance(each, AuthorizationChange)]
    assert Code.RIGHTS_REQUEST_ENDED in answers
    given = ASKED if change.actor_id == scene.manager.id else PART
    await assert_kept(services, scene, {RightsRequestState.APPROVED}, given)
    assert [each.id for each in await scene.changes()] == [change.id]


@RUNS
async def test_one_approves_and_the_other_declines(services: Services, scene: Scene, run: str | int) -> None:
    request = await ask(services, scene)
    approved, declined = await raced(
        run, services, approving(scene.manager, request, ASKED), declining(scene.other, request)
    )
    if isinstance(approved, AuthorizationChange):
        assert declined is Code.RIGHTS_REQUEST_ENDED
        await assert_kept(services, scene, {RightsRequestState.APPROVED}, ASKED)
    else:
        assert approved is Code.RIGHTS_REQUEST_ENDED
        await assert_kept(services, scene, {RightsRequestState.DECLINED}, HELD)
        assert await scene.changes() == []


@RUNS
async def test_approved_while_it_is_withdrawn(services: Services, scene: Scene, run: str | int) -> None:
    request = await ask(services, scene)
    approved, withdrawn = await raced(
        run, services, approving(scene.manager, request, ASKED), withdrawing(scene.user, request)
    )
    if isinstance(approved, AuthorizationChange):
        assert withdrawn is Code.RIGHTS_REQUEST_ENDED
        await assert_kept(services, scene, {RightsRequestState.APPROVED}, ASKED)
    else:
        assert approved is Code.RIGHTS_REQUEST_ENDED
        await assert_kept(services, scene, {RightsRequestState.WITHDRAWN}, HELD)


@RUNS
async def test_approved_while_the_authorization_is_removed(
    services: Services, scene: Scene, run: str | int
) -> None:
    request = await ask(services, scene)
    approved, removed = await raced(
        run, services, approving(scene.manager, request, ASKED), removing(scene.other, scene.held.id)
    )
    assert isinstance(removed, AuthorizationChange)
    [held] = await scene.of(scene.user)
    assert held.ended_at is not None
    [request] = await requests(services)
    if isinstance(approved, AuthorizationChange):
        assert removed.levels_before == ASKED
        assert request.state is RightsRequestState.APPROVED
    else:
        assert approved is Code.RIGHTS_REQUEST_ENDED
        assert request.state is RightsRequestState.VOID


@RUNS
async def test_withdrawn_while_the_authorization_is_removed(
    services: Services, scene: Scene, run: str | int
) -> None:
    request = await ask(services, scene)
    withdrawn, removed = await raced(
        run, services, withdrawing(scene.user, request), removing(scene.other, scene.held.id)
    )
    assert isinstance(removed, AuthorizationChange)
    [request] = await requests(services)
    if isinstance(withdrawn, RightsRequest):
        assert request.state is RightsRequestState.WITHDRAWN
    else:
        assert withdrawn is Code.RIGHTS_REQUEST_ENDED
        assert request.state is RightsRequestState.VOID


@RUNS
async def test_asked_while_the_authorization_is_removed(
    services: Services, scene: Scene, run: str | int
) -> None:
    """No request is left open about what has ended."""
    ask_it, remove = asking(scene), removing(scene.other, scene.held.id)
    if run == "first":
        # Asking counts how often it is done in a transaction before.
        asked, removed = await one_after_the_other(services, ask_it, remove, begins=2)
    else:
        asked, removed = await raced(run, services, ask_it, remove)
    assert isinstance(removed, AuthorizationChange)
    if isinstance(asked, RightsRequest):
        assert [each.state for each in await requests(services)] == [RightsRequestState.VOID]
    else:
        assert asked is Code.NOT_FOUND
        assert await requests(services) == []


@RUNS
async def test_asked_twice_is_one(services: Services, scene: Scene, run: str | int) -> None:
    outcomes = await raced(run, services, asking(scene), asking(scene))
    [made] = [each for each in outcomes if isinstance(each, RightsRequest)]
    assert Code.RIGHTS_REQUEST_ALREADY_OPEN in outcomes
    assert [each.id for each in await requests(services)] == [made.id]


@RUNS
async def test_the_same_requests_twice_are_one(services: Services, scene: Scene, run: str | int) -> None:
    ask_key = RequestKey(scene.user.id, "ask", "hash")
    first, second = await raced(run, services, asking(scene, ask_key), asking(scene, ask_key))
    assert isinstance(first, RightsRequest)
    assert isinstance(second, RightsRequest)
    [request] = await requests(services)
    assert first.id == second.id == request.id

    approve = approving(scene.manager, request, ASKED, RequestKey(scene.manager.id, "yes", "hash"))
    one, other = await raced(run, services, approve, approve)
    assert isinstance(one, AuthorizationChange)
    assert isinstance(other, AuthorizationChange)
    assert [each.id for each in await scene.changes()] == [one.id] == [other.id]
