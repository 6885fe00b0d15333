"""Telling of what was removed, given up or levelled (spec 3.4, 3.5): the change holds, told or not."""

from datetime import timedelta

import pytest

from domain.authorization_changes import AuthorizationChangeResult
from domain.roles import ROLE_LEVELS
from domain.vocabulary import (
    AuthorizationChangeState,
    CustomerKind,
    InvitationState,
    Level,
    Message,
    Role,
    Subpage,
)
from starter.services import levels, removals
from starter.services.context import Services
from store import messages
from store.authorization_changes import AuthorizationChange
from store.outbox import OutboxRow
from tests import factories
from tests.changing import Scene, events, make_scene, process, received, services_of
from tests.harness import Harness, eventually
from tests.leaks import assert_nothing_personal, raw_history
from tests.registering import Registering
from tests.smtp_server import Greylist, Reply

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
TOLD = AuthorizationChangeResult(state=AuthorizationChangeState.TOLD)
REMOVED, REMOVED_NOTICE = Message.AUTHORIZATION_REMOVED, Message.AUTHORIZATION_REMOVED_NOTICE
FEWER = {**ROLE_LEVELS[Role.RELATION_USER], Subpage.INVOICES: Level.NONE}


@pytest.fixture
def services(harness: Harness) -> Services:
    return services_of(harness)


@pytest.fixture
async def scene(harness: Harness) -> Scene:
    return await make_scene(harness.database)


async def kept(harness: Harness, change: AuthorizationChange) -> AuthorizationChange:
    async with harness.database.reading() as session:
        return await session.get_one(AuthorizationChange, change.id)


async def deliveries(harness: Harness, change: AuthorizationChange) -> list[tuple[Message, str]]:
    async with harness.database.reading() as session:
        rows = await messages.of_process(session, change.id)
        return sorted((each.template, each.delivery.value) for each in rows)


async def test_a_removal_is_told_at_once(harness: Harness, services: Services, scene: Scene) -> None:
    change = await removals.remove(services, scene.manager, [scene.held.id])

    handle = process(harness, change)
    assert await handle.result() == TOLD
    row = await kept(harness, change)
    assert (row.state, row.ended_at is None) == (AuthorizationChangeState.TOLD, False)
    assert received(harness.smtp, change.id, scene.user.email) == [REMOVED]
    # Who removed it has it in writing; the other manager need not know of a user who managed nobody.
    assert received(harness.smtp, change.id, scene.manager.email) == [REMOVED_NOTICE]
    assert received(harness.smtp, change.id, scene.other.email) == []
    assert await events(harness.database, change) == ["authorization.ended", "authorization.change_told"]


async def test_whoever_else_manages_the_users_hears_of_a_managers_end(
    harness: Harness, services: Services, scene: Scene
) -> None:
    gone = await removals.remove(services, scene.manager, [await scene.one_of(scene.other)])
    assert await process(harness, gone).result() == TOLD
    third = await factories.make_manager(harness.database, scene.relation)
    own = await removals.remove(services, scene.manager, [await scene.one_of(scene.manager)])
    assert await process(harness, own).result() == TOLD

    assert received(harness.smtp, gone.id, scene.other.email) == [REMOVED]
    assert received(harness.smtp, gone.id, scene.manager.email) == [REMOVED_NOTICE]
    assert received(harness.smtp, own.id, scene.manager.email) == [Message.AUTHORIZATION_GIVEN_UP]
    assert received(harness.smtp, own.id, third.email) == [Message.AUTHORIZATION_GIVEN_UP_NOTICE]
    assert received(harness.smtp, own.id, scene.other.email) == []


async def test_a_change_of_levels_is_told_to_the_user_alone(
    harness: Harness, services: Services, scene: Scene
) -> None:
    change = await levels.change(
        services, scene.manager, scene.held.id, FEWER, seen=levels.version(scene.held)
    )
    assert change is not None
    assert await process(harness, change).result() == TOLD
    assert received(harness.smtp, change.id, scene.user.email) == [Message.AUTHORIZATION_LEVELS_CHANGED]
    assert [each for each in harness.smtp.messages if each.to != scene.user.email] == []
    assert await events(harness.database, change) == [
        "authorization.levels_changed",
        "authorization.change_told",
    ]


