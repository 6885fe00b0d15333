"""The transactions behind decisions and ends, on both databases: once, however often they are tried."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from activities.invitations import InvitationActivities
from domain.codes import Code, Refused
from domain.invitations import EndInvitation, ExtendDeadline, GrantAuthorization
from domain.vocabulary import DeliveryState, InvitationState, Level, Role, Subpage
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.activities.running import NOW, attempt, everything
from tests.faulty_database import Fault, FaultyDatabase

ENDS = sorted({state for state in InvitationState if not state.is_open} - {InvitationState.ACCEPTED})


@dataclass(frozen=True)
class Scene:
    """An open invitation, the right it rests on, and the person who may accept."""

    database: Database
    invitation: Invitation
    relation: CustomerRelation
    right: Authorization
    invitee: User

    @property
    def activities(self) -> InvitationActivities:
        return InvitationActivities(self.database)

    def grant(self, user: User | None = None) -> GrantAuthorization:
        user_id = (user or self.invitee).id
        return GrantAuthorization(invitation_id=self.invitation.id, user_id=user_id, now=NOW)

    def end(self, state: InvitationState) -> EndInvitation:
        return EndInvitation(invitation_id=self.invitation.id, state=state, actor_id=None, now=NOW)

    async def row(self) -> Invitation:
        async with self.database.reading() as session:
            return await session.get_one(Invitation, self.invitation.id)

    async def granted(self) -> list[Authorization]:
        async with self.database.reading() as session:
            found = await factories.authorizations_of(session, self.invitee.id)
            return [each for each in found if each.process_id == self.invitation.id]


@pytest.fixture
async def scene(database: Database) -> Scene:
    relation = await factories.make_relation(database)
    inviter = await factories.make_user(database)
    right = await factories.make_authorization(database, inviter, relation)
    invitee = await factories.make_user(database)
    invitation = await factories.make_invitation(
        database, inviter=inviter, relation=relation, email=invitee.email
    )
    return Scene(database, invitation, relation, right, invitee)


async def test_a_grant_twice_is_one_grant(scene: Scene) -> None:
    first = await attempt(scene.activities.grant, scene.grant())
    kept = await everything(scene.database)

    assert await attempt(scene.activities.grant, scene.grant()) == first
    assert await everything(scene.database) == kept
    assert (first.state, first.decided_by) == (InvitationState.ACCEPTED, scene.invitee.id)
    [grant] = await scene.granted()
    assert (grant.valid_from, grant.granted_by) == (NOW, scene.invitation.inviter_id)


@pytest.mark.parametrize("fault", [Fault.BEFORE_COMMIT, Fault.AFTER_COMMIT])
async def test_a_crash_around_the_commit_leaves_one_grant(scene: Scene, fault: Fault) -> None:
    """F1."""
    faulty = FaultyDatabase(scene.database)
    faulty.faults.append(fault)
    with pytest.raises(Exception, match="scripted"):
        await attempt(InvitationActivities(faulty).grant, scene.grant())
    await faulty.close()
    assert len(await scene.granted()) == (fault is Fault.AFTER_COMMIT)

    outcome = await attempt(scene.activities.grant, scene.grant())

    assert outcome.state is InvitationState.ACCEPTED
    assert len(await scene.granted()) == 1
    kept = await everything(scene.database)
    events = [value for row in kept["audit_events"] for value in row if isinstance(value, str)]
    assert events.count("invitation.accepted") == events.count("authorization.granted") == 1


@pytest.mark.parametrize("state", ENDS)
async def test_an_end_twice_is_one_end_and_the_first_stays(scene: Scene, state: InvitationState) -> None:
    first = await attempt(scene.activities.end, scene.end(state))
    kept = await everything(scene.database)

    assert await attempt(scene.activities.end, scene.end(state)) == first
    for other in ENDS:
        assert (await attempt(scene.activities.end, scene.end(other))).state is state
    assert (await attempt(scene.activities.grant, scene.grant())).state is state
    assert await everything(scene.database) == kept
    row = await scene.row()
    assert (row.state, row.ended_at) == (state, NOW)
    assert (row.delivery is DeliveryState.FAILED) == (state is InvitationState.UNDELIVERABLE)


async def test_an_extension_twice_is_one_and_never_shortens(scene: Scene) -> None:
    later, sooner = scene.invitation.deadline + timedelta(hours=1), NOW
    order = ExtendDeadline(invitation_id=scene.invitation.id, deadline=later, now=NOW)
    await attempt(scene.activities.extend_deadline, order)
    kept = await everything(scene.database)

    await attempt(scene.activities.extend_deadline, order)
    await attempt(scene.activities.extend_deadline, order.model_copy(update={"deadline": sooner}))

    assert await everything(scene.database) == kept
    row = await scene.row()
    assert (row.state, row.deadline) == (InvitationState.REGISTERING, later)
    assert (await attempt(scene.activities.grant, scene.grant())).state is InvitationState.ACCEPTED
    kept = await everything(scene.database)
    await attempt(scene.activities.extend_deadline, order)
    assert await everything(scene.database) == kept


async def test_only_the_invited_person_is_granted_anything(scene: Scene) -> None:
    stranger = await factories.make_user(scene.database)
    kept = await everything(scene.database)

    for user in (stranger, User(id=uuid4())):
        outcome = await attempt(scene.activities.grant, scene.grant(user))
        assert outcome.state is InvitationState.PENDING
        assert outcome.refusal is Code.INVITATION_WRONG_RECIPIENT
    assert await everything(scene.database) == kept


async def lose_right(scene: Scene) -> None:
    await factories.end_authorization(scene.database, scene.right, NOW)


async def lose_level(scene: Scene) -> None:
    async with scene.database.transaction() as session:
        row = await session.get_one(Authorization, scene.right.id)
        row.levels = {**row.levels, Subpage.INVOICES: Level.NONE}


async def lose_management(scene: Scene) -> None:
    async with scene.database.transaction() as session:
        row = await session.get_one(Authorization, scene.right.id)
        row.levels = {**row.levels, Subpage.USERS: Level.NONE}


async def lose_relation(scene: Scene) -> None:
    async with scene.database.transaction() as session:
        row = await session.get_one(CustomerRelation, scene.relation.id)
        row.ended_at = NOW


@pytest.mark.parametrize("lose", [lose_right, lose_level, lose_management, lose_relation])
async def test_what_the_grant_rests_on_is_asked_again(
    scene: Scene, lose: Callable[[Scene], Awaitable[None]]
) -> None:
    await lose(scene)

    outcome = await attempt(scene.activities.grant, scene.grant())

    assert (outcome.state, outcome.decided_by) == (InvitationState.VOID, None)
    assert await scene.granted() == []


async def test_a_right_that_began_after_the_decision_stops_nothing(scene: Scene) -> None:
    """The grant was decided, then waited for the database; an operator gave the same role meanwhile."""
    later = NOW + timedelta(seconds=10)
    await factories.make_authorization(
        scene.database, scene.invitee, scene.relation, role=Role.RELATION_USER, valid_from=later
    )

    outcome = await attempt(scene.activities.grant, scene.grant())

    assert outcome.state is InvitationState.ACCEPTED
    assert await scene.granted() == []


async def test_no_row_no_sense(scene: Scene) -> None:
    grant = scene.grant().model_copy(update={"invitation_id": uuid4()})
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await attempt(scene.activities.grant, grant)
