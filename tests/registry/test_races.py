"""The registry's word at the same moment as an acceptance (A11): no right is left on an ended relation.

Each order is tried, and a naive end, which must break what is asserted.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from activities.invitations import InvitationActivities
from domain.invitations import DecisionOutcome, GrantAuthorization
from domain.vocabulary import InvitationState, Role
from registry.sample import identity_code
from registry.sync import bring_in
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.activities.running import attempt
from tests.activities.test_invitations_at_once import Held, still_waits
from tests.factories import KEYS
from tests.registry.following import NOW, TODAY, bring, held_on, owner, record, relation
from tests.registry.stand_in import contract, private

CODE = identity_code(7)
SECOND = timedelta(seconds=1)
OVER = private(code=CODE, electricity=[contract("E-1", ends_on="2026-11-19")])


@dataclass(frozen=True)
class Scene:
    """An open invitation of a relation's owner."""

    relation: CustomerRelation
    owner: User
    invitee: User
    invitation: Invitation

    @property
    def order(self) -> GrantAuthorization:
        return GrantAuthorization(invitation_id=self.invitation.id, user_id=self.invitee.id, now=NOW + SECOND)


async def make_scene(database: Database) -> Scene:
    await bring(database, private(code=CODE, electricity=[contract("E-1")]))
    on = await relation(database, "300001")
    inviter, invitee = await owner(database, on), await factories.make_user(database)
    invitation = await factories.make_invitation(
        database, inviter=inviter, relation=on, email=invitee.email, now=NOW
    )
    return Scene(on, inviter, invitee, invitation)


async def end_by_registry(database: Database) -> None:
    async with database.transaction() as session:
        await bring_in(session, [record(OVER)], keys=KEYS, today=TODAY, now=NOW + SECOND)


async def end_naively(database: Database) -> None:
    """Ends the relation and nothing else."""
    async with database.transaction() as session:
        (await session.get_one(CustomerRelation, (await relation(database, "300001")).id)).ended_at = NOW


async def assert_nobody_but_the_owner(database: Database, scene: Scene) -> None:
    assert await held_on(database, scene.relation) == {scene.owner.id: {Role.OWNER}}


async def test_an_end_that_is_first_leaves_no_grant(postgresql_database: Database) -> None:
    scene, held = await make_scene(postgresql_database), Held(postgresql_database)
    ending = asyncio.create_task(end_by_registry(held.database))
    await held.reached.wait()
    granting = asyncio.create_task(attempt(InvitationActivities(postgresql_database).grant, scene.order))
    assert await still_waits(granting)
    held.let_go.set()
    await ending

    assert (await granting).state is InvitationState.VOID
    await assert_nobody_but_the_owner(postgresql_database, scene)
    await held.database.close()


async def grant_first(
    database: Database, scene: Scene, end: Callable[[Database], Awaitable[None]]
) -> DecisionOutcome:
    """The acceptance is written but not committed when the relation ends."""
    held = Held(database)
    granting = asyncio.create_task(attempt(InvitationActivities(held.database).grant, scene.order))
    await held.reached.wait()
    ending = asyncio.ensure_future(end(database))
    assert await still_waits(ending)
    held.let_go.set()
    outcome = await granting
    await ending
    await held.database.close()
    return outcome


async def test_a_grant_that_is_first_ends_with_the_relation(postgresql_database: Database) -> None:
    scene = await make_scene(postgresql_database)
    outcome = await grant_first(postgresql_database, scene, end_by_registry)
    assert outcome.state is InvitationState.ACCEPTED
    await assert_nobody_but_the_owner(postgresql_database, scene)


async def test_a_grant_that_is_first_ends_when_the_number_becomes_another_persons(
    postgresql_database: Database,
) -> None:
    scene = await make_scene(postgresql_database)

    async def take_over(database: Database) -> None:
        await bring(database, private(code=identity_code(8), electricity=[contract("E-1")]))

    outcome = await grant_first(postgresql_database, scene, take_over)
    assert outcome.state is InvitationState.ACCEPTED
    assert await held_on(postgresql_database, scene.relation) == {}


async def test_a_naive_end_would_leave_the_grant(postgresql_database: Database) -> None:
    scene = await make_scene(postgresql_database)
    await grant_first(postgresql_database, scene, end_naively)
    with pytest.raises(AssertionError):
        await assert_nobody_but_the_owner(postgresql_database, scene)


async def test_both_at_once_in_any_order(database: Database) -> None:
    scene = await make_scene(database)
    grant, end = attempt(InvitationActivities(database).grant, scene.order), end_by_registry(database)
    outcome, _ = await asyncio.gather(grant, end)
    assert outcome.state in {InvitationState.ACCEPTED, InvitationState.VOID}
    await assert_nobody_but_the_owner(database, scene)