async def test_the_mail_server_is_away_for_an_hour(
    harness: Harness, services: Services, scene: Scene
) -> None:
    over = False
    for person in (scene.user, scene.manager):
        harness.smtp.behave(person.email, Greylist(lambda: over))
    change = await removals.remove(services, scene.manager, [scene.held.id])
    # The quick try, and the first by the server's queue; one who is not taken holds up nobody else.
    await eventually(lambda: harness.smtp.attempts.count(scene.manager.email) >= 2)
    await harness.skip(_HOUR)
    assert (await kept(harness, change)).state is AuthorizationChangeState.TELLING
    over = True
    await harness.skip(_HOUR)
    assert await process(harness, change).result() == TOLD
    assert received(harness.smtp, change.id, scene.user.email) == [REMOVED]
    assert received(harness.smtp, change.id, scene.manager.email) == [REMOVED_NOTICE]


async def test_one_address_is_refused_for_good_and_the_other_told(
    harness: Harness, services: Services, scene: Scene
) -> None:
    harness.smtp.behave(scene.user.email, Reply(550))
    change = await removals.remove(services, scene.manager, [scene.held.id])
    assert await process(harness, change).result() == TOLD
    assert await deliveries(harness, change) == [(REMOVED, "failed"), (REMOVED_NOTICE, "sent")]
    assert harness.smtp.attempts.count(scene.user.email) == 1


async def test_a_day_without_mail_server(harness: Harness, services: Services, scene: Scene) -> None:
    harness.smtp.behave(scene.user.email, Reply(451))
    change = await removals.remove(services, scene.manager, [scene.held.id])
    await eventually(lambda: harness.smtp.attempts.count(scene.user.email) >= 2)
    await harness.skip(23 * _HOUR)
    assert (await kept(harness, change)).state is AuthorizationChangeState.TELLING
    await harness.skip(2 * _HOUR)

    # It closes as told: the process does not fail, and the others were.
    handle = process(harness, change)
    assert await handle.result() == TOLD
    assert (await kept(harness, change)).state is AuthorizationChangeState.TOLD
    assert received(harness.smtp, change.id, scene.manager.email) == [REMOVED_NOTICE]
    assert received(harness.smtp, change.id, scene.user.email) == []
    history = await handle.fetch_history()
    assert len(history.events) <= 20


async def test_small_history_without_anything_personal(
    harness: Harness, services: Services, scene: Scene
) -> None:
    change = await removals.remove(services, scene.manager, [scene.held.id])
    handle = process(harness, change)
    await handle.result()
    assert len((await handle.fetch_history()).events) <= 8
    personal = [
        *(person.email for person in (scene.user, scene.manager)),
        *(person.last_name for person in (scene.user, scene.manager)),
        scene.user.username,
        scene.relation.customer.customer_number,
        scene.relation.customer.name,
        Role.RELATION_USER.value,
    ]
    assert_nothing_personal(await raw_history(handle), personal)


async def test_the_invitations_that_fell_end_as_void(harness: Harness) -> None:
    services = services_of(harness)
    invited = await harness.invite()
    await harness.sent(invited)
    boss = await factories.make_manager(harness.database, invited.relation)
    async with harness.database.reading() as session:
        [held] = await factories.authorizations_of(session, invited.inviter.id)
    change = await removals.remove(services, boss, [held.id])
    assert change.fallen_invitations == [str(invited.id)]
    assert (await invited.handle.result()).state is InvitationState.VOID
    assert await process(harness, change).result() == TOLD
    assert received(harness.smtp, change.id, invited.inviter.email) == [REMOVED]
    assert received(harness.smtp, invited.id, invited.inviter.email) == [Message.INVITATION_VOID]
    assert Message.INVITATION_WITHDRAWN in received(harness.smtp, invited.id, invited.email)
    assert await harness.grants(invited) == []


async def test_while_temporal_cannot_be_reached(idle_registering: Registering) -> None:
    """Done at once; the outbox is drained later, everybody told, and the invitation void."""
    registering, harness = idle_registering, idle_registering.harness
    async with harness.worker():
        invited = await harness.invite(kind=CustomerKind.COMPANY)
        await harness.sent(invited)
        boss = await factories.make_manager(harness.database, invited.relation)
        async with harness.database.reading() as session:
            [held] = await factories.authorizations_of(session, invited.inviter.id)

        change = await removals.remove(await registering.without_temporal(), boss, [held.id])
        async with harness.database.reading() as session:
            [ended] = await factories.authorizations_of(session, invited.inviter.id)
        assert ended.ended_at == change.created_at
        owed = {each.process_id for each in await registering.all_of(OutboxRow)}
        assert owed == {change.id, invited.id}
        await harness.skip(2 * _DAY)  # longer than anything is tried: that begins when the process does

        for each in owed:
            assert await harness.outbox.deliver(each)
        assert await process(harness, change).result() == TOLD
        assert (await invited.handle.result()).state is InvitationState.VOID
    assert received(harness.smtp, change.id, invited.inviter.email) == [REMOVED]
    assert await registering.all_of(OutboxRow) == []
