"""What ending and levelling write in one transaction: rights, change, falls, audit (spec 3.4, 3.5)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.authorization_changes import AuthorizationChangeStart, AuthorizationChangeWaits
from domain.processes import ProcessStart
from domain.roles import NOTHING, ROLE_LEVELS, refusal_to_give
from domain.vocabulary import (
    AuthorizationChangeKind,
    AuthorizationChangeState,
    CustomerKind,
    InvitationState,
    Level,
    ProcessKind,
    Role,
    Subpage,
)
from store import authorization_acts, customers, policy
from store.audit import Actor, Event
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.database import Database
from store.outbox import OutboxRow, Owed
from store.users import User
from tests import factories
from tests.changing import Scene, make_scene

NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
WAITS = AuthorizationChangeWaits(delivery=timedelta(hours=5))
N, R, W = Level.NONE, Level.READ, Level.WRITE
LOOKS = {**dict.fromkeys(Subpage, R), Subpage.USERS: W}


async def end(scene: Scene, *ids: UUID, actor: User | None) -> AuthorizationChange:
    async with scene.database.transaction() as session:
        relation = await customers.relation_alone(session, scene.relation.id)
        assert relation is not None
        chosen = [await session.get_one(Authorization, each) for each in ids]
        who = None if actor is None else await session.get_one(User, actor.id)
        return await authorization_acts.end(session, relation, chosen, actor=who, waits=WAITS, now=NOW)


async def set_levels(
    scene: Scene, authorization_id: UUID, levels: Mapping[Subpage, Level], *, actor: User
) -> AuthorizationChange:
    async with scene.database.transaction() as session:
        relation = await customers.relation_alone(session, scene.relation.id)
        assert relation is not None
        return await authorization_acts.set_levels(
            session,
            relation,
            await session.get_one(Authorization, authorization_id),
            levels,
            actor=await session.get_one(User, actor.id),
            waits=WAITS,
            now=NOW,
        )


async def owed(database: Database) -> list[OutboxRow]:
    async with database.reading() as session:
        return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.owed, OutboxRow.process_id)))


async def may(scene: Scene, user: User) -> dict[Subpage, Level]:
    async with scene.database.reading() as session:
        return await policy.levels(session, user.id, scene.relation.id, NOW)


async def test_an_end_takes_what_it_says_and_leaves_the_rest(database: Database) -> None:
    scene = await make_scene(database)
    viewer = await factories.make_authorization(database, scene.user, scene.relation, role=Role.VIEWER)
    third = await factories.make_authorization(
        database, scene.user, scene.relation, role=Role.ADMINISTRATOR, levels={Subpage.INVOICES: R}
    )
    change = await end(scene, scene.held.id, third.id, actor=scene.manager)

    assert await may(scene, scene.user) == dict(ROLE_LEVELS[Role.VIEWER])
    held = {each.id: each.ended_at for each in await scene.of(scene.user)}
    assert held == {scene.held.id: NOW, third.id: NOW, viewer.id: None}
    [kept] = await scene.changes()
    assert kept.id == change.id
    assert (kept.kind, kept.state) == (AuthorizationChangeKind.REMOVAL, AuthorizationChangeState.TELLING)
    assert (kept.user_id, kept.actor_id, kept.created_at) == (scene.user.id, scene.manager.id, NOW)
    assert kept.authorization_ids == [str(scene.held.id), str(third.id)]
    assert kept.of_roles == [Role.RELATION_USER, Role.ADMINISTRATOR]
    assert kept.levels_before == {**ROLE_LEVELS[Role.ADMINISTRATOR], Subpage.INVOICES: R}
    assert kept.levels_after == ROLE_LEVELS[Role.VIEWER]
    assert kept.ended_at is None


async def test_a_change_owes_its_process_and_nothing_personal(database: Database) -> None:
    scene = await make_scene(database)
    change = await end(scene, scene.held.id, actor=None)
    [start] = await owed(database)
    assert (start.process_kind, start.process_id, start.owed) == (
        ProcessKind.AUTHORIZATION_CHANGE,
        change.id,
        Owed.START,
    )
    payload = ProcessStart.model_validate(start.payload)
    assert AuthorizationChangeStart.model_validate(payload.input) == AuthorizationChangeStart(
        change_id=change.id, waits=WAITS
    )
    assert (payload.relations, payload.deadline) == ([scene.relation.id], NOW + WAITS.delivery)


async def test_each_end_is_audited_with_who_did_it(database: Database) -> None:
    scene = await make_scene(database)
    viewer = await factories.make_authorization(database, scene.user, scene.relation, role=Role.VIEWER)
    change = await end(scene, viewer.id, scene.held.id, actor=scene.manager)
    service = await end(scene, await scene.one_of(scene.other), actor=None)

    first, second, third = await scene.audited()
    for event, authorization_id in (first, viewer.id), (second, scene.held.id):
        assert (event.event, event.subject_id, event.process_id) == (
            Event.AUTHORIZATION_ENDED,
            authorization_id,
            change.id,
        )
        assert (event.actor, event.actor_id, event.at) == (Actor.USER, scene.manager.id, NOW)
    assert (third.actor, third.actor_id, third.process_id) == (Actor.OPERATOR, None, service.id)


@pytest.mark.parametrize("actor", ["manager", "user", "nobody"])
@pytest.mark.parametrize("managed", [True, False])
async def test_who_is_told(sqlite_database: Database, actor: str, managed: bool) -> None:
    """Who removed it; and, when it is a manager's or given up, everybody who manages the users now."""
    role = Role.ADMINISTRATOR if managed else Role.VIEWER
    scene = await make_scene(sqlite_database, role=role)
    who = {"manager": scene.manager, "user": scene.user, "nobody": None}[actor]
    change = await end(scene, scene.held.id, actor=who)

    told = change.told_managers
    assert len(set(told)) == len(told)
    if managed or actor == "user":
        assert set(told) == {str(scene.manager.id), str(scene.other.id)}
    else:
        assert told == ([str(scene.manager.id)] if actor == "manager" else [])
    if actor == "manager":
        assert told[0] == str(scene.manager.id)
    own = actor == "user"
    assert change.kind is (AuthorizationChangeKind.GIVEN_UP if own else AuthorizationChangeKind.REMOVAL)


