"""Grants at the same moment as each other, or as a command that ends what they rest on (A1, A11).

Each invariant is also tried on a naive grant, which must break it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from activities.invitations import InvitationActivities
from domain.authorization_changes import AuthorizationChangeWaits
from domain.invitations import DecisionOutcome, GrantAuthorization
from domain.roles import ROLE_LEVELS
from domain.vocabulary import GrantedThrough, InvitationState, Role
from starter import operators
from store import audit
from store.audit import AuditEvent, Event
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.activities.running import NOW, attempt
from tests.faulty_database import FaultyDatabase

SECOND = timedelta(seconds=1)

Grant = Callable[[GrantAuthorization], Awaitable[DecisionOutcome]]
MakeGrant = Callable[[Database], Grant]


@dataclass(frozen=True)
class Scene:
    """An open invitation, and who is concerned."""

    database: Database
    relation: CustomerRelation
    inviter: User
    invitee: User
    invitation: Invitation

    @property
    def order(self) -> GrantAuthorization:
        """The invitee accepts, a second after NOW."""
        return GrantAuthorization(invitation_id=self.invitation.id, user_id=self.invitee.id, now=NOW + SECOND)

    async def state(self) -> InvitationState:
        async with self.database.reading() as session:
            return (await session.get_one(Invitation, self.invitation.id)).state

    async def held_by(self, user: User) -> Sequence[Authorization]:
        """All of a user's authorizations, ended ones too."""
        async with self.database.reading() as session:
            query = select(Authorization).where(Authorization.user_id == user.id)
            return (await session.scalars(query)).all()

    async def end_right(self, database: Database | None = None) -> None:
        """The inviter's authorization, ended by an operator at NOW."""
        await operators.end(
            database or self.database,
            username=self.inviter.username,
            customer_number=self.relation.customer.customer_number,
            commodity=self.relation.commodity,
            role=Role.ADMINISTRATOR,
            waits=AuthorizationChangeWaits(),
            now=NOW,
        )


async def make_scene(database: Database) -> Scene:
    relation = await factories.make_relation(database)
    inviter = await factories.make_manager(database, relation)
    invitee = await factories.make_user(database)
    invitation = await factories.make_invitation(
        database, inviter=inviter, relation=relation, email=invitee.email
    )
    return Scene(database, relation, inviter, invitee, invitation)


@pytest.fixture
async def patient(database_url: str) -> AsyncIterator[Database]:
    """For many writers at once on a slow machine: none gives up."""
    database = Database(database_url, lock_timeout=timedelta(minutes=1))
    yield database
    await database.close()


def real(database: Database) -> Grant:
    return InvitationActivities(database).grant


def naive(database: Database) -> Grant:
    """Writes the authorization without a look at anything."""

    async def grant(order: GrantAuthorization) -> DecisionOutcome:
        async with database.transaction() as session:
            invitation = await session.get_one(Invitation, order.invitation_id)
            authorization = Authorization(
                user_id=order.user_id,
                relation_id=invitation.relation_id,
                role=invitation.role,
                levels=invitation.levels,
                valid_from=order.now,
                granted_through=GrantedThrough.INVITATION,
                granted_by=invitation.inviter_id,
            )
            session.add(authorization)
        return DecisionOutcome(state=InvitationState.ACCEPTED)

    return grant


async def assert_nothing_given_without_a_right(scene: Scene) -> None:
    """No authorization began when the inviter's right on which it rests had ended."""
    [right] = await scene.held_by(scene.inviter)
    for grant in await scene.held_by(scene.invitee):
        assert right.ended_at is None or grant.valid_from < right.ended_at


async def assert_one_grant(scene: Scene) -> None:
    assert len(await scene.held_by(scene.invitee)) == 1


async def grant_while_the_right_ends(scene: Scene, make: MakeGrant) -> bool:
    """The end is written but not committed when the invitee accepts. What had to wait is tried again.

    Returns whether the grant had to wait.
    """
    ending, impatient = FaultyDatabase(scene.database), FaultyDatabase(scene.database)
    grant, waited = make(impatient), False

    async def accept() -> None:
        nonlocal waited
        try:
            await attempt(grant, scene.order)
        except OperationalError:
            waited = True

    ending.before_commit = accept
    await scene.end_right(ending)
    if waited:
        await attempt(grant, scene.order)
    await ending.close()
    await impatient.close()
    return waited


