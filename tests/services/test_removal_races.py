"""Removals and changes of levels at the same moment as each other, and as what they take the ground from.

Each pair is tried in both orders, the first one written but not committed when the second sets off; and, at
once, on a busy database, where a deadlock would show as an error.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import OperationalError

from activities.invitations import InvitationActivities
from domain.codes import Code, Refused
from domain.invitations import DecisionOutcome, GrantAuthorization
from domain.roles import ROLE_LEVELS
from domain.vocabulary import AuthorizationChangeKind, InvitationState, Level, Role, Subpage
from starter.services import invitations, levels, removals
from starter.services.context import Services
from starter.services.idempotency import RequestKey
from starter.services.invitation_checks import Draft
from store import disputes
from store.audit import Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.database import Database
from store.identifications import StrongIdentity
from store.invitations import Invitation
from store.registrations import Registration
from store.users import User
from tests import factories
from tests.activities.running import attempt
from tests.changing import Scene, make_scene
from tests.clock import SettableClock
from tests.dev_server import RunningDevServer
from tests.faulty_database import FaultyDatabase
from tests.frontend import make_services
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer

Act = Callable[[Services], Awaitable[object]]
WRITES = {**ROLE_LEVELS[Role.RELATION_USER], Subpage.INVOICES: Level.WRITE}
DRAFT = Draft(
    email="bo@example.com",
    first_name="Bo",
    last_name="Boman",
    cover_message="Hej!",
    role=Role.RELATION_USER,
)
READS = {**ROLE_LEVELS[Role.ADMINISTRATOR], Subpage.INVOICES: Level.READ}


@pytest.fixture
async def services(
    database: Database, dev_server: RunningDevServer, smtp: ScriptedSmtpServer, clock: SettableClock
) -> Services:
    """Processes start, and nobody runs them."""
    return make_services(make_settings(database, smtp), database, dev_server.client, clock)


async def outcome(act: Awaitable[object]) -> object:
    """What it returns, or the code with which it is refused."""
    try:
        return await act
    except Refused as refused:
        return refused.code


async def one_after_the_other(
    services: Services, first: Act, second: Act, *, begins: int = 1
) -> tuple[object, object]:
    """`second` sets off when `first` is written but not committed; it has to wait, and is tried again.

    `begins`: which transaction of `first` is the first that counts.
    """
    slow, impatient, waited = FaultyDatabase(services.database), FaultyDatabase(services.database), False

    async def meanwhile() -> None:
        nonlocal waited
        if slow.tries < begins:
            return
        try:
            await second(replace(services, database=impatient))
        except OperationalError:
            waited = True

    slow.before_commit = meanwhile
    outcomes = await outcome(first(replace(services, database=slow))), await outcome(second(services))
    await slow.close()
    await impatient.close()
    assert waited
    return outcomes


async def at_once(services: Services, one: Act, other: Act, *, turn: int) -> tuple[object, object]:
    """Both set off together, each in turn the first."""
    acts = [outcome(one(services)), outcome(other(services))]
    if turn % 2:
        second, first = await asyncio.gather(*reversed(acts))
    else:
        first, second = await asyncio.gather(*acts)
    return first, second


def removing(actor: User, *ids: UUID, key: RequestKey | None = None) -> Act:
    async def act(services: Services) -> object:
        return await removals.remove(services, actor, ids, key)

    return act


def levelling(actor: User, held: Authorization, wanted: dict[Subpage, Level]) -> Act:
    async def act(services: Services) -> object:
        return await levels.change(services, actor, held.id, wanted, seen=levels.version(held))

    return act


def accepting(invitation: Invitation, user: User) -> Act:
    async def act(services: Services) -> object:
        order = GrantAuthorization(invitation_id=invitation.id, user_id=user.id, now=services.clock())
        outcome: DecisionOutcome = await attempt(InvitationActivities(services.database).grant, order)
        return outcome.state

    return act


RUNS = pytest.mark.parametrize("run", ["first", "second", *range(2)])


async def raced(run: str | int, services: Services, one: Act, other: Act) -> tuple[object, object]:
    """The outcomes of both, in this order, whoever came first."""
    if run == "first":
        return await one_after_the_other(services, one, other)
    if run == "second":
        second, first = await one_after_the_other(services, other, one)
        return first, second
    assert isinstance(run, int)
    return await at_once(services, one, other, turn=run)


def assert_one_of_two(outcomes: tuple[object, object], refusals: set[Code]) -> AuthorizationChange:
    """One made a change, and the other was refused so."""
    [change] = [each for each in outcomes if isinstance(each, AuthorizationChange)]
    assert {each for each in outcomes if each is not change} <= refusals
    return change


@RUNS
async def test_two_managers_remove_each_other(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    a, b = await scene.one_of(scene.manager), await scene.one_of(scene.other)
    outcomes = await raced(run, services, removing(scene.manager, b), removing(scene.other, a))
    change = assert_one_of_two(outcomes, {Code.NOT_FOUND})
    assert await scene.managers(services) == [change.actor_id]


@RUNS
async def test_one_gives_up_while_the_other_is_removed(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    a, b = await scene.one_of(scene.manager), await scene.one_of(scene.other)
    outcomes = await raced(run, services, removing(scene.manager, a), removing(scene.manager, b))
    assert_one_of_two(outcomes, {Code.AUTHORIZATION_LAST_MANAGER, Code.NOT_FOUND})
    assert len(await scene.managers(services)) == 1


@RUNS
async def test_both_give_up(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    a, b = await scene.one_of(scene.manager), await scene.one_of(scene.other)
    outcomes = await raced(run, services, removing(scene.manager, a), removing(scene.other, b))
    assert_one_of_two(outcomes, {Code.AUTHORIZATION_LAST_MANAGER})
    assert len(await scene.managers(services)) == 1


@RUNS
async def test_both_managers_lower_themselves(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    plain = dict(ROLE_LEVELS[Role.RELATION_USER])
    [a], [b] = await scene.of(scene.manager), await scene.of(scene.other)
    outcomes = await raced(
        run, services, levelling(scene.manager, a, plain), levelling(scene.other, b, plain)
    )
    assert_one_of_two(outcomes, {Code.AUTHORIZATION_LAST_MANAGER})
    assert len(await scene.managers(services)) == 1


@RUNS
async def test_two_remove_the_same(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    outcomes = await raced(
        run, services, removing(scene.manager, scene.held.id), removing(scene.other, scene.held.id)
    )
    change = assert_one_of_two(outcomes, {Code.AUTHORIZATION_ENDED})
    assert [each.id for each in await scene.changes()] == [change.id]
    assert [each.event for each in await scene.audited()] == [Event.AUTHORIZATION_ENDED]


@RUNS
async def test_given_up_and_removed(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    outcomes = await raced(
        run, services, removing(scene.user, scene.held.id), removing(scene.manager, scene.held.id)
    )
    # Who has lost it holds nothing there any more: for him it is as absent.
    change = assert_one_of_two(outcomes, {Code.AUTHORIZATION_ENDED, Code.NOT_FOUND})
    given_up = change.actor_id == scene.user.id
    assert change.kind is (AuthorizationChangeKind.GIVEN_UP if given_up else AuthorizationChangeKind.REMOVAL)


@RUNS
async def test_the_same_request_twice_is_one(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    key = RequestKey(scene.manager.id, "twice", "hash")
    remove = removing(scene.manager, scene.held.id, key=key)
    first, second = await raced(run, services, remove, remove)
    assert isinstance(first, AuthorizationChange)
    assert isinstance(second, AuthorizationChange)
    assert [each.id for each in await scene.changes()] == [first.id] == [second.id]


@RUNS
async def test_a_removal_and_other_levels(services: Services, run: str | int) -> None:
    scene = await make_scene(services.database)
    fewer = {**ROLE_LEVELS[Role.RELATION_USER], Subpage.CONTRACTS: Level.NONE}
    removed, levelled = await raced(
        run,
        services,
        removing(scene.manager, scene.held.id),
        levelling(scene.other, scene.held, fewer),
    )
    assert isinstance(removed, AuthorizationChange)
    if isinstance(levelled, AuthorizationChange):
        assert removed.levels_before == fewer
    else:
        assert levelled is Code.AUTHORIZATION_ENDED
    [held] = await scene.of(scene.user)
    assert held.ended_at is not None


async def invited_by(services: Services, inviter: User, scene: Scene) -> tuple[Invitation, User]:
    invitee = await factories.make_user(services.database)
    invitation = await factories.make_invitation(
        services.database,
        inviter=inviter,
        relation=scene.relation,
        email=invitee.email,
        now=services.clock(),
    )
    return invitation, invitee


async def identify(database: Database, user: User) -> None:
    """He has identified strongly some day."""
    async with database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=uuid4().hex,
                identity_sealed="sealed",
                first_name=user.first_name,
                last_name=user.last_name,
                created_at=factories.LONG_AGO,
                identified_at=factories.LONG_AGO,
            )
        )


def assert_never_after(scene_events: list[Event], ground: Event, granted: bool) -> None:
    """The grant came before what takes its ground, or there is none."""
    events = [each for each in scene_events if each in {ground, Event.AUTHORIZATION_GRANTED}]
    assert events == ([Event.AUTHORIZATION_GRANTED, ground] if granted else [ground])


@RUNS
async def test_an_invitation_is_accepted_while_its_inviter_is_removed(
    services: Services, run: str | int
) -> None:
    scene = await make_scene(services.database)
    invitation, invitee = await invited_by(services, scene.other, scene)
    held = await scene.one_of(scene.other)
    change, state = await raced(run, services, removing(scene.manager, held), accepting(invitation, invitee))
    assert isinstance(change, AuthorizationChange)
    granted = bool(await scene.of(invitee))
    assert state is (InvitationState.ACCEPTED if granted else InvitationState.VOID)
    assert change.fallen_invitations == ([] if granted else [str(invitation.id)])
    events = [each.event for each in await scene.audited()]
    assert_never_after(events, Event.AUTHORIZATION_ENDED, granted)


@RUNS
async def test_an_invitation_is_accepted_while_its_inviter_is_lowered(
    services: Services, run: str | int
) -> None:
    scene = await make_scene(services.database)
    invitee = await factories.make_user(services.database)
    await identify(services.database, invitee)
    invitation = await factories.make_invitation(
        services.database,
        inviter=scene.other,
        relation=scene.relation,
        email=invitee.email,
        levels=WRITES,
        now=services.clock(),
    )
    [held] = await scene.of(scene.other)
    change, state = await raced(
        run, services, levelling(scene.manager, held, READS), accepting(invitation, invitee)
    )
    assert isinstance(change, AuthorizationChange)
    granted = bool(await scene.of(invitee))
    assert state is (InvitationState.ACCEPTED if granted else InvitationState.VOID)
    events = [each.event for each in await scene.audited()]
    assert_never_after(events, Event.AUTHORIZATION_LEVELS_CHANGED, granted)


@RUNS
async def test_somebody_invites_while_he_is_removed(services: Services, run: str | int) -> None:
    """Either the invitation was made and falls, or it is refused; neither waits for the other for ever."""
    scene = await make_scene(services.database)
    held = await scene.one_of(scene.other)

    async def invite(services: Services) -> object:
        key = RequestKey(scene.other.id, "invite", "hash")
        return await invitations.create(services, scene.other, scene.relation.id, DRAFT, key)

    change, made = await raced(run, services, removing(scene.manager, held), invite)
    assert isinstance(change, AuthorizationChange)
    if isinstance(made, Invitation):
        assert change.fallen_invitations == [str(made.id)]
    else:
        assert made is Code.NOT_FOUND


@RUNS
async def test_a_registration_is_disputed_while_its_person_is_removed(
    services: Services, run: str | int
) -> None:
    """What was registered for and what rests on it, in whatever order it is taken."""
    scene = await make_scene(services.database)
    registered = await registered_for(scene)
    given = [
        await factories.make_authorization(services.database, scene.user, scene.relation, role=role)
        for role in (Role.VIEWER, Role.ADMINISTRATOR)
    ]
    async with services.database.transaction() as session:
        for each in given:
            (await session.get_one(Authorization, each.id)).granted_by = scene.other.id

    async def dispute(services: Services) -> object:
        async with services.database.transaction() as session:
            return await disputes.suspend_all(session, registered, services.clock())

    ids = [scene.held.id, *(each.id for each in given)]
    removed, suspended = await raced(run, services, removing(scene.manager, *ids), dispute)
    held = [*await scene.of(scene.user), *await scene.of(scene.other)]
    if isinstance(removed, AuthorizationChange):
        assert suspended == 1
    else:
        assert removed in {Code.AUTHORIZATION_ENDED, Code.NOT_FOUND}
        assert suspended == 4
    # Each was ended or suspended, and none both.
    assert all((each.ended_at is None) is not (each.suspended_at is None) for each in held)


async def registered_for(scene: Scene) -> Registration:
    """A registration by which `user` got `held`; he granted `other` what he has."""
    made = Registration(id=uuid4(), user_id=scene.user.id, customer_id=scene.relation.customer_id)
    [of_other] = await scene.of(scene.other)
    async with scene.database.transaction() as session:
        (await session.get_one(Authorization, scene.held.id)).process_id = made.id
        (await session.get_one(Authorization, of_other.id)).granted_by = scene.user.id
    return made