async def test_who_still_manages_by_another_role_is_told_once_as_the_user(sqlite_database: Database) -> None:
    scene = await make_scene(sqlite_database, role=Role.VIEWER)
    await factories.make_authorization(sqlite_database, scene.manager, scene.relation, role=Role.VIEWER)
    [viewer] = [each for each in await scene.of(scene.manager) if each.role is Role.VIEWER]
    change = await end(scene, viewer.id, actor=scene.manager)
    assert change.told_managers == [str(scene.other.id)]


async def test_other_levels(database: Database) -> None:
    scene = await make_scene(database)
    await factories.make_authorization(database, scene.user, scene.relation, role=Role.VIEWER)
    fewer = {**NOTHING, Subpage.INVOICES: R}
    change = await set_levels(scene, scene.held.id, fewer, actor=scene.manager)

    together = {**ROLE_LEVELS[Role.VIEWER], Subpage.INVOICES: R}
    assert await may(scene, scene.user) == together
    [kept] = await scene.changes()
    assert (kept.id, kept.kind) == (change.id, AuthorizationChangeKind.LEVELS)
    assert (kept.levels_before, kept.levels_after) == (ROLE_LEVELS[Role.RELATION_USER], together)
    assert (kept.of_roles, kept.told_managers) == ([Role.RELATION_USER], [])
    assert [each.levels for each in await scene.of(scene.user) if each.id == scene.held.id] == [fewer]
    [event] = await scene.audited()
    assert (event.event, event.subject_id, event.actor_id) == (
        Event.AUTHORIZATION_LEVELS_CHANGED,
        scene.held.id,
        scene.manager.id,
    )


@pytest.mark.parametrize("kind", CustomerKind)
@pytest.mark.parametrize(
    "after",
    [
        dict(NOTHING),
        LOOKS,
        {**LOOKS, Subpage.CONTRACTS: N},
        {**LOOKS, Subpage.REPORTS: W},
        dict(ROLE_LEVELS[Role.ADMINISTRATOR]),
        {**ROLE_LEVELS[Role.ADMINISTRATOR], Subpage.USERS: N},
    ],
    ids=["nothing", "looks", "no contracts", "saves reports", "everything", "all but users"],
)
async def test_exactly_those_invitations_fall_that_could_not_be_given(
    database: Database, kind: CustomerKind, after: dict[Subpage, Level]
) -> None:
    scene = await make_scene(database, kind=kind, role=Role.ADMINISTRATOR)
    invited = [
        await factories.make_invitation(
            database,
            inviter=scene.user,
            relation=scene.relation,
            email=f"invited{number}@example.com",
            role=role,
            levels=levels,
        )
        for number, (role, levels) in enumerate(
            [
                (Role.RELATION_USER, {}),
                (Role.RELATION_USER, {Subpage.REPORTS: R}),
                (Role.RELATION_USER, {Subpage.CONTRACTS: N, Subpage.REPORTS: R}),
                (Role.RELATION_USER, {Subpage.INVOICES: W}),
                (Role.VIEWER, {}),
                (Role.ADMINISTRATOR, {}),
            ]
        )
    ]
    # Others' invitations, elsewhere, and over: they rest on nothing of this.
    elsewhere = await factories.make_relation(database, kind=kind)
    await factories.make_invitation(database, inviter=scene.user, relation=elsewhere, email="a@example.com")
    await factories.make_invitation(
        database, inviter=scene.other, relation=scene.relation, email="b@example.com"
    )
    await factories.make_invitation(
        database,
        inviter=scene.user,
        relation=scene.relation,
        email="c@example.com",
        state=InvitationState.DECLINED,
        ended_at=NOW,
    )
    async with database.transaction() as session:
        for row in await session.scalars(select(OutboxRow)):
            await session.delete(row)

    change = await set_levels(scene, scene.held.id, after, actor=scene.manager)

    expected = {
        each.id
        for each in invited
        if refusal_to_give(kind=kind, role=each.role, levels=each.levels, giver=after) is not None
    }
    assert {UUID(each) for each in change.fallen_invitations} == expected
    signals = [each for each in await owed(database) if each.owed is Owed.SIGNAL]
    assert {each.process_id for each in signals} == expected
    assert {(each.process_kind, each.signal) for each in signals} <= {(ProcessKind.INVITATION, "right_lost")}