async def test_a_grant_waits_for_the_end_of_the_right(database: Database) -> None:
    scene = await make_scene(database)
    assert await grant_while_the_right_ends(scene, real)
    await assert_nothing_given_without_a_right(scene)
    assert await scene.state() is InvitationState.VOID
    assert await scene.held_by(scene.invitee) == []


async def test_a_naive_grant_would_outlive_the_right(database: Database) -> None:
    scene = await make_scene(database)
    await grant_while_the_right_ends(scene, naive)
    with pytest.raises(AssertionError):
        await assert_nothing_given_without_a_right(scene)


async def test_whoever_comes_first(database: Database) -> None:
    """Both set off at once, in turn; the audit events tell who was first, and the outcome fits."""
    for number in range(8):
        scene = await make_scene(database)
        accept, end = attempt(real(database), scene.order), scene.end_right()
        await asyncio.gather(*([accept, end] if number % 2 else [end, accept]))

        async with database.reading() as session:
            query = select(AuditEvent.event).where(
                AuditEvent.relation_id == scene.relation.id,
                AuditEvent.event.in_([Event.AUTHORIZATION_GRANTED, Event.AUTHORIZATION_ENDED]),
            )
            events = (await session.scalars(query.order_by(AuditEvent.number))).all()
        granted = bool(await scene.held_by(scene.invitee))
        assert await scene.state() is (InvitationState.ACCEPTED if granted else InvitationState.VOID)
        expected = [Event.AUTHORIZATION_GRANTED] if granted else []
        assert events == [*expected, Event.AUTHORIZATION_ENDED]


async def test_fifty_grants_are_one(patient: Database) -> None:
    scene = await make_scene(patient)
    outcomes = await asyncio.gather(*(attempt(real(patient), scene.order) for _ in range(50)))

    accepted = DecisionOutcome(state=InvitationState.ACCEPTED, decided_by=scene.invitee.id)
    assert outcomes == [accepted] * 50
    await assert_one_grant(scene)
    async with patient.reading() as session:
        events = [each.event for each in await audit.of_process(session, scene.invitation.id)]
    assert events[1:] == [Event.AUTHORIZATION_GRANTED, Event.INVITATION_ACCEPTED]


async def test_of_fifty_naive_grants_the_index_lets_one_through(patient: Database) -> None:
    scene = await make_scene(patient)
    outcomes = await asyncio.gather(
        *(attempt(naive(patient), scene.order) for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 49
    await assert_one_grant(scene)


async def test_without_the_index_the_lock_still_holds_and_a_naive_grant_fails(patient: Database) -> None:
    async with patient.transaction() as session:
        await session.execute(text("DROP INDEX uq_authorizations_active"))
        if not patient.is_sqlite:  # which cannot drop it
            drop = "ALTER TABLE authorizations DROP CONSTRAINT uq_authorizations_process_id_relation_id"
            await session.execute(text(drop))
    careful, careless = await make_scene(patient), await make_scene(patient)

    await asyncio.gather(*(attempt(real(patient), careful.order) for _ in range(50)))
    await asyncio.gather(*(attempt(naive(patient), careless.order) for _ in range(5)))

    await assert_one_grant(careful)
    with pytest.raises(AssertionError):
        await assert_one_grant(careless)


async def test_the_same_role_given_in_another_way_at_the_same_moment(database: Database) -> None:
    scene = await make_scene(database)
    impatient = FaultyDatabase(database)
    other = Authorization(
        user_id=scene.invitee.id,
        relation_id=scene.relation.id,
        role=Role.RELATION_USER,
        levels=dict(ROLE_LEVELS[Role.RELATION_USER]),
        valid_from=NOW,
        granted_through=GrantedThrough.CUSTOMER_SERVICE,
    )
    async with database.transaction() as session:
        session.add(other)
        await session.flush()
        with pytest.raises(OperationalError):
            await attempt(real(impatient), scene.order)

    assert (await attempt(real(impatient), scene.order)).state is InvitationState.ACCEPTED
    assert [each.id for each in await scene.held_by(scene.invitee)] == [other.id]
    await impatient.close()
