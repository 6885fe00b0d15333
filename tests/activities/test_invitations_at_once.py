"""A grant at the same moment as the relation's end or a cancellation (A11).

Against the loss of the inviter's right, and against other grants: `test_invitation_races`.
"""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from activities.invitations import InvitationActivities
from domain.invitations import EndInvitation, GrantAuthorization
from domain.vocabulary import InvitationState
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.activities.running import NOW, attempt
from tests.faulty_database import FaultyDatabase

LATER = NOW + timedelta(minutes=1)


async def make_scene(database: Database) -> tuple[Invitation, User]:
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    invitee = await factories.make_user(database)
    invitation = await factories.make_invitation(
        database, inviter=inviter, relation=relation, email=invitee.email
    )
    return invitation, invitee


async def granted(database: Database, invitation: Invitation) -> list[Authorization]:
    async with database.reading() as session:
        query = select(Authorization).where(Authorization.granted_by == invitation.inviter_id)
        return list(await session.scalars(query))


async def end_relation(database: Database, invitation: Invitation) -> None:
    """As an operator's command or an import does."""
    async with database.transaction() as session:
        (await session.get_one(CustomerRelation, invitation.relation_id)).ended_at = NOW


class Held:
    """A database whose transactions stop before their commit, with their locks, until they are let go."""

    def __init__(self, like: Database) -> None:
        self.database = FaultyDatabase(like)
        self.reached, self.let_go = asyncio.Event(), asyncio.Event()
        self.database.before_commit = self._hold

    async def _hold(self) -> None:
        self.reached.set()
        await self.let_go.wait()


async def still_waits(task: "asyncio.Task[Any]") -> bool:
    """Whether a task is held up; what is not is done in a fraction of this time."""
    done, _ = await asyncio.wait({task}, timeout=0.3)
    return not done


async def test_a_relation_that_ends_first_leaves_no_grant(database: Database) -> None:
    invitation, invitee = await make_scene(database)
    held = Held(database)
    losing = asyncio.create_task(end_relation(held.database, invitation))
    await held.reached.wait()
    order = GrantAuthorization(invitation_id=invitation.id, user_id=invitee.id, now=LATER)

    granting = asyncio.create_task(attempt(InvitationActivities(database).grant, order))
    assert await still_waits(granting)
    held.let_go.set()
    await losing

    assert (await granting).state is InvitationState.VOID
    assert await granted(database, invitation) == []
    await held.database.close()


async def test_a_grant_that_is_first_holds_the_end_up(database: Database) -> None:
    invitation, invitee = await make_scene(database)
    held = Held(database)
    order = GrantAuthorization(invitation_id=invitation.id, user_id=invitee.id, now=NOW)
    granting = asyncio.create_task(attempt(InvitationActivities(held.database).grant, order))
    await held.reached.wait()

    losing = asyncio.create_task(end_relation(database, invitation))
    assert await still_waits(losing)
    held.let_go.set()

    assert (await granting).state is InvitationState.ACCEPTED
    await losing
    [grant] = await granted(database, invitation)
    assert grant.valid_from <= NOW  # it did not begin after the relation had ended
    await held.database.close()


async def test_a_grant_against_a_cancellation_has_one_winner(database: Database) -> None:
    for _ in range(5):
        invitation, invitee = await make_scene(database)
        activities = InvitationActivities(database)
        grant = GrantAuthorization(invitation_id=invitation.id, user_id=invitee.id, now=NOW)
        end = EndInvitation(
            invitation_id=invitation.id,
            state=InvitationState.CANCELLED,
            actor_id=invitation.inviter_id,
            now=NOW,
        )

        one, other = await asyncio.gather(attempt(activities.grant, grant), attempt(activities.end, end))

        assert one == other
        assert len(await granted(database, invitation)) == (one.state is InvitationState.ACCEPTED)
